/**
 * The contract of where entries are kept. A store knows keys and bytes, nothing of freshness or purging: whoever reads compares with the
 * ledger. Every implementation passes test/store/contract.ts.
 */
import type { Stored } from '../cache/entry.ts'
import type { Seconds } from '../time.ts'

/** How long something is kept: one time wherever it lies, or one for each tier. */
export type KeepFor = Seconds | TierTimes

export interface TierTimes {
  /** In this process. */
  readonly memory: Seconds
  /** Where all instances find it. */
  readonly shared: Seconds
}

export function timeIn(tier: keyof TierTimes, keepFor: KeepFor): Seconds {
  return typeof keepFor === 'number' ? keepFor : keepFor[tier]
}

export interface Store {
  /** What lies under the key; undefined when nothing does, when it cannot be decoded, or when the store is out of reach. Never rejects. */
  get(key: string): Promise<Stored | undefined>
  /** Keeps it for at most `keepFor`. False when it was not kept (too large, out of reach). Never rejects. */
  put(key: string, stored: Stored, keepFor: KeepFor): Promise<boolean>
  /** Keeps what lies there for at least `keepFor` from now on, for entries that live "forever". Never shortens. Never rejects. */
  renew(key: string, keepFor: KeepFor): Promise<void>
  delete(key: string): Promise<boolean>
  /** An operator's listing, paged. `match` is a glob of `*` alone over whole keys. Not for the hot path. */
  list(
    match: string,
    cursor: string,
    count: number,
  ): Promise<{ readonly keys: readonly string[]; readonly cursor: string | undefined }>
  status(): StoreStatus
  close(): Promise<void>
}

export interface StoreStatus {
  readonly kind: 'memory' | 'redis'
  readonly isConnected: boolean
  /** Undefined where counting would mean scanning. */
  readonly keys: number | undefined
  readonly bytes: number | undefined
  readonly evictions: number
  readonly undecodable: number
}

/** A store in this process, for the synchronous hit. */
export interface LocalStore extends Store {
  peek(key: string): Stored | undefined
}

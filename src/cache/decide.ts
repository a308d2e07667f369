/**
 * What to do with what the store had: the fork in every request's way. Pure: the entry, how the ledger judged it, the request and the
 * time go in, a description comes out.
 */
import type { Instant, Seconds } from '../time.ts'
import type { Entry } from './entry.ts'

/** Why a stored entry is not simply used; also a reason of the closed list. */
export type StaleReason = 'stale' | 'purged' | 'request-directive'

export type Decision =
  /** Fresh. `isDue`: it lies in the last part of its life, refresh it behind the answer. `ttl`: freshness left. */
  | { readonly kind: 'serve'; readonly entry: Entry; readonly age: Seconds; readonly ttl: Seconds; readonly isDue: boolean }
  /** Stale inside stale-while-revalidate (also after a soft purge): answer, refresh behind it. `ttl` is negative. */
  | { readonly kind: 'serve-stale'; readonly entry: Entry; readonly age: Seconds; readonly ttl: Seconds }
  /** Ask the origin, with the entry's validators when `isValidatable`; on failure it may be served until `staleIfErrorUntil`. */
  | {
      readonly kind: 'validate'
      readonly entry: Entry
      readonly reason: StaleReason
      readonly isValidatable: boolean
      readonly staleIfErrorUntil: Instant | undefined
    }
  /** As if nothing were stored. */
  | { readonly kind: 'fetch'; readonly reason: 'uri-miss' | 'purged' | 'request-directive' }
  /** only-if-cached and nothing usable: 504. */
  | { readonly kind: 'refuse' }

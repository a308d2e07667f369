/**
 * What the operator's edge needs of the program, as the edge wants it: nothing here knows of HTTP. `app.ts` supplies it. Everything answers
 * from what is there now; only a purge changes anything, and nothing rejects but for a fault of ours.
 */
import type { Entry } from '../cache/entry.ts'
import type { Lifetime } from '../cache/freshness.ts'
import type { Label } from '../cache/label.ts'
import type { Validity } from '../cache/validity.ts'
import type { Request } from '../http/request.ts'
import type { LedgerStatus } from '../ledger/ledger.ts'
import type { Summary } from '../observe/summary.ts'
import type { OriginStatus } from '../origin/origin.ts'
import type { Explanation } from '../proxy/explain.ts'
import type { PurgeResult } from '../proxy/purge.ts'
import type { RuleSet } from '../rules/rule.ts'
import type { StoreStatus } from '../store/store.ts'
import type { Instant } from '../time.ts'
import type { PurgeOrder } from './purge-order.ts'

export interface Admin {
  readonly metrics: {
    readonly contentType: string
    exposition(): Promise<string>
    summary(): Promise<Summary & Gathered>
    reset(): Promise<void>
  }
  health(): Promise<Health>
  /** The rules in force. */
  rules(): RuleSet
  /** The host that a URL without one means: the proxy's own, as clients name it, with the port. */
  defaultHost(): string
  purge(order: PurgeOrder): Promise<Purged>
  /** One page of what such a purge would reach. Purges nothing. */
  preview(order: PurgeOrder, page: PageRequest): Promise<KeyPage & { readonly labels: readonly Label[] }>
  /** One page of the keys, without prefix, that `match` names: a glob of `*` alone. */
  list(match: string, page: PageRequest): Promise<KeyPage>
  /** What lies under a key as listed. */
  show(key: string): Promise<Shown | undefined>
  explain(request: Request): Promise<Explanation>
}

/** What several workers said. */
export interface Gathered {
  /** Numbers of those that did not answer in time, whose part is missing; left out where none is. */
  readonly silent?: readonly number[]
}

export interface Health {
  /** Whether a balancer should send requests here. */
  readonly isReady: boolean
  /** Sentences without a full stop: what keeps it from being ready, or makes it slower than it could be. */
  readonly reasons: readonly string[]
  readonly store: StoreStatus
  readonly ledger: LedgerStatus
  readonly origin: OriginStatus
}

export interface Purged {
  readonly labels: readonly Label[]
  readonly result: PurgeResult
}

export interface PageRequest {
  /** As the page before gave it; "" for the first. Comes from outside: what is no cursor counts as the end. */
  readonly cursor: string
  /** How many keys are wanted; a page may hold more or fewer. */
  readonly count: number
}

export interface KeyPage extends Gathered {
  /** Without prefix. */
  readonly keys: readonly string[]
  /** Undefined: this was the last page. */
  readonly cursor: string | undefined
}

export type Shown =
  | {
      readonly kind: 'entry'
      readonly key: string
      readonly entry: Entry
      readonly validity: Validity
      /** Under the policy of the moment. */
      readonly lifetime: Lifetime
      readonly now: Instant
    }
  /** The answers under this key vary; each lies under a key of its own. */
  | { readonly kind: 'variants'; readonly key: string; readonly selectors: ReadonlyArray<readonly string[]> }

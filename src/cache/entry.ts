/**
 * One stored response and everything that later decisions need: its bytes, its timing, the stamp its fill took, and its labels. Immutable:
 * freshening makes a new one. Lifetimes are not in it: they are computed from the rule of the day, so that an edited `ttl` holds at once.
 */
import type { ResponseHead } from '../http/response.ts'
import type { Instant, Seconds } from '../time.ts'
import type { Label } from './label.ts'
import type { Part } from './partial.ts'
import type { Stamp } from './validity.ts'

export interface Entry extends ResponseHead {
  /** The name of the rule that made it, or `unmatchedRule`. */
  readonly rule: string
  /** As the origin sent it, content coding and all, unless `atRest` says that it was compressed here. */
  readonly body: Uint8Array
  /** The coding we added for storage alone; a client never sees it. */
  readonly atRest: 'identity' | 'zstd'
  /** Length of the body before compression at rest: what Content-Length says. */
  readonly bodyLength: number
  /** When the request left and when the head of its answer came (RFC 9111 §4.2.3). */
  readonly requestTime: Instant
  readonly responseTime: Instant
  /** How old it already was when it came (§4.2.3, `initialAge`). The origin's own Age is not among the fields. */
  readonly initialAge: Seconds
  readonly stamp: Stamp
  readonly labels: readonly Label[]
  /** Lower-case names of the request fields that selected it (Vary, normalised); empty when none did. */
  readonly vary: readonly string[]
  /** Which bytes of the whole the body holds; without it, all. */
  readonly part?: Part
}

/** Stands for the rule's name in entries, logs and metrics where no rule matched. No rule may be called so: names have no parentheses. */
export const unmatchedRule = '(unmatched)'

/**
 * What a store keeps under one key: an entry, or, where answers vary, the list of field sets that select among variants, newest first. The
 * variants lie under variant keys.
 */
export type Stored =
  | { readonly kind: 'entry'; readonly entry: Entry }
  | {
      readonly kind: 'variants'
      readonly selectors: ReadonlyArray<readonly string[]>
      /** Variants that say which language they are in, newest first. */
      readonly languages?: readonly Spoken[]
      /** Variants that other requests may ask the origin about, newest first. */
      readonly tagged?: readonly Tagged[]
    }

/** Where the variant lies that has the language and the other request fields for which the name stands. */
export interface Spoken {
  readonly name: string
  readonly key: string
}

/** A variant with a strong ETag. Its stamp is here so that no tag of a purged one is sent; its labels are in the entry alone. */
export interface Tagged {
  readonly key: string
  readonly etag: string
  readonly stamp: Stamp
  /** Whom it is lent to: `termsOf`. */
  readonly terms: string
}

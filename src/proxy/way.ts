/** The ways a request can go, as data: what `route` decides and everything behind it reads. */
import type { Policy } from '../cache/policy.ts'
import type { Reason } from '../observe/reasons.ts'
import type { Json } from '../rules/json.ts'
import type { MatchedRule } from '../rules/match.ts'
import type { Rule } from '../rules/rule.ts'
import type { Values } from '../rules/values.ts'
import type { Identified } from './identity.ts'

export type Way = Pass | Write | Read

export interface Pass {
  readonly kind: 'pass'
  readonly reason: Reason
  readonly rule: string
}

export interface Write {
  readonly kind: 'write'
  readonly purges: readonly MatchedRule[]
  /** The path can be read in two ways: every purge rule applies, to all that it can reach. */
  readonly isAmbiguous: boolean
  readonly identified: Identified | undefined
  readonly rule: string
}

export interface Read {
  readonly kind: 'read'
  /** Undefined under `unmatched: rfc`. */
  readonly rule: Rule | undefined
  readonly name: string
  readonly mode: 'on' | 'shadow'
  readonly policy: Policy
  /**
   * RFC 9111 holds to the letter, for parts and for what a HEAD tells as well: under `unmatched: rfc`, and under a rule that leaves lifetimes to
   * the origin. Not where the answer makes tags: of a part, or of a HEAD, not all of them can be known.
   */
  readonly isByRfc: boolean
  readonly primaryKey: string
  /** The key as its rule renders it, and its prefixes: labels. */
  readonly key: string
  readonly prefixes: readonly string[]
  readonly host: string
  readonly path: string
  /** Path as received, query rebuilt from the parameters that are kept. */
  readonly forwardTarget: string
  /** What becomes of the client's credentials, and so who may share the answer. */
  readonly credentials: 'none-allowed' | 'stripped' | 'identity-only' | 'forwarded'
  /** The one field that `identity-only` leaves to the origin: where the identity in the key was taken from. */
  readonly identityField: string | undefined
  /** For tags, and for purges of a rule that has both parts. */
  readonly values: Values
  readonly purges: readonly MatchedRule[]
  /** The body that is in the key, read whole. */
  readonly body: Uint8Array | undefined
}

/** What had to be waited for. Asked for by `Wanting`, one step at a time. */
export interface Facts {
  readonly identified?: Identified
  /** Present once the body was read; `json` is undefined where it is no JSON. `body` is undefined where it was too long to be kept. */
  readonly read?: { readonly body: Uint8Array | undefined; readonly json: Json | undefined }
}

export interface Wanting {
  readonly kind: 'wanting'
  readonly what: 'identity' | 'body'
}

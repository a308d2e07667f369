/**
 * The rules as the rest of the program reads them: parsed, checked, compiled, immutable. One `RuleSet` is one version of rules.yaml; a
 * reload swaps the whole set.
 */
import type { Policy } from '../cache/policy.ts'
import type { Seconds } from '../time.ts'
import type { Template } from './template.ts'

/** Where a thing stands in the file, both counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface RuleSet {
  /** Digest of what decides keys and labels (key, scope, query, tags, vary, match, prefix, identity); lifetimes do not change it. */
  readonly hash: string
  /** Every key in Redis starts with it and a colon. */
  readonly prefix: string
  readonly identity: Identity | undefined
  readonly unmatched: 'rfc' | 'pass'
  /** Governs what no cache rule matches under `unmatched: rfc`. */
  readonly rfc: Policy
  /** In the file's order. */
  readonly rules: readonly Rule[]
}

/** Who a request belongs to. */
export interface Identity {
  /** In order of preference; the first one present decides. */
  readonly from: ReadonlyArray<
    | { readonly kind: 'jwt'; readonly claim: string }
    | { readonly kind: 'header'; readonly name: string }
    | { readonly kind: 'cookie'; readonly name: string }
  >
  readonly jwt: Jwt | undefined
  /** Credentials beside the identity's own that are forwarded all the same under `scope: user` and `authenticated`: "cookie", a field's name. */
  readonly forward: ReadonlySet<string>
}

export interface Jwt {
  readonly keys: { readonly kind: 'secret'; readonly env: string } | { readonly kind: 'jwks'; readonly url: string }
  readonly issuer: string | undefined
  readonly audience: string | undefined
  /** JWS algorithms that are accepted; never "none". */
  readonly algorithms: readonly string[]
}

export interface Rule {
  /** Unique; letters, digits, ".", "_" and "-" only, so that it can be a metric label. */
  readonly name: string
  readonly position: Position
  readonly match: Match
  readonly cache: CacheRule | undefined
  readonly purge: PurgeRule | undefined
}

export interface Match {
  /** Upper case; HEAD is in it wherever GET is. Undefined: any method. */
  readonly methods: ReadonlySet<string> | undefined
  readonly path: readonly PathPart[]
  /** Lower case, may start with "*."; with a port only that port. Undefined: any host. */
  readonly host: string | undefined
  /** Lower-case name → pattern of the value (`*` matches any run of characters). */
  readonly headers: ReadonlyMap<string, string>
  readonly query: ReadonlyMap<string, string>
  /** Member path in the request's JSON body → accepted values (`match.json`). */
  readonly json: ReadonlyMap<string, readonly string[]>
}

export type PathPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'param'; readonly name: string }
  /** The final `*`: the text before it in its own segment (`/api/cart*` → "cart"), and everything after, also nothing. `{params.rest}`. */
  | { readonly kind: 'rest'; readonly start: string }

export interface CacheRule {
  /** `shadow`: decide and count as if on, but answer from the origin. `off`: bypass. */
  readonly mode: 'on' | 'shadow' | 'off'
  /** Unset: anonymous requests only; one with credentials bypasses. */
  readonly scope: 'unset' | 'public' | 'authenticated' | 'user'
  readonly key: Template
  readonly query: QueryRule
  readonly tags: readonly Template[]
  readonly policy: Policy
  /** `fleet`: among all instances that share a store; in memory alone as `true`. */
  readonly collapse: boolean | 'fleet'
  /** Stored only once the key was asked for this many times within its lifetime. 1: at once. */
  readonly minUses: number
  readonly consistency: 'bounded' | 'strict'
  /** Whether a part of the request's JSON body is in the key: only then may POST and QUERY be cached. */
  readonly isBodyKeyed: boolean
}

/** Which query parameters reach the key and the origin; names may end in `*`. Whatever is left out is dropped before the origin sees it. */
export type QueryRule =
  | { readonly kind: 'all' }
  | { readonly kind: 'only'; readonly names: readonly string[] }
  | { readonly kind: 'ignore'; readonly names: readonly string[] }

export interface PurgeRule {
  readonly keys: readonly Template[]
  readonly patterns: readonly Template[]
  readonly tags: readonly Template[]
  readonly rules: readonly string[]
  readonly isAll: boolean
  readonly isSoft: boolean
  /** Statuses of the write that mean success, as predicates on the class ("2xx") or exact ("202"). */
  readonly status: readonly string[]
  /** Purge only when this value is there, not empty and not "false". */
  readonly when: Template | undefined
  /** A second purge this long after every success, for origins that read from lagging replicas. */
  readonly settle: Seconds | undefined
  /** What becomes of the write while its purge cannot be recorded: forwarded all the same, and purged as soon as it can be; or refused. */
  readonly onPurgeFailure: 'queue' | 'refuse'
}

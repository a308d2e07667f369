/**
 * rules.yaml after each value in it was read on its own: durations are seconds, templates are parsed, nothing is filled in yet. Key names
 * are the file's. What the values mean together is for `compile` and `lint`.
 */
import type { Override, Policy } from '../cache/policy.ts'
import type { VaryRule } from '../http/vary.ts'
import type { Seconds } from '../time.ts'
import type { CacheRule, Identity, PurgeRule } from './rule.ts'
import type { Template } from './template.ts'

export interface RulesFile {
  readonly version: 1
  readonly prefix?: string | undefined
  readonly identity?: IdentityPart | undefined
  readonly defaults?: CacheSettings | undefined
  readonly unmatched?: 'rfc' | 'pass' | undefined
  readonly rfc?: RfcPart | undefined
  readonly rules: readonly RulePart[]
}

export type IdentitySource = Identity['from'][number]

export interface IdentityPart {
  readonly from: readonly IdentitySource[]
  readonly jwt?: JwtPart | undefined
  readonly forward?: readonly string[] | undefined
}

export interface JwtPart {
  readonly secret_env?: string | undefined
  readonly jwks_url?: string | undefined
  readonly issuer?: string | undefined
  readonly audience?: string | undefined
  readonly algorithms?: readonly string[] | undefined
}

export interface RfcPart {
  readonly set_cookie?: Policy['setCookie'] | undefined
  readonly client_directives?: Policy['clientDirectives'] | undefined
  readonly heuristics?: boolean | undefined
  readonly parts?: NonNullable<Policy['parts']> | undefined
  readonly if_modified_since?: NonNullable<Policy['ifModifiedSince']> | undefined
}

/** What a rule and `defaults` have in common. */
export interface CacheSettings {
  readonly mode?: CacheRule['mode'] | undefined
  readonly ttl?: Policy['lifetime'] | undefined
  readonly negative?: Readonly<Record<string, Seconds>> | undefined
  readonly override?: readonly Override[] | undefined
  readonly stale_while_revalidate?: Seconds | undefined
  readonly stale_if_error?: Seconds | undefined
  readonly refresh_ahead?: Policy['refreshAhead'] | undefined
  readonly collapse?: CacheRule['collapse'] | undefined
  readonly min_uses?: number | undefined
  readonly max_size?: number | undefined
  readonly l1?: Seconds | undefined
  readonly l2?: Seconds | undefined
  readonly vary?: Readonly<Record<string, VaryRule>> | undefined
  readonly consistency?: CacheRule['consistency'] | undefined
  readonly client_directives?: Policy['clientDirectives'] | undefined
}

export interface CachePart extends CacheSettings {
  readonly scope?: Exclude<CacheRule['scope'], 'unset'> | undefined
  readonly key?: Template | undefined
  readonly query?: QueryPart | undefined
  readonly tags?: readonly Template[] | undefined
}

export interface QueryPart {
  readonly only?: readonly string[] | undefined
  readonly ignore?: readonly string[] | undefined
}

export interface PurgePart {
  readonly keys?: readonly Template[] | undefined
  readonly patterns?: readonly Template[] | undefined
  readonly tags?: readonly Template[] | undefined
  readonly rules?: readonly string[] | undefined
  readonly all?: boolean | undefined
  readonly soft?: boolean | undefined
  readonly status?: readonly string[] | undefined
  readonly when?: Template | undefined
  readonly settle?: Seconds | undefined
  readonly on_purge_failure?: PurgeRule['onPurgeFailure'] | undefined
}

export interface MatchPart {
  readonly methods?: string | readonly string[] | undefined
  readonly path: string
  readonly host?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly query?: Readonly<Record<string, string>> | undefined
  readonly json?: Readonly<Record<string, string | readonly string[]>> | undefined
}

export interface RulePart {
  readonly name: string
  readonly match: string | MatchPart
  readonly cache?: CachePart | undefined
  readonly purge?: PurgePart | undefined
}

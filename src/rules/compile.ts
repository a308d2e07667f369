/** The file's values as one `RuleSet`: defaults filled in, methods and paths parsed. Each part on its own; `lint` looks at them together. */
import type { Seconds } from '../time.ts'
import { compileCache, compileRfc, hasHeuristics, type Inherited, trustOf } from './compile-cache.ts'
import { compileMatch, type Report } from './compile-match.ts'
import type { IdentityPart, JwtPart, PurgePart, RulePart, RulesFile } from './file.ts'
import { digestRules } from './hash.ts'
import { quoted } from './problem.ts'
import type { Identity, Jwt, Position, PurgeRule, Rule, RuleSet } from './rule.ts'

/** What the settings fill in where the file is silent. */
export interface RuleDefaults {
  readonly prefix?: string | undefined
  readonly defaultTtl?: Seconds | undefined
}

/** What a compiler needs beside the file. */
export interface Surroundings {
  readonly defaults: RuleDefaults
  readonly report: Report
  /** Where the rule with this index stands. */
  readonly locate: (index: number) => Position
}

const sharedSecretAlgorithms = ['HS256', 'HS384', 'HS512']
const publicKeyAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']

export function compileRules(file: RulesFile, surroundings: Surroundings): RuleSet {
  const { report } = surroundings
  const defaults = file.defaults ?? {}
  const inherited: Inherited = {
    defaults,
    heuristics: hasHeuristics(file.rfc ?? {}),
    parts: trustOf(file.rfc ?? {}),
    defaultTtl: surroundings.defaults.defaultTtl,
  }
  const rules = file.rules.map((rule, i) => compileRule(rule, i, { ...surroundings, inherited }))
  const rfc = compileRfc(file.rfc ?? {}, defaults)
  if (rfc.setCookie === 'keep') {
    const what = 'A stored Set-Cookie gives every client the same cookie'
    report({
      path: ['rfc', 'set_cookie'],
      severity: 'warning',
      what,
      fix: 'Write "strip" unless no cookie of the origin names a person',
    })
  }
  if (rfc.ifModifiedSince === 'lenient') {
    report({
      path: ['rfc', 'if_modified_since'],
      severity: 'warning',
      what: 'A client may be told to keep a copy that is older than what is stored',
      fix: 'Write "strict" unless what has no Last-Modified does not change either',
    })
  }
  const set = {
    prefix: file.prefix ?? surroundings.defaults.prefix ?? 'springhouse',
    identity: file.identity && compileIdentity(file.identity, report),
    unmatched: file.unmatched ?? 'rfc',
    rfc,
    rules,
  }
  return { hash: digestRules(set), ...set }
}

function compileRule(
  part: RulePart,
  index: number,
  { report, locate, inherited }: Surroundings & { inherited: Inherited },
): Rule {
  const path = ['rules', index]
  if (part.cache === undefined && part.purge === undefined) {
    const what = `Rule ${quoted(part.name)} neither caches nor purges`
    report({
      path: [...path, 'name'],
      isOnKey: true,
      severity: 'error',
      what,
      fix: 'Write "cache:" or "purge:", or take the rule out',
    })
  }
  return {
    name: part.name,
    position: locate(index),
    match: compileMatch(part, [...path, 'match'], report),
    cache: part.cache && compileCache(part, [...path, 'cache'], { inherited, report }),
    purge: part.purge && compilePurge(part.purge, [...path, 'purge'], report),
  }
}

function compilePurge(part: PurgePart, path: readonly PropertyKey[], report: Report): PurgeRule {
  const { keys = [], patterns = [], tags = [], rules = [], all = false } = part
  if (!all && keys.length + patterns.length + tags.length + rules.length === 0) {
    const fix = 'Write "keys", "patterns", "tags", "rules" or "all: true"'
    report({ path, isOnKey: true, severity: 'error', what: 'This purge names nothing', fix })
  }
  for (const [i, { source }] of patterns.entries()) {
    if (source.includes('*')) continue
    const place = { path: [...path, 'patterns', i], severity: 'warning' } as const
    report({ ...place, what: `${quoted(source)} has no "*"`, fix: 'Move it to "keys", which purges one key' })
  }
  return {
    ...{ keys, patterns, tags, rules },
    isAll: all,
    isSoft: part.soft ?? false,
    status: part.status ?? ['2xx', '3xx'],
    when: part.when,
    settle: part.settle,
    onPurgeFailure: part.on_purge_failure ?? 'queue',
  }
}

function compileIdentity(part: IdentityPart, report: Report): Identity {
  const path = ['identity']
  if (part.from.length === 0) {
    report({
      path: [...path, 'from'],
      severity: 'error',
      what: 'The identity comes from nowhere',
      fix: 'Write a list: [jwt.sub]',
    })
  }
  const claim = part.from.findIndex((source) => source.kind === 'jwt')
  if (claim >= 0 && part.jwt === undefined) {
    const fix = 'Write "jwt: { secret_env: JWT_SECRET }", or "jwks_url" for public keys'
    report({ path: [...path, 'from', claim], severity: 'error', what: 'Nothing says how the token is verified', fix })
  }
  return { from: part.from, jwt: part.jwt && compileJwt(part.jwt, [...path, 'jwt'], report), forward: new Set(part.forward) }
}

function compileJwt(part: JwtPart, path: readonly PropertyKey[], report: Report): Jwt {
  const { secret_env, jwks_url } = part
  if ((secret_env === undefined) === (jwks_url === undefined)) {
    const what =
      secret_env === undefined ? 'Nothing says how the token is verified' : '"secret_env" and "jwks_url" exclude each other'
    report({ path, severity: 'error', what, fix: 'Write either "secret_env" or "jwks_url"' })
  }
  // A public key taken for a shared secret would verify what anybody signed: the two kinds never mix.
  const known = secret_env === undefined ? publicKeyAlgorithms : sharedSecretAlgorithms
  const foreign = part.algorithms?.findIndex((algorithm) => !known.includes(algorithm)) ?? -1
  if (foreign >= 0) {
    const what = `${quoted(part.algorithms?.[foreign] ?? '')} does not go with ${secret_env === undefined ? '"jwks_url"' : '"secret_env"'}`
    report({ path: [...path, 'algorithms', foreign], severity: 'error', what, fix: `Write one of ${known.join(', ')}` })
  }
  return {
    keys: secret_env === undefined ? { kind: 'jwks', url: jwks_url ?? '' } : { kind: 'secret', env: secret_env },
    issuer: part.issuer,
    audience: part.audience,
    algorithms: part.algorithms ?? known,
  }
}

/** A rule's `cache`, with what `defaults` and the file leave out filled in. One place for every default of caching. */
import type { Override, Policy } from '../cache/policy.ts'
import type { Seconds } from '../time.ts'
import type { Report } from './compile-match.ts'
import type { CachePart, CacheSettings, QueryPart, RfcPart, RulePart } from './file.ts'
import { quoted } from './problem.ts'
import type { CacheRule, QueryRule } from './rule.ts'
import { parseTemplate, type Template } from './template.ts'

/** What applies where a rule says nothing. */
export interface Inherited {
  readonly defaults: CacheSettings
  /** Of `rfc`, and hold for "ttl: origin" as well: that is the RFC under a key of the rule's own. */
  readonly heuristics: boolean
  readonly parts: NonNullable<Policy['parts']>
  /** From the settings; the file's own `defaults` win. */
  readonly defaultTtl: Seconds | undefined
}

const maxSize = 10 * 1024 * 1024

export function compileCache(
  rule: RulePart,
  path: readonly PropertyKey[],
  { inherited, report }: { inherited: Inherited; report: Report },
): CacheRule {
  const cache = rule.cache ?? {}
  const { defaults } = inherited
  const key = cache.key ?? defaultKey(rule.name)
  const mode = cache.mode ?? defaults.mode ?? 'on'
  if (lifetimeOf(cache, inherited) === undefined && mode !== 'off') {
    const what = `Rule ${quoted(rule.name)} has no ttl: only what the origin gives a lifetime is stored`
    report({ path, isOnKey: true, severity: 'warning', what, fix: 'Write "ttl: 5m", or "ttl: origin" if that is meant' })
  }
  return {
    mode,
    scope: cache.scope ?? 'unset',
    key,
    query: compileQuery(cache, countedParameters(rule, key), { path, report }),
    tags: cache.tags ?? [],
    policy: compilePolicy(cache, inherited),
    collapse: cache.collapse ?? defaults.collapse ?? true,
    minUses: cache.min_uses ?? defaults.min_uses ?? 1,
    consistency: cache.consistency ?? defaults.consistency ?? 'bounded',
    isBodyKeyed: key.parts.some((part) => part.kind === 'value' && part.value.root === 'request.json'),
  }
}

/** What governs requests that no rule matches: the RFC, moved only where `rfc` says so. Windows and lifetimes come from the origin. */
export function compileRfc(rfc: RfcPart, defaults: CacheSettings): Policy {
  return {
    lifetime: { kind: 'origin' },
    negative: new Map(),
    staleWhileRevalidate: undefined,
    staleIfError: undefined,
    refreshAhead: undefined,
    override: new Set(),
    setCookie: rfc.set_cookie ?? 'bypass',
    clientDirectives: rfc.client_directives ?? 'obey',
    heuristics: hasHeuristics(rfc),
    parts: trustOf(rfc),
    ifModifiedSince: rfc.if_modified_since ?? 'strict',
    maxSize: defaults.max_size ?? maxSize,
    l1: defaults.l1,
    l2: defaults.l2,
    vary: new Map(),
  }
}

export function hasHeuristics(rfc: RfcPart): boolean {
  return rfc.heuristics ?? true
}

export function trustOf(rfc: RfcPart): NonNullable<Policy['parts']> {
  return rfc.parts ?? 'strict'
}

/**
 * `ttl: origin` promises the origin's own terms: no window, negative lifetime or override comes from `defaults` then. A size limit, a tier's
 * time or a normalisation bends no promise and does.
 */
function compilePolicy(cache: CachePart, inherited: Inherited): Policy {
  const written = lifetimeOf(cache, inherited)
  const lifetime = written ?? { kind: 'origin' }
  const terms = cache.ttl?.kind === 'origin' ? {} : inherited.defaults
  const override: ReadonlySet<Override> = new Set(cache.override ?? terms.override)
  return {
    lifetime,
    negative: new Map(Object.entries({ ...terms.negative, ...cache.negative })),
    staleWhileRevalidate: cache.stale_while_revalidate ?? terms.stale_while_revalidate,
    staleIfError: cache.stale_if_error ?? terms.stale_if_error,
    refreshAhead: cache.refresh_ahead ?? terms.refresh_ahead,
    override,
    setCookie: override.has('set-cookie') ? 'strip' : 'bypass',
    clientDirectives:
      cache.client_directives ?? inherited.defaults.client_directives ?? (lifetime.kind === 'origin' ? 'obey' : 'ignore'),
    heuristics: inherited.heuristics && lifetime.kind === 'origin' && written !== undefined,
    parts: lifetime.kind === 'origin' ? inherited.parts : 'strict',
    maxSize: cache.max_size ?? inherited.defaults.max_size ?? maxSize,
    l1: cache.l1 ?? inherited.defaults.l1,
    l2: cache.l2 ?? inherited.defaults.l2,
    vary: new Map(Object.entries({ ...inherited.defaults.vary, ...cache.vary })),
  }
}

function lifetimeOf(cache: CachePart, { defaults, defaultTtl }: Inherited): Policy['lifetime'] | undefined {
  const written = cache.ttl ?? defaults.ttl
  if (written !== undefined || defaultTtl === undefined) return written
  return { kind: 'fixed', duration: defaultTtl }
}

/** The rule's name keeps the keys of two rules without a key apart. */
function defaultKey(name: string): Template {
  const parsed = parseTemplate(`${name}:{path}`)
  return parsed.kind === 'template' ? parsed.template : { source: name, parts: [{ kind: 'text', text: name }] }
}

/** The parameters that the key and the tags are made of, and those that the rule matches on: the origin must see what chose the rule. */
function countedParameters({ match, cache }: RulePart, key: Template): string[] {
  const matched = typeof match === 'string' ? [] : Object.keys(match.query ?? {})
  return [...queryNames([key, ...(cache?.tags ?? [])]), ...matched]
}

function compileQuery(
  cache: CachePart,
  named: readonly string[],
  { path, report }: { path: readonly PropertyKey[]; report: Report },
): QueryRule {
  const { only, ignore }: QueryPart = cache.query ?? {}
  if (only !== undefined && ignore !== undefined) {
    const fix = 'Keep "only", which drops everything else already'
    report({ path: [...path, 'query'], severity: 'error', what: '"only" and "ignore" exclude each other', fix })
  }
  // What these name counts, whether "only" repeats it or not.
  if (only !== undefined) return { kind: 'only', names: [...new Set([...only, ...named])] }
  if (ignore === undefined) return { kind: 'all' }
  for (const [i, pattern] of ignore.entries()) {
    const dropped = named.find((name) => matchesName(pattern, name))
    if (dropped === undefined) continue
    const what = `${quoted(pattern)} drops the parameter ${quoted(dropped)}, which this rule matches or names`
    report({
      path: [...path, 'query', 'ignore', i],
      severity: 'error',
      what,
      fix: 'Take it out of "ignore", or out of the key, the tags and "match"',
    })
  }
  return { kind: 'ignore', names: ignore }
}

function queryNames(templates: readonly Template[]): string[] {
  return templates.flatMap(({ parts }) =>
    parts.flatMap((part) => (part.kind === 'value' && part.value.root === 'query' ? [part.value.path.join('.')] : [])),
  )
}

function matchesName(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

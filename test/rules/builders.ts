import type { Fields } from '../../src/http/fields.ts'
import { parseTarget, type Request } from '../../src/http/request.ts'
import { parsePath } from '../../src/rules/path.ts'
import type { CacheRule, Match, PurgeRule, Rule, RuleSet } from '../../src/rules/rule.ts'
import { type Part, parseTemplate, type Template, type ValueReference } from '../../src/rules/template.ts'
import { type Values, type ValuesInput, valuesOf } from '../../src/rules/values.ts'
import { seconds } from '../../src/time.ts'

export function template(source: string): Template {
  const parsed = parseTemplate(source, { allowGlob: true })
  if (parsed.kind === 'problem') throw new Error(`"${source}": ${parsed.problem.message}`)
  return parsed.template
}

export function reference(name: string): ValueReference {
  const part = template(`{${name}}`).parts[0] as Extract<Part, { kind: 'value' }>
  return part.value
}

export function request(method: string, target: string, fields: Fields = []): Request {
  return { method, target: parseTarget(target), host: 'shop.example', scheme: 'http', fields }
}

export function values(target: string, input: Partial<ValuesInput> = {}): Values {
  return valuesOf({ request: request('GET', target), params: new Map(), ...input })
}

export type MatchParts = Omit<Partial<Match>, 'path' | 'methods'> & { readonly methods?: readonly string[] }

export function match(path: string, parts: MatchParts = {}): Match {
  const parsed = parsePath(path)
  if (parsed.kind === 'problem') throw new Error(`"${path}": ${parsed.what}`)
  const methods = parts.methods === undefined ? undefined : new Set(parts.methods)
  return { host: undefined, headers: new Map(), query: new Map(), json: new Map(), ...parts, methods, path: parsed.parts }
}

export interface CacheParts {
  readonly key?: string
  readonly tags?: readonly string[]
  readonly query?: CacheRule['query']
}

export function cache({ key = 'key', tags = [], query = { kind: 'all' } }: CacheParts = {}): CacheRule {
  return {
    mode: 'on',
    scope: 'unset',
    key: template(key),
    query,
    tags: tags.map(template),
    policy: {
      lifetime: { kind: 'fixed', duration: seconds(60) },
      negative: new Map(),
      staleWhileRevalidate: undefined,
      staleIfError: undefined,
      refreshAhead: undefined,
      override: new Set(),
      setCookie: 'bypass',
      clientDirectives: 'obey',
      heuristics: false,
      maxSize: 1024,
      vary: new Map(),
    },
    collapse: true,
    minUses: 1,
    consistency: 'bounded',
    isBodyKeyed: false,
  }
}

export interface PurgeParts {
  readonly keys?: readonly string[]
  readonly patterns?: readonly string[]
  readonly tags?: readonly string[]
  readonly rules?: readonly string[]
  readonly isAll?: boolean
  readonly when?: string
}

export function purge({ keys = [], patterns = [], tags = [], rules = [], isAll = false, when }: PurgeParts): PurgeRule {
  return {
    keys: keys.map(template),
    patterns: patterns.map(template),
    tags: tags.map(template),
    rules,
    isAll,
    isSoft: false,
    status: ['2xx', '3xx'],
    when: when === undefined ? undefined : template(when),
    settle: undefined,
    onPurgeFailure: 'queue',
  }
}

export function rule(name: string, where: Match, parts: Partial<Pick<Rule, 'cache' | 'purge'>>): Rule {
  return { name, position: { line: 1, column: 1 }, match: where, cache: undefined, purge: undefined, ...parts }
}

/** A cache rule whose match does not matter. */
export function reading(name: string, parts: CacheParts): Rule {
  return rule(name, match('/'), { cache: cache(parts) })
}

export function ruleSet(rules: readonly Rule[]): RuleSet {
  return { hash: 'v1', prefix: 'shop', identity: undefined, unmatched: 'rfc', rfc: cache().policy, rules }
}

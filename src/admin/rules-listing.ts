/** The rules in force as an operator lists them: what each matches and for how long it keeps, in the words of rules.yaml. */

import type { Policy } from '../cache/policy.ts'
import type { Match, PathPart, PurgeRule, Rule, RuleSet } from '../rules/rule.ts'
import { toMilliseconds } from '../time.ts'
import { formatDuration } from '../units.ts'

export interface ListedRule {
  readonly name: string
  readonly line: number
  readonly match: string
  readonly key?: string
  readonly scope?: string
  readonly ttl?: string
  readonly mode?: string
  /** What a success of the request purges, as written. */
  readonly purges?: readonly string[]
}

export interface RulesListing {
  readonly hash: string
  readonly prefix: string
  readonly unmatched: 'rfc' | 'pass'
  readonly rules: readonly ListedRule[]
}

export function listRules({ hash, prefix, unmatched, rules }: RuleSet): RulesListing {
  return { hash, prefix, unmatched, rules: rules.map(listed) }
}

function listed({ name, position, match, cache, purge }: Rule): ListedRule {
  return {
    name,
    line: position.line,
    match: formatMatch(match),
    ...(cache && { key: cache.key.source, scope: cache.scope, ttl: formatLifetime(cache.policy), mode: cache.mode }),
    ...(purge && { purges: formatPurges(purge) }),
  }
}

/** The short form; what the long form adds stands behind it. HEAD goes with GET unsaid. */
function formatMatch({ methods, path, host, headers, query, json }: Match): string {
  const named = methods === undefined ? ['ANY'] : [...methods].filter((method) => method !== 'HEAD' || !methods.has('GET'))
  const conditions = [
    ...(host === undefined ? [] : [`host ${host}`]),
    ...[...headers].map(([name, pattern]) => `header ${name}: ${pattern}`),
    ...[...query].map(([name, pattern]) => `query ${name}=${pattern}`),
    ...[...json].map(([member, values]) => `json ${member}: ${values.join('|')}`),
  ]
  return [`${named.join('|')} ${formatPath(path)}`, ...conditions].join(', ')
}

function formatPath(parts: readonly PathPart[]): string {
  return `/${parts.map(formatSegment).join('/')}`
}

function formatSegment(part: PathPart): string {
  switch (part.kind) {
    case 'text':
      return part.text
    case 'param':
      return `:${part.name}`
    case 'rest':
      return `${part.start}*`
  }
}

function formatLifetime({ lifetime }: Policy): string {
  return lifetime.kind === 'fixed' ? formatDuration(toMilliseconds(lifetime.duration)) : lifetime.kind
}

function formatPurges({ keys, patterns, tags, rules, isAll, isSoft }: PurgeRule): string[] {
  const named = [
    ...keys.map(({ source }) => `key ${source}`),
    ...patterns.map(({ source }) => `pattern ${source}`),
    ...tags.map(({ source }) => `tag ${source}`),
    ...rules.map((rule) => `rule ${rule}`),
    ...(isAll ? ['all'] : []),
  ]
  return isSoft ? named.map((name) => `${name} (soft)`) : named
}

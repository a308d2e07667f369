/**
 * The digest of what decides keys and labels. Instances with equal digests may share entries; lifetimes are left out, so that editing one
 * costs nothing that is stored.
 */
import { hash } from 'node:crypto'
import type { CacheRule, Match, Rule, RuleSet } from './rule.ts'

/** The first 16 hexadecimal digits of a SHA-256. */
export function digestRules(set: Omit<RuleSet, 'hash'>): string {
  const { prefix, identity, unmatched } = set
  const who = identity && { from: identity.from, jwt: identity.jwt, forward: [...identity.forward].sort() }
  const cached = set.rules.filter((rule) => rule.cache !== undefined).map(ruleIdentity)
  return hash('sha256', JSON.stringify({ version: 1, prefix, who, unmatched, cached }), 'hex').slice(0, 16)
}

function ruleIdentity({ name, match, cache }: Rule): unknown {
  return { name, match: matchIdentity(match), cache: cache && cacheIdentity(cache) }
}

function cacheIdentity({ scope, key, query, tags, policy }: CacheRule): unknown {
  const vary = [...policy.vary].sort(([a], [b]) => (a < b ? -1 : 1))
  return { scope, key: key.source, query, tags: tags.map((tag) => tag.source), vary, varies: !policy.override.has('vary') }
}

function matchIdentity({ methods, path, host, headers, query, json }: Match): unknown {
  return { methods: methods && [...methods].sort(), path, host, headers: [...headers], query: [...query], json: [...json] }
}

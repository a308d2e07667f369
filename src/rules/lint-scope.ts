/**
 * A scope that leaks: entries that say they are for everybody and are made of one person's credentials, and scopes that nothing can
 * verify. Each of these would answer one identity with another's response, or cache nothing for good.
 */
import { placedValues } from './lint-values.ts'
import type { Finding } from './problem.ts'
import { quoted } from './problem.ts'
import type { CacheRule, Identity, RuleSet } from './rule.ts'
import type { Site } from './site.ts'
import type { ValueReference } from './template.ts'
import { formatReference } from './values.ts'

export function lintScope(rules: RuleSet, sites: readonly Site[]): Finding[] {
  return [...lintIdentity(rules), ...sites.flatMap((site) => lintTemplate(site, rules.identity))]
}

/** user and authenticated need an identity; authenticated one that is verified, since it shares answers between people. */
function lintIdentity({ rules, identity }: RuleSet): Finding[] {
  return rules.flatMap(({ cache }, index): Finding[] => {
    const path = ['rules', index, 'cache', 'scope']
    if (cache?.scope !== 'user' && cache?.scope !== 'authenticated') return []
    const what = `"scope: ${cache.scope}" needs an identity`
    const fix = 'Write "identity: { from: [jwt.sub], jwt: { secret_env: JWT_SECRET } }" above the rules'
    if (identity === undefined) return [{ path, severity: 'error', what, fix }]
    if (cache.scope === 'user' || identity.from.some((source) => source.kind === 'jwt')) return []
    const unverified = '"scope: authenticated" needs an identity that is verified: a header or cookie alone could be anybody\'s'
    return [
      {
        path,
        severity: 'error',
        what: unverified,
        fix: 'Put a claim such as "jwt.sub" into "identity.from", or write "scope: user"',
      },
    ]
  })
}

function lintTemplate({ kind, rule, path, template }: Site, identity: Identity | undefined): Finding[] {
  if (rule.cache === undefined || rule.cache.mode === 'off' || (kind !== 'key' && kind !== 'tag')) return []
  const advice = leakOf(rule.cache)
  if (advice === undefined) return []
  return placedValues(template)
    .filter(({ part }) => isPersonal(part.value, identity))
    .map(({ part, offset }) => {
      const what = `${quoted(`{${formatReference(part.value)}}`)} belongs to one person, ${advice.but}`
      return { path, offset, severity: 'error', what, fix: advice.fix }
    })
}

function leakOf({ scope }: CacheRule): { readonly but: string; readonly fix: string } | undefined {
  switch (scope) {
    case 'public':
      return { but: 'and "scope: public" answers everybody', fix: 'Write "scope: user", or take the value out' }
    case 'authenticated':
      return { but: 'and "scope: authenticated" answers every identity', fix: 'Write "scope: user", or take the value out' }
    case 'unset':
      return { but: 'and without a scope requests with credentials are not cached', fix: 'Write "scope: user"' }
    case 'user':
      return undefined
  }
}

function isPersonal({ root, path }: ValueReference, identity: Identity | undefined): boolean {
  if (root === 'user' || root === 'jwt' || root === 'cookie') return true
  if (root !== 'header') return false
  const name = path[0] ?? ''
  if (name === 'authorization' || name === 'cookie') return true
  return identity?.from.some((source) => source.kind === 'header' && source.name === name) ?? false
}

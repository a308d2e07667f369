/** Each rule's own sense, and names: methods that can be cached, a body in the key of a POST, one name for one rule. */
import { type Finding, quoted } from './problem.ts'
import type { CacheRule, Match, Rule, RuleSet } from './rule.ts'

const storableMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'QUERY'])

export function lintRules({ rules }: RuleSet): Finding[] {
  return [
    ...lintNames(rules),
    ...rules.flatMap(({ match, cache }, index) => (cache === undefined ? [] : lintCached(match, cache, index))),
  ]
}

function lintNames(rules: readonly Rule[]): Finding[] {
  const lines = new Map<string, number>()
  return rules.flatMap(({ name, position }, index): Finding[] => {
    const line = lines.get(name)
    if (line === undefined) lines.set(name, position.line)
    const what = `Another rule is called ${quoted(name)} too, on line ${line}`
    return line === undefined
      ? []
      : [{ path: ['rules', index, 'name'], severity: 'error', what, fix: 'Give each rule its own name' }]
  })
}

function lintCached({ methods, json }: Match, cache: CacheRule, index: number): Finding[] {
  const path = ['rules', index]
  if (cache.mode === 'off') return []
  const findings: Finding[] = []
  const wrong = methods === undefined ? 'ANY' : [...methods].find((method) => !storableMethods.has(method))
  if (wrong !== undefined) {
    const what = wrong === 'ANY' ? 'Not every method can be cached' : `An answer to ${wrong} cannot be cached`
    findings.push({ path: [...path, 'match'], severity: 'error', what, fix: 'Write the methods that read: GET, POST or QUERY' })
  } else if (methods?.size === 1 && methods.has('HEAD')) {
    const what = 'An answer to HEAD is never stored'
    findings.push({ path: [...path, 'match'], severity: 'error', what, fix: 'Write GET, which answers HEAD too' })
  }
  const bodied = [...(methods ?? [])].find((method) => method === 'POST' || method === 'QUERY')
  if (bodied !== undefined && !cache.isBodyKeyed) {
    const what = `A ${bodied} is cached without any part of its body in the key`
    const fix = 'Put what distinguishes requests into the key, as in "search:{request.json.query}"'
    findings.push({ path: [...path, 'cache', 'key'], isOnKey: true, severity: 'error', what, fix })
  }
  if (json.size > 0 && bodied === undefined && wrong === undefined) {
    const what = 'A condition on the body never holds: the rule matches GET only'
    findings.push({
      path: [...path, 'match', 'json'],
      isOnKey: true,
      severity: 'error',
      what,
      fix: 'Write "methods: [POST]", or leave it out',
    })
  }
  return [...findings, ...lintLifetimes(cache, path), ...lintTiers(cache, path)]
}

/** A refresh that is due from the first second asks the origin on every use. */
function lintLifetimes({ policy }: CacheRule, path: readonly PropertyKey[]): Finding[] {
  const { lifetime, refreshAhead } = policy
  if (lifetime.kind !== 'fixed' || refreshAhead === undefined || !('duration' in refreshAhead)) return []
  if (refreshAhead.duration < lifetime.duration) return []
  const what = '"refresh_ahead" is not shorter than the ttl: every use would refresh'
  return [
    {
      path: [...path, 'cache', 'refresh_ahead'],
      severity: 'warning',
      what,
      fix: 'Write a shorter one, or a share such as "20%"',
    },
  ]
}

/** Each time by itself may be meant; together they keep in memory what Redis has let go of. */
function lintTiers({ policy: { l1, l2 } }: CacheRule, path: readonly PropertyKey[]): Finding[] {
  if (l1 === undefined || l2 === undefined || l1 <= l2) return []
  const what = '"l1" is longer than "l2": the copy in memory outlives the one in Redis'
  return [{ path: [...path, 'cache', 'l1'], severity: 'warning', what, fix: 'Write a shorter "l1", or a longer "l2"' }]
}

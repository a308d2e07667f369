/**
 * What purges name against what rules produce: a tag, key, pattern or rule that nothing carries purges nothing, which nobody notices until
 * old data is served. And keys of two rules that can be equal, which would share one entry.
 */
import { isOpen, TemplateTree } from './overlap.ts'
import { type Finding, quoted } from './problem.ts'
import type { Rule, RuleSet } from './rule.ts'
import type { Site } from './site.ts'
import { nearest } from './spelling.ts'

/** Suggestions are for people: of so many names one looks like the misspelt one. */
const maxSuggestions = 200

export function lintLabels(rules: RuleSet, sites: readonly Site[]): Finding[] {
  return [...lintTags(sites), ...lintKeys(sites, rules.prefix), ...lintCollisions(sites), ...lintPurgedRules(rules)]
}

function lintTags(sites: readonly Site[]): Finding[] {
  const produced = sites.filter((site) => site.kind === 'tag')
  const tree = treeOf(produced)
  const isAnyOpen = produced.some(({ template }) => isOpen(template))
  return sites.flatMap(({ kind, path, template }): Finding[] => {
    if (kind !== 'purge-tag' || isOpen(template) || tree.mayProduce(template)) return []
    const what = `No rule gives its entries the tag ${quoted(template.source)}`
    if (isAnyOpen) {
      const fix = 'Check that the origin names it in the answers that a rule takes tags from'
      return [{ path, severity: 'warning', what: `${what}, unless the origin does`, fix }]
    }
    const fix = suggestion(template.source, produced) ?? 'Write it under "tags" of the rules that cache what this request changes'
    return [{ path, severity: 'error', what, fix }]
  })
}

function lintKeys(sites: readonly Site[], prefix: string): Finding[] {
  const produced = sites.filter((site) => site.kind === 'key')
  const tree = treeOf(produced)
  return sites.flatMap(({ kind, path, template }): Finding[] => {
    if ((kind !== 'purge-key' && kind !== 'pattern') || tree.mayProduce(template)) return []
    const what = `No rule has a key ${kind === 'pattern' ? 'that fits' : 'like'} ${quoted(template.source)}`
    const bare = template.source.startsWith(`${prefix}:`) ? template.source.slice(prefix.length + 1) : undefined
    if (bare !== undefined) return [{ path, severity: 'warning', what, fix: `Leave out the prefix: ${quoted(bare)}` }]
    const fix = suggestion(template.source, produced) ?? 'Write it as the "key" of the rule that caches says'
    return [{ path, severity: 'warning', what, fix }]
  })
}

function lintCollisions(sites: readonly Site[]): Finding[] {
  const tree = new TemplateTree<Site>()
  return sites.flatMap((site): Finding[] => {
    if (site.kind !== 'key' || site.rule.cache?.mode === 'off') return []
    const other = tree.find(site.template, (earlier) => mayShareEntry(earlier.rule, site.rule))
    tree.add(site.template, site)
    if (other === undefined) return []
    const what = `This key and that of ${quoted(other.rule.name)} on line ${other.rule.position.line} can be equal, and would share an entry`
    return [{ path: site.path, severity: 'warning', what, fix: 'Begin the two keys with different words' }]
  })
}

/** What is appended to a key keeps hosts, methods and scopes apart. */
function mayShareEntry(a: Rule, b: Rule): boolean {
  if (a.cache?.scope !== b.cache?.scope) return false
  const hosts = [a.match.host, b.match.host]
  if (hosts[0] !== hosts[1] && hosts.every((host) => host !== undefined && !host.startsWith('*.'))) return false
  const others = b.match.methods
  return a.match.methods === undefined || others === undefined || [...a.match.methods].some((method) => others.has(method))
}

function lintPurgedRules({ rules }: RuleSet): Finding[] {
  const byName = new Map(rules.map((rule) => [rule.name, rule]))
  const caching = rules.filter((rule) => rule.cache !== undefined).map((rule) => rule.name)
  return rules.flatMap(({ purge }, index) =>
    (purge?.rules ?? []).flatMap((name, i): Finding[] => {
      const rule = byName.get(name)
      if (rule?.cache !== undefined) return []
      const what = rule === undefined ? `There is no rule ${quoted(name)}` : `Rule ${quoted(name)} caches nothing`
      const meant = nearest(name, caching.filter((known) => known !== name).slice(0, maxSuggestions))
      const fix = meant === undefined ? 'Write the name of a rule with "cache"' : `Did you mean ${quoted(meant)}?`
      return [{ path: ['rules', index, 'purge', 'rules', i], severity: 'error', what, fix }]
    }),
  )
}

function treeOf(sites: readonly Site[]): TemplateTree<Site> {
  const tree = new TemplateTree<Site>()
  for (const site of sites) tree.add(site.template, site)
  return tree
}

function suggestion(source: string, sites: readonly Site[]): string | undefined {
  const meant = nearest(source, new Set(sites.slice(0, maxSuggestions).map(({ template }) => template.source)))
  return meant === undefined ? undefined : `Did you mean ${quoted(meant)}?`
}

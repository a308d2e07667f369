/** Every template of the rules and the place it stands in: what the checks go through. */
import type { Rule, RuleSet } from './rule.ts'
import type { Template } from './template.ts'

/** What a template is for; decides which values exist where it is rendered. */
export type SiteKind = 'key' | 'tag' | 'purge-key' | 'pattern' | 'purge-tag' | 'when'

export interface Site {
  readonly kind: SiteKind
  readonly rule: Rule
  /** The rule's place in the list. */
  readonly index: number
  readonly path: readonly PropertyKey[]
  readonly template: Template
}

/** The templates of all rules in the file's order. A key that the file leaves out is there too, made from the rule's name. */
export function sitesOf(rules: RuleSet): Site[] {
  return rules.rules.flatMap((rule, index) => [...cacheSites(rule, index), ...purgeSites(rule, index)])
}

function cacheSites(rule: Rule, index: number): Site[] {
  if (rule.cache === undefined) return []
  const path = ['rules', index, 'cache']
  const key: Site = { kind: 'key', rule, index, path: [...path, 'key'], template: rule.cache.key }
  return [
    key,
    ...rule.cache.tags.map((template, i): Site => ({ kind: 'tag', rule, index, path: [...path, 'tags', i], template })),
  ]
}

function purgeSites(rule: Rule, index: number): Site[] {
  const purge = rule.purge
  if (purge === undefined) return []
  const path = ['rules', index, 'purge']
  const sites = (kind: SiteKind, key: string, templates: readonly Template[]) =>
    templates.map((template, i): Site => ({ kind, rule, index, path: [...path, key, i], template }))
  const when: Site[] =
    purge.when === undefined ? [] : [{ kind: 'when', rule, index, path: [...path, 'when'], template: purge.when }]
  return [
    ...sites('purge-key', 'keys', purge.keys),
    ...sites('pattern', 'patterns', purge.patterns),
    ...sites('purge-tag', 'tags', purge.tags),
    ...when,
  ]
}

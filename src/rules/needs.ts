/** What templates must be given before they can be rendered: decides whether a body is read, an identity verified, a key remembered. */
import type { Rule } from './rule.ts'
import type { Template, ValueRoot } from './template.ts'

export type Needs = ReadonlySet<ValueRoot>

export function needsOf(templates: readonly Template[]): Needs {
  const needs = new Set<ValueRoot>()
  for (const template of templates) {
    for (const part of template.parts) if (part.kind === 'value') needs.add(part.value.root)
  }
  return needs
}

/** What a rule's key and tags need. */
export function cacheNeeds(rule: Rule): Needs {
  return rule.cache === undefined ? new Set() : needsOf([rule.cache.key, ...rule.cache.tags])
}

/** What a rule's purge needs. */
export function purgeNeeds(rule: Rule): Needs {
  const purge = rule.purge
  if (purge === undefined) return new Set()
  return needsOf([...purge.keys, ...purge.patterns, ...purge.tags, ...(purge.when === undefined ? [] : [purge.when])])
}

const targetRoots: ReadonlySet<ValueRoot> = new Set<ValueRoot>(['params', 'query', 'host', 'path', 'method'])
const responseRoots: ReadonlySet<ValueRoot> = new Set<ValueRoot>(['response.json', 'response.header', 'status'])

/** Whether equal method, host and target always render the same: nothing of the request's fields, body or identity goes in. */
export function isOfTargetAlone(needs: Needs): boolean {
  for (const root of needs) if (!targetRoots.has(root) && !responseRoots.has(root)) return false
  return true
}

export function needsIdentity(needs: Needs): boolean {
  return needs.has('user') || needs.has('jwt')
}

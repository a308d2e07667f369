/** The names under which an entry can be purged, put together. What a purge can name, the entry must carry: labels rather too many than too few. */
import { unmatchedRule } from '../cache/entry.ts'
import { allLabel, keyLabel, type Label, prefixLabel, ruleLabel, rulesLabel, tagLabel, uriLabel } from '../cache/label.ts'
import { expand, mostCombinations, prefixesOf } from './render.ts'
import type { Rule } from './rule.ts'
import type { Values } from './values.ts'

export interface EntryNames {
  /** Undefined under `unmatched: rfc`. */
  readonly rule: Rule | undefined
  readonly values: Values
  readonly key: string
  readonly prefixes: readonly string[]
  readonly tags: readonly string[]
  readonly host: string
  readonly path: string
  readonly rulesHash: string
}

export function entryLabels(names: EntryNames): Label[] {
  const labels = new Set<Label>([keyLabel(names.key), ...names.prefixes.map(prefixLabel)])
  for (const key of otherKeys(names)) {
    labels.add(keyLabel(key))
    for (const prefix of prefixesOf(key)) labels.add(prefixLabel(prefix))
  }
  for (const tag of names.tags) labels.add(tagLabel(tag))
  labels.add(ruleLabel(names.rule?.name ?? unmatchedRule))
  labels.add(uriLabel(names.host, names.path))
  return [...labels, rulesLabel(names.rulesHash), allLabel]
}

/** With "?id=1&id=2" the origin may have answered for either: a purge of either must reach what was stored. */
function otherKeys({ rule, values, key }: EntryNames): readonly string[] {
  if (rule?.cache === undefined || !key.includes(',')) return []
  const expanded = expand(rule.cache.key, values, { limit: mostCombinations, isKey: true })
  return expanded.kind === 'texts' ? expanded.texts : []
}

/**
 * What a purge names, as labels: from a rule's `purge` and one write's values, or from the operator's words. A value that is missing or
 * ambiguous widens (a key to its prefix, a tag to the rules that can carry it) and is counted; nothing is ever skipped.
 */
import { allLabel, keyLabel, type Label, maxLabelsPerPurge, prefixLabel, ruleLabel, tagLabel, uriLabel } from '../cache/label.ts'
import { isList, isMembers, type Json, scalarText } from './json.ts'
import { normaliseLabelText } from './label-text.ts'
import { makersOfTag, rulesOfKey, rulesOfTag, textTemplate } from './reach.ts'
import { listedTags } from './render.ts'
import type { PurgeRule, RuleSet } from './rule.ts'
import type { Part, Template, ValueReference } from './template.ts'
import { lookUp, resolve, type Values } from './values.ts'

export interface TriggerLabels {
  readonly labels: Label[]
  /** How many templates could not be rendered whole and were widened. */
  readonly widened: number
}

export function triggerLabels(trigger: PurgeRule, values: Values, set: RuleSet): TriggerLabels {
  if (trigger.isAll) return { labels: [allLabel], widened: 0 }
  const labels = new Set<Label>(trigger.rules.map(ruleLabel))
  let widened = 0
  const add = ({ named, isWidened }: Named): void => {
    for (const label of named) labels.add(label)
    if (isWidened) widened++
  }
  for (const template of trigger.keys) add(keysNamed(template, values, set))
  for (const template of trigger.patterns) add(patternsNamed(template, values, set))
  for (const template of trigger.tags) add(tagsNamed(template, values, set))
  if (labels.size <= maxLabelsPerPurge) return { labels: [...labels], widened }
  return { labels: wholeRules(trigger, set), widened: trigger.keys.length + trigger.patterns.length + trigger.tags.length }
}

/** Whether `when` holds: the value is there, not empty and not "false". What could not be read counts as there. */
export function isTriggered(trigger: PurgeRule, values: Values): boolean {
  if (trigger.when === undefined) return true
  return trigger.when.parts.every((part) => {
    if (part.kind === 'text') return isAffirmative(part.text)
    if (isUnread(part.value, values)) return true
    return lookUp(part.value, values).some((json) => isAffirmative(json ?? part.fallback))
  })
}

/** Patterns are exact ("202") or classes ("2xx"). */
export function statusMatches(patterns: readonly string[], status: number): boolean {
  return patterns.includes(String(status)) || patterns.includes(`${Math.floor(status / 100)}xx`)
}

/** A key as listed, without prefix and without what follows "|". Typed by hand it may hold the characters themselves: both spellings count. */
export function labelsForKey(key: string): Label[] {
  return [...new Set([keyLabel(normaliseLabelText(key, joiners)), keyLabel(normaliseLabelText(key))])]
}

export function labelsForPattern(pattern: string, set: RuleSet): Label[] {
  const spellings = new Set([normaliseLabelText(pattern, `*${joiners}`), normaliseLabelText(pattern, '*')])
  return [...new Set([...spellings].flatMap((spelling) => patternLabels(spelling, set)))]
}

export function labelsForTag(tag: string, set: RuleSet): Label[] {
  return tagLabels(normaliseLabelText(tag), set)
}

export function labelsForRule(name: string): Label[] {
  return [ruleLabel(name)]
}

export function labelsForUri(host: string, path: string): Label[] {
  return [uriLabel(host, path)]
}

/** "http://host/path?query" or "/path" at `defaultHost`; all queries of the path. Undefined when it is neither. */
export function labelsForUrl(url: string, defaultHost: string): Label[] | undefined {
  const [, authority, path = ''] = /^(?:https?:\/\/([^/?#@\s]+))?(\/[^?#\s]*)?(?:[?#]\S*)?$/i.exec(url) ?? []
  if (authority === undefined) return path === '' ? undefined : labelsForUri(defaultHost, path)
  return labelsForUri(authority.toLowerCase(), path === '' ? '/' : path)
}

/** Characters of a rendered key that no escaped value contains: between repeated values, and before a digest of JSON. */
const joiners = ',='

interface Named {
  readonly named: readonly Label[]
  readonly isWidened: boolean
}

function keysNamed(template: Template, values: Values, set: RuleSet): Named {
  const { texts, isWhole } = fill(template, values)
  if (isWhole) return { named: texts.map(keyLabel), isWidened: false }
  const prefixes = texts.map((text) => text.slice(0, text.lastIndexOf(':') + 1))
  if (!prefixes.includes('')) return { named: prefixes.map(prefixLabel), isWidened: true }
  return { named: rulesOfKey(known(template, values), set), isWidened: true }
}

function patternsNamed(template: Template, values: Values, set: RuleSet): Named {
  const { texts, isWhole } = fill(template, values)
  if (isWhole) return { named: texts.flatMap((text) => patternLabels(text, set)), isWidened: false }
  return { named: rulesOfKey(known(template, values), set), isWidened: true }
}

function tagsNamed(template: Template, values: Values, set: RuleSet): Named {
  const listed = listedTags(template, values)
  if (listed?.kind === 'too-many') return { named: rulesOfTag(template, set), isWidened: true }
  const { texts, isWhole } = listed?.kind === 'texts' ? { texts: listed.texts, isWhole: true } : fill(template, values)
  if (isWhole) return { named: texts.flatMap((tag) => tagLabels(tag, set)), isWidened: false }
  return { named: rulesOfTag(known(template, values), set), isWidened: true }
}

function patternLabels(pattern: string, set: RuleSet): Label[] {
  if (!pattern.includes('*')) return [keyLabel(pattern)]
  const glob = pattern.replace(/\*+/g, '*')
  if (glob === '*') return [allLabel]
  if (glob.endsWith(':*') && glob.indexOf('*') === glob.length - 1) return [prefixLabel(glob.slice(0, -1))]
  return rulesOfKey(textTemplate(glob), set)
}

function tagLabels(tag: string, set: RuleSet): Label[] {
  return [tagLabel(tag), ...makersOfTag(textTemplate(tag), set)]
}

interface Filled {
  /** One for each member of a list; where not whole, only what stands before the first value that is missing or ambiguous. */
  readonly texts: readonly string[]
  readonly isWhole: boolean
}

function fill(template: Template, values: Values): Filled {
  let texts: readonly string[] = ['']
  for (const part of template.parts) {
    const ends = endsOf(part, values)
    if (ends === undefined) return { texts, isWhole: false }
    texts = texts.flatMap((text) => ends.map((end) => text + end))
  }
  return { texts, isWhole: true }
}

/**
 * Undefined also for a value that came twice: which one the origin took is not known. So it is where nothing could be read, and a default
 * stands in for what is missing alone. And for lists above what one purge may name.
 */
function endsOf(part: Part, values: Values): readonly string[] | undefined {
  if (part.kind === 'text') return [part.text]
  if (isUnread(part.value, values)) return undefined
  const texts = resolve(part.value, values, { fallback: part.fallback })
  return texts === undefined || texts.length > (part.value.isList ? maxLabelsPerPurge : 1) ? undefined : texts
}

/** The template with what is known filled in; what is not stands for anything. */
function known(template: Template, values: Values): Template {
  const parts = template.parts.map((part): Part => {
    const texts = endsOf(part, values)
    return part.kind === 'value' && texts?.length === 1 ? { kind: 'text', text: texts[0] as string } : part
  })
  return { source: template.source, parts }
}

function wholeRules(trigger: PurgeRule, set: RuleSet): Label[] {
  const labels = new Set<Label>(trigger.rules.map(ruleLabel))
  for (const template of [...trigger.keys, ...trigger.patterns]) for (const label of rulesOfKey(template, set)) labels.add(label)
  for (const template of trigger.tags) for (const label of rulesOfTag(template, set)) labels.add(label)
  return labels.size > maxLabelsPerPurge ? [allLabel] : [...labels]
}

function isAffirmative(json: Json | undefined): boolean {
  if (isList(json)) return json.length > 0
  if (isMembers(json)) return json.size > 0
  const text = scalarText(json)
  return text !== undefined && text !== '' && text !== 'false'
}

function isUnread({ root }: ValueReference, { requestJson, response }: Values): boolean {
  if (root === 'request.json') return requestJson === undefined
  if (root === 'response.json') return response?.json === undefined
  return (root === 'response.header' || root === 'status') && response === undefined
}

/**
 * What an operator wants purged, read from the body of `POST /purge`: one or several names of any kind at once. What cannot be meant is refused
 * with what to write, and then nothing of the order is done.
 */
import { allLabel, type Label, maxLabelsPerPurge } from '../cache/label.ts'
import { normaliseLabelText } from '../rules/label-text.ts'
import { quoted } from '../rules/problem.ts'
import { rulesOfTag, textTemplate } from '../rules/reach.ts'
import type { RuleSet } from '../rules/rule.ts'
import { nearest } from '../rules/spelling.ts'
import { labelsForKey, labelsForPattern, labelsForRule, labelsForTag, labelsForUrl } from '../rules/trigger.ts'
import type { Refusal } from './answer.ts'
import { renderedKeyOf } from './listed-key.ts'

export interface PurgeOrder {
  /** As listed, without prefix and without what was appended. */
  readonly keys: readonly string[]
  readonly patterns: readonly string[]
  readonly tags: readonly string[]
  /** Names of rules in force. */
  readonly rules: readonly string[]
  /** Absolute, or a path at the default host; each one is valid. */
  readonly urls: readonly string[]
  readonly isAll: boolean
  readonly kind: 'hard' | 'soft'
}

export interface PurgeBody {
  readonly order: PurgeOrder
  readonly isDryRun: boolean
  /** Of the dry run's listing. */
  readonly cursor: string
  readonly count: number
}

type Names = 'keys' | 'patterns' | 'tags' | 'rules' | 'urls'

/** How a body may call what it names. Triggers of rules.yaml are plural, an operator mostly means one. */
const members: Readonly<Record<string, Names>> = {
  key: 'keys',
  keys: 'keys',
  pattern: 'patterns',
  patterns: 'patterns',
  tag: 'tags',
  tags: 'tags',
  rule: 'rules',
  rules: 'rules',
  url: 'urls',
  urls: 'urls',
}
const switches = ['all', 'soft', 'dryRun'] as const
const known: readonly string[] = [...Object.keys(members), ...switches, 'cursor', 'count']

/** Somebody who lists more than this means a tag or a rule. */
const mostNames = 100
const longestName = 2048
const forms = 'Write an object with one of key, pattern, tag, rule, url or "all": true, as in {"tag": "experiences"}'

/** `ruleNames` are the rules in force and whatever else may be purged by rule. */
export function readPurgeBody(body: unknown, ruleNames: readonly string[]): PurgeBody | Refusal {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { error: 'The body is not an object', fix: forms }
  const given = new Map<string, unknown>(Object.entries(body))
  const names: Record<Names, string[]> = { keys: [], patterns: [], tags: [], rules: [], urls: [] }
  for (const [member, value] of given) {
    if (!known.includes(member)) return unknownMember(member)
    const kind = members[member]
    if (kind === undefined) continue
    const texts = textsOf(value)
    if (texts === undefined)
      return { error: `${quoted(member)} is not a text`, fix: `Write {"${member}": "…"}, or a list of texts` }
    names[kind].push(...texts)
  }
  for (const name of switches) {
    const value = given.get(name)
    if (value !== undefined && typeof value !== 'boolean')
      return { error: `"${name}" is neither true nor false`, fix: `Write {"${name}": true}` }
  }
  const isAll = given.get('all') === true
  const count = Object.values(names).reduce((sum, list) => sum + list.length, 0)
  if (count === 0 && !isAll) return { error: 'Nothing is named', fix: forms }
  if (count > mostNames)
    return { error: `${count} names are too many for one purge`, fix: `Name at most ${mostNames}, or a tag or a rule` }
  return (
    ruleRefusal(names.rules, ruleNames) ??
    urlRefusal(names.urls) ?? {
      order: { ...names, isAll, kind: given.get('soft') === true ? 'soft' : 'hard' },
      isDryRun: given.get('dryRun') === true,
      cursor: typeof given.get('cursor') === 'string' ? String(given.get('cursor')) : '',
      count: countOf(given.get('count')),
    }
  )
}

/** Where entries of a URL are found. */
export interface UrlHosts {
  /** What a path without a host means: every name of this proxy that is known. */
  readonly own: readonly string[]
  /** `keep`: entries are kept by the host that clients named. Otherwise the one name that all of them are kept by. */
  readonly origin: 'keep' | (string & {})
}

/** The labels that an order names; more than one purge may carry become everything. */
export function labelsOfOrder(order: PurgeOrder, set: RuleSet, hosts: UrlHosts): Label[] {
  const labels = new Set([
    ...order.keys.flatMap((key) => labelsForKey(renderedKeyOf(key))),
    ...order.patterns.flatMap((pattern) => labelsForPattern(pattern, set)),
    ...order.tags.flatMap((tag) => labelsForTag(tag, set)),
    ...order.rules.flatMap(labelsForRule),
    ...order.urls.flatMap((url) => labelsOfUrl(url, hosts)),
  ])
  return order.isAll || labels.size > maxLabelsPerPurge ? [allLabel] : [...labels]
}

/** Tags that no rule in force can give: misspelt, as a rule. They are purged all the same, since what other rules stored may carry them. */
export function warningsOfOrder({ tags }: PurgeOrder, set: RuleSet): string[] {
  const given = set.rules.flatMap(({ cache }) => cache?.tags.map(({ source }) => source) ?? [])
  return tags
    .filter((tag) => rulesOfTag(textTemplate(normaliseLabelText(tag)), set).length === 0)
    .map((tag) => {
      const near = nearest(tag, given)
      return `No rule gives the tag ${quoted(tag)}${near === undefined ? '' : `: did you mean ${quoted(near)}?`}`
    })
}

function labelsOfUrl(url: string, { own, origin }: UrlHosts): Label[] {
  if (origin === 'keep') return own.flatMap((host) => labelsForUrl(url, host) ?? [])
  return labelsForUrl(url.replace(/^https?:\/\/[^/?#]+(?=\/)/i, '').replace(/^https?:.*/i, '/'), origin) ?? []
}

function unknownMember(member: string): Refusal {
  const near = nearest(member, known)
  return { error: `${quoted(member)} is not part of a purge`, fix: near === undefined ? forms : `Write "${near}"` }
}

function textsOf(value: unknown): string[] | undefined {
  const texts: unknown[] = Array.isArray(value) ? value : [value]
  const isEvery = texts.every(
    (text) => typeof text === 'string' && text !== '' && text.length <= longestName && text.isWellFormed(),
  )
  return isEvery ? (texts as string[]) : undefined
}

function ruleRefusal(rules: readonly string[], ruleNames: readonly string[]): Refusal | undefined {
  const unknown = rules.find((rule) => !ruleNames.includes(rule))
  if (unknown === undefined) return undefined
  const near = nearest(unknown, ruleNames)
  return {
    error: `No rule is called ${quoted(unknown)}`,
    fix: near === undefined ? 'Name a rule that GET /rules lists' : `Write "${near}"`,
  }
}

function urlRefusal(urls: readonly string[]): Refusal | undefined {
  const bad = urls.find((url) => labelsForUrl(url, 'localhost') === undefined)
  return bad === undefined
    ? undefined
    : { error: `${quoted(bad)} is not a URL`, fix: 'Write "http://host/path", or a path that begins with "/"' }
}

/** Keys on a page: whatever is no sensible number is the default. */
export function countOf(value: unknown): number {
  const count = Number(value)
  return Number.isInteger(count) && count >= 1 ? Math.min(count, mostOnPage) : 100
}

const mostOnPage = 1000

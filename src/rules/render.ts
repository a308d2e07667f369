/**
 * From templates and values to keys and tags. Values come escaped, so every ":" in the result is one of the template's own. What a key
 * leaves out of the request, because labels are coarse, is appended here so that keys are exact.
 */
import { maxTagsPerEntry } from '../cache/label.ts'
import { decodePercent } from '../http/percent.ts'
import type { Parameter } from '../http/query.ts'
import { normaliseLabelText } from './label-text.ts'
import type { Rule } from './rule.ts'
import type { Part, Template, ValueReference } from './template.ts'
import { formatReference, lookUp, resolve, type Values, withoutTrailingSlash } from './values.ts'

/** A value without default is missing, or repeated beyond measure; `missing` names it as the operator wrote it. */
export interface Incomplete {
  readonly kind: 'incomplete'
  readonly missing: string
}

export interface RenderedKey {
  readonly kind: 'key'
  readonly key: string
  /** Every beginning of the key that ends in ":", which it includes. */
  readonly prefixes: readonly string[]
  /** Each value by itself, where the key does not show at which character one ends and the next begins. */
  readonly apart: string | undefined
}

export type RenderedTags =
  | { readonly kind: 'tags'; readonly tags: readonly string[] }
  | Incomplete
  | { readonly kind: 'too-many' }

/** An entry is labelled with the key of each combination of repeated values; where there are more, nothing is stored. */
export const mostCombinations = 128

/** Several values of one reference are joined with ",", which no escaped value contains. */
export function renderKey(template: Template, values: Values): RenderedKey | Incomplete {
  let key = ''
  let combinations = 1
  const spelt: string[] = []
  let separated = 0
  let isBlurred = false
  for (const part of template.parts) {
    if (part.kind === 'text') {
      key += part.text
      // No escaped value contains one.
      if (part.text.includes(':')) separated = spelt.length
    } else {
      const texts = resolve(part.value, values, { fallback: part.fallback, isKey: true })
      combinations *= Math.max(1, texts?.length ?? 0)
      if (texts === undefined || combinations > mostCombinations)
        return { kind: 'incomplete', missing: formatReference(part.value) }
      // An empty list is not the list of one empty text.
      const text = texts.length === 0 ? '=' : texts.join(',')
      key += text
      isBlurred ||= spelt.length > separated
      spelt.push(text)
    }
  }
  return { kind: 'key', key, prefixes: prefixesOf(key), apart: isBlurred ? spelt.join(':') : undefined }
}

/** Every tag of every template; one with several values gives a tag for each. */
export function renderTags(templates: readonly Template[], values: Values): RenderedTags {
  const tags = new Set<string>()
  for (const template of templates) {
    const expanded = listedTags(template, values) ?? expand(template, values, { limit: maxTagsPerEntry })
    if (expanded.kind !== 'texts') return expanded
    for (const text of expanded.texts) tags.add(text)
    if (tags.size > maxTagsPerEntry) return { kind: 'too-many' }
  }
  return { kind: 'tags', tags: [...tags] }
}

export type Expanded = { readonly kind: 'texts'; readonly texts: readonly string[] } | Incomplete | { readonly kind: 'too-many' }

/** Every text the template stands for: with several values, one for each combination. Above `limit` none. */
export function expand(
  template: Template,
  values: Values,
  options: { readonly limit: number; readonly isKey?: boolean },
): Expanded {
  let texts: string[] = ['']
  for (const part of template.parts) {
    const ends = part.kind === 'text' ? [part.text] : endsOf(part, values, options)
    if (ends === undefined) return { kind: 'incomplete', missing: formatReference((part as ValuePart).value) }
    if (texts.length * ends.length > options.limit) return { kind: 'too-many' }
    texts = texts.flatMap((text) => ends.map((end) => text + end))
  }
  return { kind: 'texts', texts }
}

/** A default stands in for what the answer does not say, not for what could not be read. */
function endsOf(
  { value, fallback }: ValuePart,
  values: Values,
  options: { readonly isKey?: boolean },
): readonly string[] | undefined {
  const isUnread = value.root === 'response.json' && values.response !== undefined && values.response.json === undefined
  return isUnread ? undefined : resolve(value, values, { ...options, fallback })
}

export function prefixesOf(key: string): string[] {
  const prefixes: string[] = []
  for (let at = key.indexOf(':'); at >= 0; at = key.indexOf(':', at + 1)) prefixes.push(key.slice(0, at + 1))
  return prefixes
}

/** The tags of a field such as Surrogate-Key, between spaces or commas; undefined where the template is none or the field is absent. */
export function listedTags(template: Template, values: Values): Expanded | undefined {
  const [part] = template.parts
  if (!isTagList(template) || part?.kind !== 'value') return undefined
  const [value] = lookUp(part.value, values)
  if (typeof value !== 'string') return undefined
  const texts = value.split(/[\s,]+/).filter((tag) => tag !== '')
  return texts.length > maxTagsPerEntry
    ? { kind: 'too-many' }
    : { kind: 'texts', texts: texts.map((tag) => normaliseLabelText(tag)) }
}

export interface AppendedQuery {
  /** What the key is exact by; empty when the rendered key says it all. */
  readonly forKey: string
  /** What reaches the origin, in the order it came. */
  readonly forwarded: readonly Parameter[]
}

/**
 * The key's appendix: parameters that neither the key nor `query` mentions, sorted by name; parameters and paths that the key does mention
 * but that came in another spelling than the key shows ("%20" for "+", empty, a trailing slash). The origin may tell them apart.
 */
export function appendedQuery(rule: Rule, values: Values): AppendedQuery {
  const { parameters } = values
  const mentioned = mentionedParameters(rule)
  const forwarded = parameters.filter(
    (parameter) => !isEmpty(parameter) && (mentioned.has(parameter.name) || isKept(rule, parameter.name)),
  )
  const appended = forwarded.filter((parameter) => !mentioned.has(parameter.name) || !isCanonical(parameter))
  // Stable and by decoded name: what the origin may read as one repeated parameter keeps its order.
  const sorted = appended.sort((a, b) => compare(a.name, b.name))
  const texts = sorted.map(({ rawName, rawValue, hasEquals }) => (hasEquals ? `${rawName}=${rawValue}` : rawName))
  // No parameter contains "&", and empty ones are dropped, so "&&" begins nothing else.
  if (isPathAppended(rule, values.request.target.path)) texts.push('', values.request.target.path)
  return { forKey: texts.join('&'), forwarded }
}

/** Whether the template is one field of the answer and nothing else: then that field is a list of tags in the origin's own spelling. */
function isTagList(template: Template): boolean {
  const [part, ...others] = template.parts
  return others.length === 0 && part?.kind === 'value' && part.value.root === 'response.header'
}

type ValuePart = Extract<Part, { kind: 'value' }>

function mentionedParameters(rule: Rule): ReadonlySet<string> {
  const names = new Set<string>()
  for (const part of rule.cache?.key.parts ?? []) {
    if (part.kind === 'value' && part.value.root === 'query') names.add(part.value.path[0] as string)
  }
  return names
}

/** What stands between two "&&". */
function isEmpty({ rawName, hasEquals }: Parameter): boolean {
  return rawName === '' && !hasEquals
}

function isKept(rule: Rule, name: string): boolean {
  const query = rule.cache?.query ?? { kind: 'all' }
  if (query.kind === 'all') return true
  const isNamed = query.names.some((listed) => (listed.endsWith('*') ? name.startsWith(listed.slice(0, -1)) : name === listed))
  return isNamed === (query.kind === 'only')
}

/** Whether this is the one spelling that the rendered value stands for. An empty value never is: a default may render the same. */
function isCanonical({ rawName, name, rawValue, value, hasEquals }: Parameter): boolean {
  return hasEquals && value !== '' && rawName === encode(name) && rawValue === encode(value)
}

function isPathAppended({ match, cache }: Rule, path: string): boolean {
  const spelt = withoutTrailingSlash(path)
  if (spelt !== path) return true
  const named = (cache?.key.parts ?? []).flatMap((part) => (part.kind === 'value' ? pathValueOf(part.value) : []))
  const isWhole = match.path.every((part) => part.kind === 'text' || isNamed(named, part.kind === 'rest' ? 'rest' : part.name))
  return !isWhole || (named.length > 0 && !spelt.split('/').every(isCanonicalSegment))
}

/** The part of the path that a value shows; "" for all of it. */
function pathValueOf({ root, path }: ValueReference): readonly string[] {
  if (root === 'path') return ['']
  return root === 'params' ? path : []
}

function isNamed(named: readonly string[], name: string): boolean {
  return named.includes('') || named.includes(name)
}

function isCanonicalSegment(segment: string): boolean {
  return /^[A-Za-z0-9._~-]*$/.test(segment) || segment === encode(decodePercent(segment))
}

function encode(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : ''
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

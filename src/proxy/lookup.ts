/**
 * What memory has for a request, and how the ledger judges it here: both answer at once. And what the store that instances share has for it: the
 * entry and the numbers of its labels are asked for in one write.
 */
import type { Entry, Stored } from '../cache/entry.ts'
import { cacheGroups } from '../cache/groups.ts'
import { anyGroupLabel, groupLabel, type Label, madeLabel, maxTagsPerEntry } from '../cache/label.ts'
import { recency } from '../cache/recency.ts'
import type { Reading, Stamp, Validity } from '../cache/validity.ts'
import { nameOfLanguage, variantKey, wantedLanguage } from '../cache/variant.ts'
import type { ResponseHead } from '../http/response.ts'
import { entryLabels } from '../rules/entry-labels.ts'
import { renderTags } from '../rules/render.ts'
import { crowdOf } from './crowd.ts'
import type { InForce, Traits } from './in-force.ts'
import type { Parts } from './parts.ts'
import type { Sought } from './sought.ts'
import type { Read } from './way.ts'

export interface Found {
  readonly entry: Entry | undefined
  readonly validity: Validity
  /** Where the entry lies. */
  readonly tier: 'memory' | 'redis'
  /** The list in front of the variants, where there is one. */
  readonly variants: Variants | undefined
  /** What to say when there is no entry. */
  readonly miss: 'uri-miss' | 'vary-miss'
  /** Where a fetch for this request is found in flight. */
  readonly flightKey: string
  /** For a fill that starts now: taken no later than this lookup. Undefined: the ledger is out of reach, nothing stored may be used or made. */
  readonly stamp: Stamp | undefined
  /** What the shared ledger said, where it was asked: it may know of purges that have not come here yet. */
  readonly reading: Reading | undefined
  /** What memory lacks, or has only as something older. */
  readonly copy?: Copy
}

/** An entry as it was found in the store that instances share, with the list that leads to it, where answers vary. */
export interface Copy extends Pick<Gathered, 'key' | 'variants'> {
  readonly entry: Entry
}

type Variants = Extract<Stored, { kind: 'variants' }>

const valid: Validity = { kind: 'valid' }

/** The lookup in memory, without a promise. */
export function lookupNow(parts: Parts, sought: Sought): Found {
  const { store, ledger } = parts.local
  const { read } = sought
  let stored = store.peek(read.primaryKey)
  let flightKey = read.primaryKey
  let miss: Found['miss'] = 'uri-miss'
  const variants = stored?.kind === 'variants' ? stored : undefined
  const selectors = variants?.selectors ?? (stored === undefined ? knownSelectors(parts, sought) : undefined)
  if (selectors !== undefined) {
    const keys = variantKeys(sought, selectors)
    flightKey = keys[0] as string
    miss = stored === undefined ? 'uri-miss' : 'vary-miss'
    if (variants !== undefined) keys.push(...languageKeys(sought, variants))
    stored = newest(
      keys.map((key) => store.peek(key)),
      sought,
    )
  }
  const entry = usable(stored, sought)
  const validity = entry === undefined ? valid : ledger.judgeNow(entry.stamp, entry.labels)
  const stamp = ledger.stampNow()
  return { entry, validity, tier: 'memory', variants, miss, flightKey: crowdOf(flightKey, sought), stamp, reading: undefined }
}

/** What a store elsewhere has for a request, not judged yet. */
export interface Gathered extends Pick<Found, 'entry' | 'tier' | 'variants' | 'miss' | 'flightKey' | 'reading'> {
  /** Under which the entry lies. */
  readonly key: string
}

/** Asks a store and ledger elsewhere: one round trip, and one more for a variant that was not known to be one. */
export async function gather(parts: Parts, sought: Sought): Promise<Gathered> {
  const { store, ledger } = parts
  const { read, inForce } = sought
  const labels = joinLabels(read, inForce)
  const known = knownSelectors(parts, sought) ?? selectorsHere(parts, read)
  const keys = known === undefined ? [] : variantKeys(sought, known)
  const [first, reading, ...candidates] = await Promise.all([
    store.get(read.primaryKey),
    ledger.read(labels),
    ...keys.map((key) => store.get(key)),
  ])
  const variants = first?.kind === 'variants' ? first : undefined
  const listed = variants && variantKeys(sought, variants.selectors)
  const wanted = variants === undefined ? [] : [...(listed ?? []), ...languageKeys(sought, variants)]
  const missing = wanted.filter((key) => !keys.includes(key))
  const more = await Promise.all(missing.map((key) => store.get(key)))
  const all = [...candidates, ...more]
  const stored = first?.kind === 'entry' ? first : newest(all, sought)
  return {
    entry: usable(stored, sought),
    tier: 'redis',
    key: [...keys, ...missing][all.indexOf(stored)] ?? read.primaryKey,
    variants,
    miss: variants === undefined ? 'uri-miss' : 'vary-miss',
    flightKey: crowdOf(listed?.[0] ?? keys[0] ?? read.primaryKey, sought),
    reading,
  }
}

/** An entry's labels; without `tags`, those that are known before the answer is. */
export function labelsOf(read: Read, inForce: InForce, tags: readonly string[] = requestTags(read)): Label[] {
  const { rule, values, key, prefixes, host, path } = read
  return entryLabels({ rule, values, key, prefixes, tags, host, path, rulesHash: inForce.set.hash })
}

function requestTags({ rule, values }: Read): string[] {
  return (rule?.cache?.tags ?? []).flatMap((template) => {
    const rendered = renderTags([template], values)
    return rendered.kind === 'tags' ? rendered.tags : []
  })
}

/** With the groups that the answer names; undefined when those and the tags are more than an entry may carry. */
export function labelsOfAnswer(
  read: Read,
  inForce: InForce,
  response: ResponseHead,
  tags: readonly string[] = [],
): Label[] | undefined {
  const labels = labelsOf(read, inForce, tags)
  const groups = cacheGroups(response.fields)
  if (groups.length === 0) return labels
  if (groups.length + tags.length > maxTagsPerEntry) return undefined
  return [...labels, ...groups.map((group) => groupLabel(read.host, group))]
}

/** Labels of a fetch whose answer is not known yet: where the answer makes tags, every purge of a tag it could make counts. */
export function joinLabels(read: Read, inForce: InForce): Label[] {
  const labels = [...labelsOf(read, inForce), anyGroupLabel(read.host)]
  if (read.rule !== undefined && (inForce.traits.get(read.rule) as Traits).hasMadeTags) labels.push(madeLabel(read.name))
  return labels
}

function knownSelectors(parts: Parts, { read, now }: Sought): ReadonlyArray<readonly string[]> | undefined {
  return parts.memory.selectors.recall(read.primaryKey, now)
}

/** As the list in memory has them. */
function selectorsHere({ local }: Parts, { primaryKey }: Read): ReadonlyArray<readonly string[]> | undefined {
  const stored = local.store.peek(primaryKey)
  return stored?.kind === 'variants' ? stored.selectors : undefined
}

function variantKeys({ read, fields }: Sought, selectors: ReadonlyArray<readonly string[]>): string[] {
  return selectors.map((selector) => variantKey(read.primaryKey, selector, fields, read.policy))
}

/** Where answers lie that are in the very language the request prefers, whatever it was that the requests asked for which made them. */
function languageKeys({ read, fields }: Sought, { selectors, languages }: Variants): string[] {
  const language = languages === undefined ? undefined : wantedLanguage(fields)
  if (languages === undefined || language === undefined) return []
  const names = selectors.map((selector) => nameOfLanguage(language, { selector, requestFields: fields, policy: read.policy }))
  return languages.filter(({ name }) => names.includes(name)).map(({ key }) => key)
}

/** RFC 9111 §4.1: of several that match, the most recent; of those that may be used at all. */
function newest(candidates: ReadonlyArray<Stored | undefined>, sought: Sought): Stored | undefined {
  let best: Extract<Stored, { kind: 'entry' }> | undefined
  for (const stored of candidates) {
    if (stored?.kind !== 'entry' || usable(stored, sought) === undefined) continue
    if (best === undefined || isNewer(stored.entry, best.entry)) best = stored
  }
  return best
}

export function isNewer(one: Entry, other: Entry): boolean {
  const difference = recency(one, other)
  return difference > 0 || (difference === 0 && one.responseTime > other.responseTime)
}

/** Other rules, of this version or another, may mean another thing or other people by the same key: what they made is not ours to serve. */
export function usable(stored: Stored | undefined, { read, inForce }: Pick<Sought, 'read' | 'inForce'>): Entry | undefined {
  if (stored?.kind !== 'entry' || stored.entry.rule !== read.name) return undefined
  return stored.entry.labels.includes(inForce.label) ? stored.entry : undefined
}

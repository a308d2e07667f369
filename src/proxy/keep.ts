/**
 * From a captured body to an entry in the store: labels, tags that only the answer tells, compression at rest, and the place among its
 * variants. An answer whose labels cannot all be known is not stored, since a purge could not reach it.
 */

import type { Times } from '../cache/age.ts'
import type { Entry, Spoken, Stored, Tagged } from '../cache/entry.ts'
import type { Lifetime } from '../cache/freshness.ts'
import type { Label } from '../cache/label.ts'
import { withTagged } from '../cache/lend.ts'
import { countedBy, type Part } from '../cache/partial.ts'
import { inTiers, retention } from '../cache/retention.ts'
import { isValidatable } from '../cache/validate.ts'
import { languageOf, nameOfLanguage, variantKey } from '../cache/variant.ts'
import type { Fields } from '../http/fields.ts'
import type { ResponseHead } from '../http/response.ts'
import type { Reason } from '../observe/reasons.ts'
import { renderTags } from '../rules/render.ts'
import { withResponse } from '../rules/values.ts'
import { compress } from '../store/compression.ts'
import { type KeepFor, timeIn } from '../store/store.ts'
import { type Instant, later, type Seconds, seconds } from '../time.ts'
import { bodyJson } from './body-json.ts'
import type { Capture } from './capture.ts'
import type { Errand } from './fill.ts'
import type { Traits } from './in-force.ts'
import { joinStored } from './keep-part.ts'
import { taggedOf } from './lend.ts'
import { labelsOfAnswer } from './lookup.ts'
import { isNewerStored } from './newer.ts'
import type { Parts } from './parts.ts'
import type { Read } from './way.ts'

export interface Keepable {
  readonly capture: Capture
  /** Which bytes of the whole are captured; undefined: all. */
  readonly part?: Part | undefined
  readonly response: ResponseHead
  readonly selector: readonly string[]
  readonly times: Times
  readonly lifetime: Lifetime
  readonly initialAge: Seconds
}

/** Waits for the body's end and stores it. Undefined when there is nothing to store; says why to the observer. Never rejects. */
export async function keep(parts: Parts, errand: Errand, keepable: Keepable): Promise<Entry | undefined> {
  const { read } = errand
  const no = (reason: Reason): undefined => notStored(parts, read, reason)
  const captured = await keepable.capture.settled
  if (captured.kind === 'failed') return no('incomplete')
  if (captured.kind === 'overflow') {
    parts.memory.tooLarge.remember(read.primaryKey, true, later(keepable.times.responseTime, tooLargeFor))
    return no('too-large')
  }
  const part = keepable.part && countedBy(keepable.part, captured.body.length, read.policy.parts)
  if (keepable.part !== undefined && part === undefined) return no('incomplete')
  if (!errand.isStored) return no('min-uses')
  return parts.landings.own(read.primaryKey, place(parts, errand, { ...keepable, body: captured.body, part }))
}

/** An answer that is whole, with its body. */
interface Placeable extends Omit<Keepable, 'capture'> {
  readonly body: Uint8Array
}

async function place(parts: Parts, errand: Errand, placeable: Placeable): Promise<Entry | undefined> {
  const { read } = errand
  const { body, part } = placeable
  const no = (reason: Reason): undefined => notStored(parts, read, reason)
  try {
    const labels = await allLabels(parts, errand, placeable.response, body)
    if (labels.kind === 'no') return no(labels.reason)
    const own: Entry = {
      ...placeable.response,
      ...(part === undefined ? {} : { part }),
      rule: read.name,
      body: body,
      atRest: 'identity',
      bodyLength: body.length,
      ...placeable.times,
      initialAge: placeable.initialAge,
      stamp: errand.stamp,
      labels: errand.inherited === undefined ? labels.labels : [...new Set([...errand.inherited, ...labels.labels])],
      vary: placeable.selector,
    }
    const joined = own.part === undefined ? own : await joinStored(parts, errand, own)
    if (joined === undefined) return no('partial')
    const entry: Entry = { ...joined, ...(await compress(joined.body, joined.fields, parts.settings.compressAbove)) }
    if (isOvertaken(parts, entry)) return no('purged')
    const put = await putEntry(parts, read, {
      entry,
      selector: placeable.selector,
      fields: errand.asker.request.fields,
      lifetime: placeable.lifetime,
      isValidatable: isValidatable(entry),
    })
    if (put === 'stored') return entry
    no(put)
    // Nothing is wrong with it: whoever waits for it gets it.
    return put === 'newer-stored' ? entry : undefined
  } catch (error) {
    parts.observer.fault(error)
    return no('internal')
  }
}

function notStored(parts: Parts, read: Read, reason: Reason): undefined {
  parts.observer.notStored({ rule: read.name, key: read.primaryKey, reason })
  return undefined
}

/**
 * Whether a purge has come between: what was fetched is old already, and would only displace what is not. Judged again at every use. So has
 * a reload: what is purged from then on names nothing that other rules make, and they may come back.
 */
export function isOvertaken({ local, inForce }: Parts, { stamp, labels }: Pick<Entry, 'stamp' | 'labels'>): boolean {
  return !labels.includes(inForce().label) || local.ledger.judgeNow(stamp, labels).kind !== 'valid'
}

export type Labelled =
  | { readonly kind: 'labels'; readonly labels: readonly Label[] }
  | { readonly kind: 'no'; readonly reason: Reason }

/** The answer's labels, those that only it can tell among them. */
export async function allLabels(
  parts: Parts,
  { read, inForce }: Errand,
  response: ResponseHead,
  body: Uint8Array,
): Promise<Labelled> {
  const { rule } = read
  const cache = rule?.cache
  if (rule === undefined || cache === undefined || cache.tags.length === 0)
    return labelled(labelsOfAnswer(read, inForce, response))
  const traits = inForce.traits.get(rule) as Traits
  const json = traits.cacheNeeds.has('response.json') ? await bodyJson(response, body, parts.settings.jsonLimit) : undefined
  const rendered = renderTags(cache.tags, withResponse(read.values, { status: response.status, fields: response.fields, json }))
  if (rendered.kind === 'too-many') return { kind: 'no', reason: 'too-many-tags' }
  if (rendered.kind === 'incomplete') return { kind: 'no', reason: 'tags-unread' }
  return labelled(labelsOfAnswer(read, inForce, response, rendered.tags))
}

function labelled(labels: readonly Label[] | undefined): Labelled {
  return labels === undefined ? { kind: 'no', reason: 'too-many-tags' } : { kind: 'labels', labels }
}

export interface Puttable {
  readonly entry: Entry
  readonly selector: readonly string[]
  /** Of the request that caused it: they choose the variant. */
  readonly fields: Fields
  readonly lifetime: Lifetime
  readonly isValidatable: boolean
}

/** How long an answer above the limit is remembered as one. */
export const tooLargeFor: Seconds = seconds(600)

/** Variants by more field sets than these under one key: the oldest set is forgotten, its variants with it. */
const maxSelectors = 4
/** Variants in more languages than these under one key: the oldest is found by its request's own fields alone. */
const maxLanguages = 32
const day = seconds(86_400)
const selectorsFor = seconds(3600)

/** Known before the first variant is stored: whoever asks meanwhile looks for its own. */
export function rememberSelector(parts: Parts, read: Read, selector: readonly string[], now: Instant): void {
  const known = parts.memory.selectors.recall(read.primaryKey, now) ?? []
  const name = selector.join()
  const others = known.filter((other) => other.join() !== name)
  parts.memory.selectors.remember(read.primaryKey, [selector, ...others].slice(0, maxSelectors), later(now, selectorsFor))
}

export type Put = 'stored' | 'newer-stored' | 'store-unavailable'

/** Puts an entry under its key, or, where answers vary, under its variant key with the list of selectors in front of it. */
export async function putEntry(parts: Parts, read: Read, puttable: Puttable): Promise<Put> {
  const { entry, selector } = puttable
  const uses = { isValidatable: puttable.isValidatable, isClientObeyed: read.policy.clientDirectives === 'obey' }
  const useful = retention(puttable.lifetime, uses)
  const listed = await listedVariants(parts, read, selector)
  const key = listed === undefined ? read.primaryKey : variantKey(read.primaryKey, selector, puttable.fields, read.policy)
  if (await isNewerStored(parts, read, { entry, key })) return 'newer-stored'
  const isPut = await putOne(parts, read, { key, stored: { kind: 'entry', entry }, keepFor: inTiers(useful, read.policy) })
  if (!isPut || listed === undefined) return isPut ? 'stored' : 'store-unavailable'
  const name = selector.join()
  const selectors = [selector, ...listed.selectors.filter((other) => other.join() !== name)].slice(0, maxSelectors)
  const languages = withLanguage(listed.languages, { key, name: nameIn(read, puttable) })
  const tagged = withTagged(listed.tagged, key, taggedOf(read, puttable, { key, inForce: parts.inForce() }))
  const variants: Stored = {
    kind: 'variants',
    selectors,
    ...(languages.length === 0 ? {} : { languages }),
    ...(tagged.length === 0 ? {} : { tagged }),
  }
  const isListed = await parts.store.put(read.primaryKey, variants, seconds(Math.max(useful, day)))
  return isListed ? 'stored' : 'store-unavailable'
}

function nameIn(read: Read, { entry, selector, fields }: Puttable): string | undefined {
  const language = languageOf(entry.fields)
  return language === undefined ? undefined : nameOfLanguage(language, { selector, requestFields: fields, policy: read.policy })
}

/** What lay under the key may have been in another language. */
function withLanguage(spoken: readonly Spoken[], { key, name }: { key: string; name: string | undefined }): readonly Spoken[] {
  const others = spoken.filter((other) => other.key !== key && other.name !== name)
  return name === undefined ? others : [{ name, key }, ...others].slice(0, maxLanguages)
}

interface Listed {
  readonly selectors: ReadonlyArray<readonly string[]>
  readonly languages: readonly Spoken[]
  readonly tagged: readonly Tagged[]
}

/** Undefined: nothing varies so far, the entry can lie under the primary key itself. */
async function listedVariants(parts: Parts, read: Read, selector: readonly string[]): Promise<Listed | undefined> {
  const remembered = parts.memory.selectors.recall(read.primaryKey, parts.clock.now())
  const near = parts.local.store.peek(read.primaryKey)
  const isKnownToVary = selector.length > 0 || remembered !== undefined || near?.kind === 'variants'
  if (!isKnownToVary && parts.isShared) return undefined
  // What others have listed must not be lost.
  const stored = parts.isShared ? await parts.store.get(read.primaryKey) : near
  if (stored?.kind === 'variants')
    return { selectors: stored.selectors, languages: stored.languages ?? [], tagged: stored.tagged ?? [] }
  if (selector.length === 0 && remembered === undefined) return undefined
  return { selectors: remembered ?? [], languages: [], tagged: [] }
}

async function putOne(
  parts: Parts,
  read: Read,
  put: { key: string; stored: Stored & { kind: 'entry' }; keepFor: KeepFor },
): Promise<boolean> {
  const isPut = await parts.store.put(put.key, put.stored, put.keepFor)
  if (isPut) {
    const bytes = put.stored.entry.body.length
    const keepFor = timeIn(parts.isShared ? 'shared' : 'memory', put.keepFor)
    parts.observer.stored({ rule: read.name, key: read.primaryKey, bytes, keepFor })
  }
  return isPut
}

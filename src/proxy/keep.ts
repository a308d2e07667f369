/**
 * From a captured body to an entry in the store: labels, tags that only the answer tells, and compression at rest. An answer whose labels cannot
 * all be known is not stored, since a purge could not reach it.
 */

import type { Times } from '../cache/age.ts'
import type { Entry } from '../cache/entry.ts'
import type { Lifetime } from '../cache/freshness.ts'
import type { Label } from '../cache/label.ts'
import { countedBy, type Part } from '../cache/partial.ts'
import { isValidatable } from '../cache/validate.ts'
import type { ResponseHead } from '../http/response.ts'
import type { Reason } from '../observe/reasons.ts'
import { renderTags } from '../rules/render.ts'
import { withResponse } from '../rules/values.ts'
import { compress } from '../store/compression.ts'
import { later, type Seconds, seconds } from '../time.ts'
import { bodyJson } from './body-json.ts'
import type { Capture } from './capture.ts'
import type { Errand } from './errand.ts'
import type { Traits } from './in-force.ts'
import { joinStored } from './keep-part.ts'
import { labelsOfAnswer } from './lookup.ts'
import { isOvertaken } from './overtaken.ts'
import type { Parts } from './parts.ts'
import { putEntry } from './put.ts'
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

/** How long an answer above the limit is remembered as one. */
export const tooLargeFor: Seconds = seconds(600)

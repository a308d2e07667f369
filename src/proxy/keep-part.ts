/**
 * A part on its way into the store: joined with what lies there, where both are bytes of one thing (RFC 9111 §3.4). What is made of several
 * answers carries the smallest stamp and the labels of all, so that a purge after any of them reaches it.
 */
import type { Entry, Stored } from '../cache/entry.ts'
import { combine, type Held, isCombinable, isComplete, withNewFields } from '../cache/partial.ts'
import { olderStamp } from '../cache/validity.ts'
import { variantKey } from '../cache/variant.ts'
import { bodyOf } from './at-rest.ts'
import type { Errand } from './errand.ts'
import { isOvertaken } from './overtaken.ts'
import type { Parts } from './parts.ts'

/** The new part with what it could be joined to; the part alone; or undefined where something better lies there. */
export async function joinStored(parts: Parts, errand: Errand, entry: Entry): Promise<Entry | undefined> {
  const stored = await storedOf(parts, errand, entry.vary)
  if (stored === undefined) return entry
  if (!isCombinable(stored.fields, entry.fields, entry.responseTime)) {
    // A whole that came meanwhile is worth more than a part that may be of something older.
    return stored.part === undefined && stored.responseTime >= entry.requestTime ? undefined : entry
  }
  const body = await bodyOf(stored)
  const part = stored.part ?? { ranges: [{ first: 0, last: stored.bodyLength - 1 }], length: stored.bodyLength }
  if (body === undefined || entry.part === undefined || body.length === 0) return entry
  const both = combine({ part, body }, { part: entry.part, body: entry.body })
  const limit = Math.min(errand.read.policy.maxSize, parts.settings.maxEntry)
  return both === undefined || both.body.length > limit ? entry : joinedEntry(stored, entry, both)
}

/** The newer answer's fields, age and times hold for all: it has confirmed the validator. */
function joinedEntry(stored: Entry, { part: _, ...entry }: Entry, { part, body }: Held): Entry {
  const whole = isComplete(part)
  return {
    ...entry,
    ...(whole ? { status: 200, reasonPhrase: 'OK' } : { part }),
    fields: withNewFields(stored.fields, entry.fields),
    body,
    bodyLength: body.length,
    stamp: olderStamp(stored.stamp, entry.stamp),
    labels: [...new Set([...stored.labels, ...entry.labels])],
  }
}

/** What lies where the part will, as far as it is ours to use. */
async function storedOf(parts: Parts, { read, inForce, asker }: Errand, selector: readonly string[]): Promise<Entry | undefined> {
  const under = async (key: string): Promise<Stored | undefined> => parts.local.store.peek(key) ?? (await parts.store.get(key))
  let stored = await under(read.primaryKey)
  if (stored?.kind === 'variants' || (stored === undefined && selector.length > 0))
    stored = await under(variantKey(read.primaryKey, selector, asker.request.fields, read.policy))
  if (stored?.kind !== 'entry' || stored.entry.rule !== read.name) return undefined
  const { entry } = stored
  if (entry.vary.join() !== selector.join() || !entry.labels.includes(inForce.label)) return undefined
  if (entry.part === undefined && entry.status !== 200) return undefined
  return isOvertaken(parts, entry) ? undefined : entry
}

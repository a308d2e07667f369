/** Stored variants that the origin is asked about for a request which does not select them, and the one that its 304 names. */
import type { Entry, Tagged } from '../cache/entry.ts'
import { type Borrower, lendableTag, termsOf } from '../cache/lend.ts'
import { judge } from '../cache/validity.ts'
import type { Fields } from '../http/fields.ts'
import type { Errand } from './errand.ts'
import { credentialFields } from './forward.ts'
import type { InForce } from './in-force.ts'
import { isConfirmed, judgeAgain } from './look.ts'
import { type Found, joinLabels, usable } from './lookup.ts'
import type { Parts } from './parts.ts'
import type { Sought } from './sought.ts'
import type { Visit } from './visit.ts'
import type { Read } from './way.ts'

/**
 * Judged by the labels that are known without the entries, which are not fetched for this: no round trip more, and no tag of one that was purged
 * by anything which this request's own answer would be purged by. The rest is judged when a 304 names it.
 */
export function lentTo({ parts, inForce, request }: Visit, read: Read, found: Found): readonly Tagged[] {
  const { tagged = [], selectors = [] } = found.variants ?? {}
  // A 304 is an answer to GET and HEAD (RFC 9110 §15.4.5).
  if (tagged.length === 0 || read.body !== undefined) return []
  const borrower = borrowerOf({ read, fields: request.fields, inForce })
  const terms = new Set(selectors.map((selector) => termsOf(selector, borrower)))
  const labels = joinLabels(read, inForce)
  const { ledger } = parts.local
  const isPurged = ({ stamp }: Tagged): boolean => {
    const { reading } = found
    return (reading === undefined ? ledger.judgeNow(stamp, labels) : judge(stamp, labels, reading)).kind === 'purged'
  }
  return tagged.filter((each) => terms.has(each.terms) && !isPurged(each))
}

function borrowerOf({ read, fields, inForce }: Pick<Sought, 'read' | 'fields' | 'inForce'>): Borrower {
  return {
    requestFields: fields,
    policy: read.policy,
    madeBy: [inForce.label, read.name],
    credentials: credentialFields(inForce.set),
  }
}

/** An entry and what its request selected it by. */
export interface Lender {
  readonly entry: Entry
  readonly selector: readonly string[]
  /** Of the request that caused it: they choose the variant. */
  readonly fields: Fields
}

/** How a stored variant is listed; undefined where it lends nothing. */
export function taggedOf(
  read: Read,
  { entry, selector, fields }: Lender,
  { key, inForce }: { readonly key: string; readonly inForce: InForce },
): Tagged | undefined {
  const etag = lendableTag(entry)
  if (etag === undefined) return undefined
  return { key, etag, stamp: entry.stamp, terms: termsOf(selector, borrowerOf({ read, fields, inForce })) }
}

/** What lies there now may be another, or purged: then it was not this one that the 304 named. */
export async function lentEntry(parts: Parts, errand: Errand, { key, etag }: Tagged): Promise<Entry | undefined> {
  const entry = usable(await parts.store.get(key), errand)
  if (entry === undefined || lendableTag(entry) !== etag) return undefined
  const validity = await judgeAgain(parts, entry, isConfirmed(parts, errand.read))
  return validity.kind === 'purged' ? undefined : entry
}

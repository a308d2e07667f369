/**
 * The lookup over both tiers. Memory answers while the ledger here is known to be current (attached); what it has not, or not good enough, is
 * asked of the store that all instances share, with the numbers of its labels in the same write. Under `consistency: strict` the ledger is
 * asked about what memory has, too. Detached there is memory alone, of an epoch of its own.
 */
import type { Entry } from '../cache/entry.ts'
import { judge, type Reading, type Stamp, type Validity } from '../cache/validity.ts'
import { type Found, type Gathered, gather, isNewer, lookupNow } from './lookup.ts'
import type { Local, Parts } from './parts.ts'
import type { Sought } from './sought.ts'
import type { Read } from './way.ts'

/** `isEnough`: whether what memory has answers, so that nobody else need be asked. */
export async function look(parts: Parts, sought: Sought, isEnough: (near: Found) => boolean): Promise<Found> {
  const { local, isShared } = parts
  const near = lookupNow(parts, sought)
  if (!isShared) return near
  const isStrict = isConfirmed(parts, sought.read)
  if (!local.ledger.isAttached) return isStrict ? unconfirmed(near) : near
  if (!isEnough(near)) return lookFar(parts, local, sought)
  return isStrict ? lookConfirmed(parts, local, { sought, near }) : near
}

/** Whether the ledger itself is asked on every use. What is in this process alone is never behind. */
export function isConfirmed({ isShared }: Pick<Parts, 'isShared'>, { rule }: Read): boolean {
  return isShared && rule?.cache?.consistency === 'strict'
}

/** Judged at this moment, as what was found is before it is used after a wait. */
export async function judgeAgain(parts: Parts, entry: Entry, isStrict: boolean): Promise<Validity> {
  const { local, isShared, ledger } = parts
  if (!isStrict) {
    const validity = local.ledger.judgeNow(entry.stamp, entry.labels)
    // What was purged before anything that is remembered here is judged as purged: only the ledger itself knows.
    if (validity.kind !== 'purged' || !isShared || !local.ledger.isAttached) return validity
  }
  const reading = await ledger.read(entry.labels)
  return reading === undefined || !local.ledger.isAttached ? purged : judge(entry.stamp, entry.labels, reading)
}

const purged: Validity = { kind: 'purged' }

/** No stamp: nothing stored may be used, nor anything stored that others would have to trust. */
function unconfirmed(found: Found): Found {
  return { ...found, entry: undefined, stamp: undefined }
}

/** What memory has, if the ledger confirms it; else what the others have. */
async function lookConfirmed(
  parts: Parts,
  local: Local,
  { sought, near }: { readonly sought: Sought; readonly near: Found },
): Promise<Found> {
  const entry = near.entry as Entry
  const reading = await local.ledger.read(entry.labels)
  if (reading === undefined || !isStill(local, near.stamp as Stamp)) return unconfirmed(near)
  const validity = judge(entry.stamp, entry.labels, reading)
  return validity.kind === 'purged' ? lookFar(parts, local, sought) : { ...near, validity, reading }
}

/**
 * The stamp is what is known here when the question leaves, never what the ledger answers: that may be ahead of what has come here, and the
 * fetches of this process are compared here. The smaller number is always right.
 */
async function lookFar(parts: Parts, local: Local, sought: Sought): Promise<Found> {
  const isStrict = isConfirmed(parts, sought.read)
  const stamp = local.ledger.stampNow()
  const gathered = await gather(parts, sought)
  const whole = await wholeReading(local, gathered, isStrict)
  // The lease may have run out meanwhile; from here on nothing is waited for.
  const near = lookupNow(parts, sought)
  const isRead = whole?.epoch === stamp.epoch
  if (!isStill(local, stamp)) return isStrict ? unconfirmed(near) : near
  if (isStrict && !isRead) return unconfirmed(near)
  const reading = isRead ? gathered.reading : undefined
  const far = judgedFar(local, gathered, isRead ? whole : undefined)
  const here = isStrict ? judgedBy(near, whole as Reading) : near
  const { key, flightKey } = gathered
  const common = { variants: gathered.variants ?? near.variants, flightKey, stamp, reading }
  if (far === undefined || isBetter(here, far))
    return { ...here, ...common, miss: gathered.variants === undefined ? here.miss : 'vary-miss' }
  const copy = far.validity.kind === 'valid' ? { key, variants: gathered.variants, entry: far.entry } : undefined
  return { ...far, ...common, tier: gathered.tier, miss: gathered.miss, ...(copy === undefined ? {} : { copy }) }
}

/** Whether this process has been attached all the time, as far as it matters: under the same epoch its numbers only grow. */
function isStill({ ledger }: Local, stamp: Stamp): boolean {
  return ledger.isAttached && ledger.stampNow().epoch === stamp.epoch
}

/** The reading, where it decides about the entry; one more where it does not and what is known here does not either. */
async function wholeReading({ ledger }: Local, { entry, reading }: Gathered, isStrict: boolean): Promise<Reading | undefined> {
  if (entry === undefined || reading === undefined || covers(reading, entry)) return reading
  if (!isStrict && ledger.judgeNow(entry.stamp, entry.labels).kind === 'valid') return reading
  return ledger.read(entry.labels)
}

/** Whether the ledger was asked for all that decides. */
function covers(reading: Reading, { labels }: Entry): boolean {
  return labels.every((label) => reading.purges.has(label))
}

type Judged = Pick<Found, 'validity'> & { readonly entry: Entry }

/**
 * An entry from the shared store carries the number at which it was found valid from here on: nothing of it was purged up to there, and every
 * purge that comes here later has a higher one. Not a number beyond what has come here, which would be taken for one of the future.
 */
function judgedFar({ ledger }: Local, { entry }: Gathered, reading: Reading | undefined): Judged | undefined {
  if (entry === undefined) return undefined
  const known = ledger.stampNow()
  const isRead = reading !== undefined && covers(reading, entry)
  const validity = isRead ? judge(entry.stamp, entry.labels, reading) : ledger.judgeNow(entry.stamp, entry.labels)
  // A softly purged one keeps its number: a higher one would hide the purge.
  if (validity.kind !== 'valid') return { entry, validity }
  const number = Math.max(entry.stamp.number, isRead ? Math.min(reading.seq, known.number) : known.number)
  return { entry: { ...entry, stamp: { epoch: known.epoch, number } }, validity }
}

function judgedBy(near: Found, reading: Reading): Found {
  return near.entry === undefined ? near : { ...near, validity: judge(near.entry.stamp, near.entry.labels, reading) }
}

/** What may be used before what may not; of two, the more recent. */
function isBetter(near: Found, far: Judged): boolean {
  if (near.entry === undefined || near.validity.kind === 'purged') return false
  return far.validity.kind === 'purged' || !isNewer(far.entry, near.entry)
}

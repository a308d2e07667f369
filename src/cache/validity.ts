/**
 * The rule on which all purging rests: an entry is valid iff its epoch is the ledger's, its number is not above the ledger's, and no label
 * of it was purged at a number above its own. Numbers are compared, nothing is deleted, so a fill that raced a purge stores an entry that
 * is already invalid.
 */
import type { Instant } from '../time.ts'
import type { Label } from './label.ts'

/** What a fill takes before its request leaves for the origin: the ledger's `seq` and its epoch, read in one reply, kept together. */
export interface Stamp {
  readonly epoch: string
  readonly number: number
}

/** What is made of two answers is as old as the older: the smaller number holds for both. Of two epochs nothing holds for both. */
export function olderStamp(one: Stamp, other: Stamp): Stamp {
  if (one.epoch !== other.epoch) return { epoch: 'none', number: 0 }
  return one.number < other.number ? one : other
}

/** The last purges of one label. A number is 0 where there was none. */
export interface LastPurge {
  readonly hard: number
  readonly soft: number
  /** When the soft purge happened; its stale windows count from here. Meaningless while `soft` is 0. */
  readonly softAt: Instant
}

/** What the ledger said about some labels, in one reply. */
export interface Reading {
  readonly epoch: string
  readonly seq: number
  /** Labels that were asked for; one that was never purged is there too, with zeros, so that "not asked" is noticed. */
  readonly purges: ReadonlyMap<Label, LastPurge>
}

export type Validity =
  | { readonly kind: 'valid' }
  | { readonly kind: 'purged' }
  /** Purged softly: stale since `at`, whatever its age says. */
  | { readonly kind: 'expired'; readonly at: Instant }

const valid: Validity = { kind: 'valid' }
const purged: Validity = { kind: 'purged' }

/** What a stamp is compared with: a reading, or a ledger of this process itself. */
export interface Known {
  readonly epoch: string
  readonly seq: number
  readonly purges: { get(label: Label): LastPurge | undefined }
}

/** Compares a stamp and labels with a reading. A label that the reading does not cover counts as purged: what was not asked is not known. */
export function judge(stamp: Stamp, labels: readonly Label[], reading: Known): Validity {
  if (stamp.epoch !== reading.epoch || stamp.number > reading.seq) return purged
  let at: Instant | undefined
  for (const label of labels) {
    const last = reading.purges.get(label)
    if (last === undefined || last.hard > stamp.number) return purged
    if (last.soft > stamp.number && (at === undefined || last.softAt < at)) at = last.softAt
  }
  return at === undefined ? valid : { kind: 'expired', at }
}

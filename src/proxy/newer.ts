/** A slow answer does not take the place of a newer one that was stored while it was on its way (RFC 9111 §4). */
import type { Entry, Stored } from '../cache/entry.ts'
import { isOutdone } from '../cache/recency.ts'
import { elapsed, type Seconds, seconds } from '../time.ts'
import { isOvertaken } from './overtaken.ts'
import type { Parts } from './parts.ts'
import type { Read } from './way.ts'

/**
 * Over Redis a fetch that was faster than this is put without a look, which would cost every fetch one round trip more. Two for one key are under way
 * together only where neither waits for the other, and what a fast one displaces was asked for within this time: it is younger by no more.
 */
const slow: Seconds = seconds(1)

export interface Late {
  readonly entry: Entry
  /** Where it is to lie. */
  readonly key: string
}

/** A list of variants would also take the place of what lies under the primary key itself. What was purged never stands in the way. */
export async function isNewerStored(parts: Parts, read: Read, { entry, key }: Late): Promise<boolean> {
  const { local, isShared, store, clock } = parts
  const isLookedFor = isShared && elapsed(entry.requestTime, clock.now()) > slow
  for (const place of new Set([key, read.primaryKey])) {
    for (const stored of [local.store.peek(place), isLookedFor ? await store.get(place) : undefined])
      if (isInPlaceOf(stored, entry) && !isOvertaken(parts, stored.entry)) return true
  }
  return false
}

/** A part is no reason to let a whole go; and of another rule, whatever lies there is nothing that this one could use. */
function isInPlaceOf(stored: Stored | undefined, entry: Entry): stored is Extract<Stored, { kind: 'entry' }> {
  if (stored?.kind !== 'entry' || stored.entry.rule !== entry.rule) return false
  return (stored.entry.part === undefined || entry.part !== undefined) && isOutdone(entry, stored.entry)
}

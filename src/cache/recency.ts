/** Which of two responses is the more recent (RFC 9111 §4): by their Date, or, where one has none, by when they came. */
import { parseHttpDate } from '../http/date.ts'
import { fieldValue } from '../http/fields.ts'
import { elapsed, type Instant, type Seconds } from '../time.ts'
import type { Entry } from './entry.ts'

export type Dated = Pick<Entry, 'fields' | 'requestTime' | 'responseTime'>

/** How much more recent the one is than the other; negative when it is older. Dates have no fractions of a second. */
export function recency(one: Dated, other: Dated): Seconds {
  const date = dateOf(one)
  const otherDate = dateOf(other)
  if (date === undefined || otherDate === undefined) return elapsed(other.responseTime, one.responseTime)
  return elapsed(otherDate, date)
}

/**
 * Whether an answer came too late to take the place of what is stored: that was asked for later and is no older. Of one second, it is the order in
 * which they were asked for that counts.
 */
export function isOutdone(late: Dated, stored: Dated): boolean {
  return stored.requestTime > late.requestTime && recency(stored, late) >= 0
}

function dateOf({ fields, responseTime }: Dated): Instant | undefined {
  return parseHttpDate(fieldValue(fields, 'date') ?? '', responseTime)
}

/** How old a response is (RFC 9111 §4.2.3). Never negative: a clock that went back makes nothing younger than it came. */
import { parseDelta } from '../http/cache-control.ts'
import { parseHttpDate } from '../http/date.ts'
import { type Fields, fieldValue } from '../http/fields.ts'
import { elapsed, type Instant, type Seconds, seconds } from '../time.ts'
import type { Entry } from './entry.ts'

/** When a request left and when the head of its answer came. */
export interface Times {
  readonly requestTime: Instant
  readonly responseTime: Instant
}

/** corrected_initial_age: the larger of what Date suggests and of what Age says plus the time on the wire. */
export function initialAge(fields: Fields, times: Times): Seconds {
  const date = parseHttpDate(fieldValue(fields, 'date') ?? '', times.responseTime)
  // A Date has whole seconds: the fraction that its writer cut off is no age.
  const apparent = date === undefined ? 0 : Math.floor(elapsed(date, times.responseTime))
  const delay = Math.max(0, elapsed(times.requestTime, times.responseTime))
  return seconds(Math.max(0, apparent, ageValue(fields) + delay))
}

/** current_age. */
export function currentAge(entry: Pick<Entry, 'initialAge' | 'responseTime'>, now: Instant): Seconds {
  return seconds(entry.initialAge + Math.max(0, elapsed(entry.responseTime, now)))
}

/** RFC 9111 §5.1: of several values the first counts, and what is no number is ignored. */
function ageValue(fields: Fields): number {
  const value = fieldValue(fields, 'age')
  if (value === undefined) return 0
  const [first = ''] = value.split(',', 1)
  return parseDelta(first.trim()) ?? 0
}

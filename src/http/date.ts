/**
 * HTTP dates (RFC 9110 §5.6.7): reads all three forms, writes the one that senders may use. Strict about everything but letter case, as
 * RFC 9111 §4.2 asks of caches: a zone other than GMT, a missing comma or a 30 February is no date.
 */
import { type Instant, instant } from '../time.ts'

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const month = `(?<month>${months.join('|')})`
const time = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)'
const shortDay = '(?:mon|tue|wed|thu|fri|sat|sun)'
const longDay = '(?:mon|tues|wednes|thurs|fri|satur|sun)day'

/** Sun, 06 Nov 1994 08:49:37 GMT */
const fixedDate = new RegExp(`^${shortDay}, (?<day>\\d\\d) ${month} (?<year>\\d{4}) ${time} gmt$`, 'i')
/** Sunday, 06-Nov-94 08:49:37 GMT */
const rfc850Date = new RegExp(`^${longDay}, (?<day>\\d\\d)-${month}-(?<year>\\d\\d) ${time} gmt$`, 'i')
/** Sun Nov  6 08:49:37 1994 */
const asctimeDate = new RegExp(`^${shortDay} ${month} (?<day>\\d\\d| \\d) ${time} (?<year>\\d{4})$`, 'i')

/** The instant, or undefined when the text is no HTTP date. `now` decides the century of a two-digit year and nothing else. */
export function parseHttpDate(text: string, now: Instant): Instant | undefined {
  // The longest form has 33 characters.
  if (text.length > 40) return undefined
  const fixed = (fixedDate.exec(text) ?? asctimeDate.exec(text))?.groups
  if (fixed !== undefined) return toInstant(fixed, Number(fixed['year']))
  const obsolete = rfc850Date.exec(text)?.groups
  return obsolete === undefined ? undefined : toInstant(obsolete, fullYear(obsolete, now))
}

/** The fixed-length form: Sun, 06 Nov 1994 08:49:37 GMT. Fractions of a second are cut off. */
export function formatHttpDate(moment: Instant): string {
  return new Date(moment).toUTCString()
}

type Parts = Record<string, string | undefined>

/** "More than 50 years in the future" means the most recent past year with the same last two digits (RFC 9110 §5.6.7). */
function fullYear(parts: Parts, now: Instant): number {
  const limit = new Date(now)
  const thisYear = limit.getUTCFullYear()
  limit.setUTCFullYear(thisYear + 50)
  let year = thisYear - (thisYear % 100) + 100 + Number(parts['year'])
  while (epochMilliseconds(parts, year) > limit.getTime()) year -= 100
  return year
}

function toInstant(parts: Parts, year: number): Instant | undefined {
  // 60 is a leap second: it exists in the grammar, and is the next minute's first second on a Unix clock.
  if (Number(parts['hour']) > 23 || Number(parts['minute']) > 59 || Number(parts['second']) > 60) return undefined
  const time = epochMilliseconds(parts, year)
  const midnight = new Date(epochMilliseconds({ ...parts, hour: '0', minute: '0', second: '0' }, year))
  // `Date.UTC` rolls 31 April over into May, and moves the years 0 to 99 to 1900: what does not come back as it went in is no date.
  if (midnight.getUTCDate() !== Number(parts['day']) || midnight.getUTCFullYear() !== year) return undefined
  return instant(time)
}

function epochMilliseconds(parts: Parts, year: number): number {
  const monthIndex = months.indexOf((parts['month'] ?? '').toLowerCase())
  const [day, hour, minute, second] = [parts['day'], parts['hour'], parts['minute'], parts['second']].map(Number)
  return Date.UTC(year, monthIndex, day, hour, minute, second)
}

/**
 * Which fields of a response are stored (RFC 9111 §3.1) and which a 304 renews (§3.2). What the hop, the writer or this cache says itself is not
 * kept: framing, Age, Cache-Status.
 */
import { restrictedFields } from '../http/cache-control.ts'
import { formatHttpDate, parseHttpDate } from '../http/date.ts'
import { type Fields, fieldValue, withField, withoutFields } from '../http/fields.ts'
import { endToEnd } from '../http/hop-by-hop.ts'
import { mediaTypeOf } from '../http/media-type.ts'
import type { ResponseHead } from '../http/response.ts'
import type { Instant } from '../time.ts'
import type { Times } from './age.ts'
import { governing, restriction } from './directives.ts'
import type { Policy } from './policy.ts'
import { cookieFields } from './sharing.ts'

/** Ours to say: the origin's Age goes into the entry's initial age, and its Cache-Status was about another request. */
const ownFields: readonly string[] = ['age', 'cache-status', 'content-length']

/** What belongs to the stored body: a 304 has none and must not redescribe it. */
const bodyFields: readonly string[] = [
  'content-digest',
  'content-encoding',
  'content-md5',
  'content-range',
  'etag',
  'repr-digest',
]

/** The end-to-end fields that may be stored, in order, with a Date (RFC 9110 §6.6.1: the time of arrival where it is missing or unreadable). */
export function storedFields(response: ResponseHead, policy: Policy, times: Pick<Times, 'responseTime'>): string[] {
  const { directives } = governing(response.fields)
  const withheld = restrictions.flatMap((name) => namesOf(restriction(directives, name, policy)))
  const cookies = policy.setCookie === 'keep' ? [] : cookieFields
  return dated(withoutFields(endToEnd(response.fields), new Set([...ownFields, ...cookies, ...withheld])), times.responseTime)
}

export interface Renewing {
  readonly responseTime: Instant
  readonly setCookie: Policy['setCookie']
}

/** The stored fields with every field that the 304 carries in place of their old lines. What it withholds is never overruled. */
export function renewedFields(stored: Fields, response: ResponseHead, { responseTime, setCookie }: Renewing): string[] {
  const { directives } = governing(response.fields)
  const withheld = restrictions.flatMap((name) => namesOf(restrictedFields(directives, name)))
  const cookies = setCookie === 'keep' ? [] : cookieFields
  // Another charset is news of the same body. Another media type is not: it would have the body read as what it is not.
  const type = mediaTypeOf(stored) === mediaTypeOf(response.fields) ? [] : ['content-type']
  const refused = new Set([...ownFields, ...bodyFields, ...cookies, ...type, ...withheld])
  const renewed = dated(withoutFields(endToEnd(response.fields), refused), responseTime)
  const replaced = new Set(renewed.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()))
  return [...withoutFields(stored, replaced), ...renewed]
}

/** RFC 9111 §5.2.2.4, §5.2.2.7. */
const restrictions = ['no-cache', 'private'] as const

function namesOf(restricted: 'all' | readonly string[] | undefined): readonly string[] {
  return restricted === undefined || restricted === 'all' ? [] : restricted
}

function dated(fields: string[], responseTime: Instant): string[] {
  const isDated = parseHttpDate(fieldValue(fields, 'date') ?? '', responseTime) !== undefined
  return isDated ? fields : withField(fields, 'Date', formatHttpDate(responseTime))
}

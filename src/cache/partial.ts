/**
 * Parts of a representation (RFC 9110 §14, §15.3.7; RFC 9111 §3.3, §3.4): which bytes a 206 brought, which requests they answer, how several
 * become more of the whole, and what is left to ask for. Parts are joined under one strong validator only: nothing else proves that they are
 * bytes of the same thing.
 */
import { strongValidatorOf, validatorsOf } from '../http/conditional.ts'
import { type Fields, fieldLines, fieldValue, withoutFields } from '../http/fields.ts'
import { type ByteRange, parseContentRange, parseRange, type RangeOutcome } from '../http/range.ts'
import type { Request } from '../http/request.ts'
import type { ResponseHead } from '../http/response.ts'
import type { Instant } from '../time.ts'
import type { Policy } from './policy.ts'

/** Which bytes are there. */
export interface Part {
  /** In order, none empty, with a gap between any two. */
  readonly ranges: readonly ByteRange[]
  /** Of the whole; undefined while nobody has said. */
  readonly length: number | undefined
}

/** The body holds the ranges' bytes one after the other. */
export interface Held {
  readonly part: Part
  readonly body: Uint8Array
}

/** The bytes to ask for; without `last` up to the end. */
export interface Rest {
  readonly first: number
  readonly last: number | undefined
}

/** More pieces than these are not worth keeping apart. */
const mostRanges = 64

/** What a 206 says it brings; undefined for several ranges, for none, and where its own length denies it and is not `countedBy` it. */
export function partOf(
  response: ResponseHead,
  contentLength: number | undefined,
  trust: Policy['parts'] = 'strict',
): Part | undefined {
  const lines = fieldLines(response.fields, 'content-range')
  const said = response.status === 206 && lines.length === 1 ? parseContentRange(lines[0]) : undefined
  if (said?.kind !== 'range') return undefined
  const { first, last, length } = said
  const part: Part = { ranges: [{ first, last }], length }
  return contentLength === undefined ? part : countedBy(part, contentLength, trust)
}

/**
 * The part that so many bytes are: the one it says it is. A lenient policy believes that it reaches the end, where it says so, and not its
 * count.
 */
export function countedBy(part: Part, count: number, trust: Policy['parts'] = 'strict'): Part | undefined {
  if (count === bytesOf(part)) return part
  const [range] = part.ranges
  if (trust === 'strict' || range === undefined || range.last + 1 !== part.length || count === 0 || count > bytesOf(part))
    return undefined
  return { ranges: [{ first: range.first, last: range.first + count - 1 }], length: range.first + count }
}

export function bytesOf({ ranges }: Part): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)
}

export function isComplete({ ranges, length }: Part): boolean {
  const [only] = ranges
  return ranges.length === 1 && only?.first === 0 && only.last + 1 === length
}

/** What a Range asks of which only parts are there. `beyond`: something that is not among them. */
export function rangeWithin(part: Part, value: string | undefined): RangeOutcome | { readonly kind: 'beyond' } {
  const asked = parseRange(value, part.length ?? Number.POSITIVE_INFINITY)
  if (asked.kind === 'unsatisfiable' && part.length !== undefined) return asked
  if (asked.kind !== 'range') return { kind: 'beyond' }
  return part.ranges.some(({ first, last }) => first <= asked.first && asked.last <= last) ? asked : { kind: 'beyond' }
}

/** RFC 9111 §3.3: an incomplete response answers only a request for what it holds. */
export function isAnsweredByPart(part: Part, request: Request): boolean {
  return request.method === 'GET' && rangeWithin(part, fieldValue(request.fields, 'range')).kind !== 'beyond'
}

/** The bytes of a range that lies within one of the part's. */
export function bytesWithin({ part, body }: Held, asked: ByteRange): Uint8Array {
  let start = 0
  for (const { first, last } of part.ranges) {
    if (first <= asked.first && asked.last <= last)
      return body.subarray(start + asked.first - first, start + asked.last - first + 1)
    start += last - first + 1
  }
  return body.subarray(0, 0)
}

/** RFC 9111 §3.4. Content-Encoding besides, since a date is shared by every coding of one file. */
export function isCombinable(one: Fields, other: Fields, now: Instant): boolean {
  const validator = strongValidatorOf(validatorsOf(one), now)
  if (validator === undefined || validator !== strongValidatorOf(validatorsOf(other), now)) return false
  return fieldValue(one, 'content-encoding') === fieldValue(other, 'content-encoding')
}

/** Both together; undefined where they contradict each other, or would be too many pieces. */
export function combine(one: Held, other: Held): Held | undefined {
  const length = one.part.length ?? other.part.length
  if (length !== (other.part.length ?? length)) return undefined
  const ranges: ByteRange[] = []
  const chunks: Uint8Array[] = []
  let next = 0
  for (const { first, last, bytes } of [...piecesOf(one), ...piecesOf(other)].sort((a, b) => a.first - b.first)) {
    if (length !== undefined && last >= length) return undefined
    if (last < next) continue
    const from = Math.max(first, next)
    chunks.push(bytes.subarray(from - first))
    const before = ranges.at(-1)
    if (before?.last === from - 1) ranges[ranges.length - 1] = { first: before.first, last }
    else ranges.push({ first: from, last })
    next = last + 1
  }
  return ranges.length > mostRanges ? undefined : { part: { ranges, length }, body: joined(chunks) }
}

/** About one message's bytes: nothing that holds for more of the whole, or less (RFC 9530 §2). */
const messageFields: ReadonlySet<string> = new Set(['content-digest', 'content-length', 'content-md5', 'content-range'])

/** What is said of the whole, from a 206's fields. */
export function partFields(fields: Fields): string[] {
  return withoutFields(fields, messageFields)
}

/** RFC 9111 §3.4: the newer answer's fields, and the stored ones that it leaves out. */
export function withNewFields(stored: Fields, newer: Fields): string[] {
  const fields = partFields(newer)
  const replaced = new Set(fields.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()))
  return [...withoutFields(partFields(stored), replaced), ...fields]
}

/** What to ask for so that one answer makes it whole; undefined when that is the whole itself, or nothing. */
export function restOf({ ranges, length }: Part): Rest | undefined {
  const [head] = ranges
  const tail = ranges.at(-1)
  if (head === undefined || tail === undefined) return undefined
  const first = head.first === 0 ? head.last + 1 : 0
  const last = tail.last + 1 === length ? tail.first - 1 : undefined
  return first === 0 && last === undefined ? undefined : (last ?? first) < first ? undefined : { first, last }
}

/** The end of the rest, where it is known. */
export function lastOfRest(rest: Rest, length: number | undefined): number | undefined {
  return rest.last ?? (length === undefined ? undefined : length - 1)
}

export function formatRest({ first, last }: Rest): string {
  return `bytes=${first}-${last ?? ''}`
}

interface Piece extends ByteRange {
  readonly bytes: Uint8Array
}

function piecesOf({ part, body }: Held): Piece[] {
  let start = 0
  return part.ranges.map(({ first, last }) => {
    const bytes = body.subarray(start, start + last - first + 1)
    start += bytes.length
    return { first, last, bytes }
  })
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const body = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk, at)
    at += chunk.length
  }
  return body
}

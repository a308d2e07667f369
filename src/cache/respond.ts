/**
 * The answer that an entry gives to a request (RFC 9111 §4, RFC 9110 §13–14): whole, a 304, one range of it, or 416. Fields without
 * Content-Length and Cache-Status, which the writer and the proxy add.
 */
import { evaluateIfRange, evaluatePreconditions, type Validators, validatorsOf } from '../http/conditional.ts'
import { type Fields, fieldValue, hasField, withoutFields } from '../http/fields.ts'
import { formatContentRange, parseRange } from '../http/range.ts'
import type { Request } from '../http/request.ts'
import type { ResponseHead } from '../http/response.ts'
import type { Instant, Seconds } from '../time.ts'
import type { Entry } from './entry.ts'
import { bytesWithin, type Part, rangeWithin } from './partial.ts'
import type { Policy } from './policy.ts'

export interface Answer {
  readonly kind: 'whole' | 'not-modified' | 'range' | 'unsatisfiable'
  readonly head: ResponseHead
  /** Undefined where none follows: HEAD and 304. */
  readonly body: Uint8Array | undefined
  /** What Content-Length says, for HEAD too; undefined for a 304. */
  readonly bodyLength: number | undefined
}

export interface RespondInput {
  readonly entry: Entry
  /** The entry's body as the origin sent it: decompressed if it was compressed at rest. */
  readonly body: Uint8Array
  readonly request: Request
  readonly age: Seconds
  readonly now: Instant
  readonly policy: Pick<Policy, 'ifModifiedSince'>
}

/** Describe the representation that a 304 does not carry (RFC 9110 §15.4.5). */
const representationFields: ReadonlySet<string> = new Set([
  'accept-ranges',
  'content-digest',
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-range',
  'content-type',
  'repr-digest',
])

/** Wrong for a part of the body: digests of the whole (RFC 9530 §2), and a Content-Range that meant nothing beside the 200. */
const wholeBodyFields: ReadonlySet<string> = new Set(['content-digest', 'content-md5', 'content-range'])

/** What a 416 keeps: nothing by which a cache behind us would keep it in place of the representation. */
const unsatisfiableFields = /^(?:access-control-.*|date|vary|via)$/i

export function respond(input: RespondInput): Answer {
  const { entry, request, now } = input
  if (entry.part !== undefined) return fromPart(input, entry.part)
  if (entry.status !== 200 || !isSelective(request)) return whole(input)
  const validators = validatorsOf(entry.fields)
  if (isNotModified(input, validators)) return notModified(input, validators)
  // RFC 9110 §14.2: Range is defined for GET alone, and comes after the preconditions (§13.2.2).
  if (request.method !== 'GET' || !evaluateIfRange(request.fields, validators, now)) return whole(input)
  const range = parseRange(fieldValue(request.fields, 'range'), input.body.length)
  switch (range.kind) {
    case 'ignore':
      return whole(input)
    case 'unsatisfiable':
      return unsatisfiable(input, input.body.length)
    case 'range':
      return ranged(
        { ...input, bytes: input.body.subarray(range.first, range.last + 1) },
        formatContentRange(range, input.body.length),
      )
  }
}

/** Whether the request may get anything but the whole; most do not. */
function isSelective({ method, fields }: Request): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  return hasField(fields, 'if-none-match') || hasField(fields, 'if-modified-since') || hasField(fields, 'range')
}

/** RFC 9111 §3.3. Whether the part answers the request at all was decided before. */
function fromPart(input: RespondInput, part: Part): Answer {
  const { entry, body, request, age } = input
  const validators = validatorsOf(entry.fields)
  if (isNotModified(input, validators)) return notModified(input, validators)
  const range = rangeWithin(part, fieldValue(request.fields, 'range'))
  if (range.kind !== 'range') return unsatisfiable(input, part.length)
  return ranged({ entry, age, bytes: bytesWithin({ part, body }, range) }, formatContentRange(range, part.length))
}

function isNotModified({ request, now, policy }: RespondInput, validators: Validators): boolean {
  const { ifModifiedSince } = policy
  return evaluatePreconditions(request.fields, validators, { now, ifModifiedSince }) === 'not-modified'
}

function whole({ entry, body, request, age }: RespondInput): Answer {
  const head: ResponseHead = { status: entry.status, reasonPhrase: entry.reasonPhrase, fields: aged(entry.fields, age) }
  return { kind: 'whole', head, body: request.method === 'HEAD' ? undefined : body, bodyLength: body.length }
}

function notModified({ entry, age }: RespondInput, { etag }: Validators): Answer {
  // A Last-Modified tells a cache behind us something only where there is no ETag.
  const left = etag === undefined ? representationFields : new Set([...representationFields, 'last-modified'])
  const head: ResponseHead = { status: 304, reasonPhrase: 'Not Modified', fields: aged(withoutFields(entry.fields, left), age) }
  return { kind: 'not-modified', head, body: undefined, bodyLength: undefined }
}

interface Ranged {
  readonly entry: Entry
  readonly age: Seconds
  readonly bytes: Uint8Array
}

function ranged({ entry, age, bytes }: Ranged, contentRange: string): Answer {
  const fields = aged(withoutFields(entry.fields, wholeBodyFields), age)
  fields.push('Content-Range', contentRange)
  return {
    kind: 'range',
    head: { status: 206, reasonPhrase: 'Partial Content', fields },
    body: bytes,
    bodyLength: bytes.length,
  }
}

function unsatisfiable({ entry, age }: RespondInput, length: number | undefined): Answer {
  const fields: string[] = []
  for (let i = 0; i < entry.fields.length; i += 2) {
    const name = entry.fields[i] as string
    if (unsatisfiableFields.test(name)) fields.push(name, entry.fields[i + 1] as string)
  }
  const head: ResponseHead = {
    status: 416,
    reasonPhrase: 'Range Not Satisfiable',
    fields: [...aged(fields, age), 'Content-Range', formatContentRange(undefined, length)],
  }
  return { kind: 'unsatisfiable', head, body: new Uint8Array(0), bodyLength: 0 }
}

/** RFC 9111 §5.1: whole seconds, cut off. */
function aged(fields: Fields, age: Seconds): string[] {
  return [...fields, 'Age', String(Math.max(0, Math.floor(age)))]
}

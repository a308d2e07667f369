/**
 * What a response's head says: status, fields, and how the end of its body can be known (RFC 9112 §6.3). undici's parser is the first
 * gate; this is the second, for what it lets through and a cache must not believe.
 */
import { type Fields, fieldLines } from '../http/fields.ts'
import type { OriginResponse } from './origin.ts'
import type { OriginSettings } from './origin-settings.ts'

export type ResponseHead =
  | (Pick<OriginResponse, 'status' | 'reasonPhrase' | 'fields' | 'framing' | 'contentLength'> & {
      readonly kind: 'head'
      /** An event stream: silence is normal, and there is no end to wait for. */
      readonly isEventStream: boolean
    })
  | { readonly kind: 'interim'; readonly status: number; readonly fields: Fields }
  | { readonly kind: 'broken'; readonly message: string }

export interface RawHead {
  /** The request's method: a response to HEAD has no body, whatever its fields say. */
  readonly method: string
  readonly status: number
  readonly reasonPhrase: string | undefined
  readonly fields: Fields
  readonly framing: OriginSettings['framing']
  /** Whether the connection can tell an orderly close from a break. */
  readonly tellsClose: boolean
}

const digits = /^\d{1,15}$/
const fieldContent = /^[\t\x20-\x7e\x80-\xff]*$/

/** Never throws: what cannot be believed is `broken`, with one sentence for the log. */
export function parseHead(raw: RawHead): ResponseHead {
  const { method, status, reasonPhrase = '', fields } = raw
  const isLenient = raw.framing === 'lenient'
  // RFC 9110 §15: values outside 100..599 are invalid. 101 answers an upgrade, and none was asked for.
  if (status < 100 || status > 599 || status === 101) return broken(`The origin answered with the status ${status}`)
  if (status < 200) return { kind: 'interim', status, fields }

  const codings = fieldLines(fields, 'transfer-encoding')
  const lengths = fieldLines(fields, 'content-length')
  // RFC 9112 §6.3: both together smell of response splitting; which one holds depends on who reads.
  if (codings.length > 0 && lengths.length > 0) return broken('The origin sent Transfer-Encoding and Content-Length together')
  const isChunked = codings.length === 1 && codings[0]?.toLowerCase() === 'chunked'
  // Chunks inside or around another coding would be read in two ways; without them only the close can end the body (RFC 9112 §6.3).
  if (codings.length > 0 && !isChunked && (!isLenient || /chunked/i.test(codings.join()))) {
    return broken('The origin sent a Transfer-Encoding other than "chunked"')
  }
  const length = lengths[0]
  if (length !== undefined && (!digits.test(length) || lengths.some((line) => line !== length))) {
    return broken('The origin sent a Content-Length that is not one number')
  }

  const head = {
    kind: 'head',
    status,
    // undici decodes the phrase as UTF-8; what did not survive that is dropped, so that nobody fails to send it on.
    reasonPhrase: fieldContent.test(reasonPhrase) ? reasonPhrase : '',
    fields,
    isEventStream: isEventStream(fields),
  } as const
  if (method === 'HEAD' || status === 204 || status === 304) return { ...head, framing: 'none', contentLength: undefined }
  if (isChunked) return { ...head, framing: 'chunked', contentLength: undefined }
  // RFC 9112 §8: complete whatever its length, provided that it was the origin who closed.
  if (length === undefined) {
    return { ...head, framing: isLenient && raw.tellsClose ? 'orderly-close' : 'close', contentLength: undefined }
  }
  return { ...head, framing: 'length', contentLength: Number(length) }
}

/** undici's raw pairs as text: latin1, so that every byte survives, and without the whitespace that its parser leaves behind values. */
export function decodeFields(raw: unknown): Fields {
  if (!Array.isArray(raw)) return []
  return raw.map((part) => withoutTrailingSpace(Buffer.isBuffer(part) ? part.toString('latin1') : String(part)))
}

/** By hand: a regular expression for this takes quadratic time on a long run of spaces. */
function withoutTrailingSpace(value: string): string {
  let end = value.length
  while (end > 0 && (value[end - 1] === ' ' || value[end - 1] === '\t')) end--
  return end === value.length ? value : value.slice(0, end)
}

function broken(message: string): ResponseHead {
  return { kind: 'broken', message }
}

function isEventStream(fields: Fields): boolean {
  return fieldLines(fields, 'content-type').some((value) => /^text\/event-stream\b/i.test(value))
}

/** What a body is, as far as anyone here asks: JSON to read values from, an event stream to leave alone, worth compressing or not. */
import { type Fields, fieldLines } from './fields.ts'
import { isToken, splitList } from './list.ts'

/** Beside `text/*`, `+json` and `+xml`. */
const compressible: ReadonlySet<string> = new Set([
  'application/graphql',
  'application/javascript',
  'application/json',
  'application/manifest+json',
  'application/rtf',
  'application/vnd.ms-fontobject',
  'application/wasm',
  'application/x-javascript',
  'application/x-ndjson',
  'application/x-www-form-urlencoded',
  'application/xml',
  'application/yaml',
  'font/otf',
  'font/ttf',
  'image/bmp',
  'image/vnd.microsoft.icon',
  'image/x-icon',
])

/** The Content-Type without parameters, lower case; undefined when it is missing, malformed, or there several times and differs. */
export function mediaTypeOf(fields: Fields): string | undefined {
  const [type, ...others] = new Set(fieldLines(fields, 'content-type').map(essenceOf))
  return others.length === 0 && isMediaType(type) ? type : undefined
}

function essenceOf(line: string): string {
  return (splitList(line, ';')[0] ?? '').toLowerCase()
}

function isMediaType(text: string | undefined): text is string {
  const parts = text?.split('/') ?? []
  return parts.length === 2 && parts.every(isToken)
}

/** application/json, or a type with the suffix +json (RFC 6839 §3.1). */
export function isJson(type: string | undefined): boolean {
  return type === 'application/json' || type?.endsWith('+json') === true
}

export function isEventStream(type: string | undefined): boolean {
  return type === 'text/event-stream'
}

/** Whether bodies of this type usually shrink. An event stream would, but must never wait for a compressor. */
export function isCompressible(type: string | undefined): boolean {
  if (type === undefined || isEventStream(type)) return false
  return type.startsWith('text/') || type.endsWith('+json') || type.endsWith('+xml') || compressible.has(type)
}

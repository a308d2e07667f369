/**
 * Refusals: which status a client gets for what the gate, or Node's parser before it, does not let through, and the answer's bytes. A refused
 * connection is closed: what follows on it cannot be trusted to begin where it seems to.
 */
import { STATUS_CODES } from 'node:http'
import { formatCacheStatus } from '../http/cache-status.ts'
import type { Reason } from '../observe/reasons.ts'

export interface Refusal {
  readonly status: number
  readonly reason: Reason
}

export const tooManyConnections: Refusal = { status: 503, reason: 'too-many-connections' }
export const methodRefused: Refusal = { status: 405, reason: 'method-refused' }

/** The methods named in Allow; others that Node's parser knows pass as well, and it is the origin's to refuse them. */
export const allowedMethods = 'GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE, QUERY'

/** What an error of `clientError` means. */
export type Broke =
  | (Refusal & { readonly kind: 'refused' })
  /** The peer has left, or the socket failed: nobody is there to be told. */
  | { readonly kind: 'gone' }
  /** Bytes behind a request that was to be the last: answers that are owed go out, the bytes are nothing. */
  | { readonly kind: 'over' }

const gone: Broke = { kind: 'gone' }

/** By the parser's code; a code that is not here is about a field. */
const broken: ReadonlyMap<string, Broke> = new Map<string, Broke>([
  ['ERR_HTTP_REQUEST_TIMEOUT', { kind: 'refused', status: 408, reason: 'request-timeout' }],
  ['HPE_HEADER_OVERFLOW', { kind: 'refused', status: 431, reason: 'header-too-large' }],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', { kind: 'refused', status: 413, reason: 'body-too-large' }],
  ['HPE_INVALID_VERSION', { kind: 'refused', status: 505, reason: 'bad-version' }],
  ['HPE_PAUSED_H2_UPGRADE', { kind: 'refused', status: 505, reason: 'bad-version' }],
  ['HPE_INVALID_METHOD', { kind: 'refused', status: 400, reason: 'bad-request-line' }],
  ['HPE_INVALID_CONSTANT', { kind: 'refused', status: 400, reason: 'bad-request-line' }],
  ['HPE_INVALID_URL', { kind: 'refused', status: 400, reason: 'bad-target' }],
  ['HPE_INVALID_CONTENT_LENGTH', { kind: 'refused', status: 400, reason: 'bad-framing' }],
  ['HPE_UNEXPECTED_CONTENT_LENGTH', { kind: 'refused', status: 400, reason: 'bad-framing' }],
  ['HPE_INVALID_TRANSFER_ENCODING', { kind: 'refused', status: 400, reason: 'bad-framing' }],
  ['HPE_INVALID_CHUNK_SIZE', { kind: 'refused', status: 400, reason: 'bad-framing' }],
  ['HPE_STRICT', { kind: 'refused', status: 400, reason: 'bad-framing' }],
  ['HPE_INVALID_EOF_STATE', gone],
  ['HPE_CLOSED_CONNECTION', { kind: 'over' }],
])

export function parserRefusal(code: string | undefined): Broke {
  if (code === undefined) return gone
  return broken.get(code) ?? (code.startsWith('HPE_') ? { kind: 'refused', status: 400, reason: 'bad-field' } : gone)
}

/** The answer's body: one line. */
export function refusalText({ status, reason }: Refusal): string {
  return `${status} ${reason}\n`
}

/** The answer's fields, flat. */
export function refusalFields(refusal: Refusal): string[] {
  const fields = [
    'Content-Type',
    'text/plain; charset=utf-8',
    'Cache-Control',
    'no-store',
    'Cache-Status',
    formatCacheStatus({ kind: 'neither', detail: refusal.reason }),
    'Content-Length',
    String(refusalText(refusal).length),
    'Connection',
    'close',
  ]
  if (refusal.status === 405) fields.push('Allow', allowedMethods)
  if (refusal.status === 503) fields.push('Retry-After', '1')
  return fields
}

/** The whole answer, for a socket on which no request stands that it could answer. */
export function formatRefusal(refusal: Refusal, now: number): string {
  let text = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}\r\nDate: ${new Date(now).toUTCString()}\r\n`
  const fields = refusalFields(refusal)
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`
  return `${text}\r\n${refusalText(refusal)}`
}

/**
 * What an error of undici's means for the caller: whose fault it is, and whether the origin may have seen the request.
 */
import { OriginError } from './origin.ts'

export interface Progress {
  /** A byte of the request may have left. */
  readonly isSent: boolean
  /** The connection stood already when the request was dispatched. */
  readonly wasOpen: boolean
}

export function explain(error: Error, { isSent, wasOpen }: Progress): OriginError {
  const code = (error as NodeJS.ErrnoException).code ?? error.name
  if (code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') {
    return new OriginError('aborted', isSent, 'The request body is not as long as its Content-Length', error)
  }
  // request-check.ts is there so that this does not happen; a new version of undici may refuse something new.
  if (code.startsWith('UND_ERR_INVALID') || code === 'UND_ERR_NOT_SUPPORTED') {
    return new OriginError('origin-request-refused', false, error.message, error)
  }
  if (isSent) return new OriginError('origin-broken', true, `The connection to the origin broke: ${code}`, error)
  if (wasOpen) return new OriginError('origin-broken', false, `The idle connection to the origin broke: ${code}`, error)
  return new OriginError('origin-unreachable', false, `Cannot connect to the origin: ${code}`, error)
}

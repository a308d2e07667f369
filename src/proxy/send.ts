/** One exchange with the origin, counted however it ends. */
import { OriginError, type OriginRequest, type OriginResponse, type SendOptions } from '../origin/origin.ts'
import { type Milliseconds, milliseconds } from '../time.ts'
import type { Parts } from './parts.ts'

export interface Sent {
  readonly response: OriginResponse | OriginError
  /** Until the head was there, or was not to come. */
  readonly duration: Milliseconds
}

/** Never rejects. */
export async function send(parts: Parts, rule: string, request: OriginRequest, options: SendOptions = {}): Promise<Sent> {
  const startedAt = parts.clock.monotonic()
  const response = await parts.origin.send(request, options).catch(failureOf)
  const duration = milliseconds(parts.clock.monotonic() - startedAt)
  const status = response instanceof OriginError ? undefined : response.status
  parts.observer.originAnswered({ rule, duration, status })
  return { response, duration }
}

function failureOf(error: unknown): OriginError {
  return error instanceof OriginError ? error : new OriginError('origin-broken', true, 'Origin failed unexpectedly', error)
}

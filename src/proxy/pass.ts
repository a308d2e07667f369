/** Passing: to the origin as it came and back as it comes; nothing is looked up and nothing kept. */
import type { Forward } from '../http/cache-status.ts'
import { isEventStream, mediaTypeOf } from '../http/media-type.ts'
import { OriginError, type OriginResponse } from '../origin/origin.ts'
import { milliseconds } from '../time.ts'
import { answerFailure, answerOrigin } from './answer.ts'
import { headOf } from './fill.ts'
import { passRequest } from './forward.ts'
import type { Visit } from './visit.ts'
import type { Pass } from './way.ts'

export async function pass(visit: Visit, way: Pass, fwd: Forward = way.reason === 'method' ? 'method' : 'bypass'): Promise<void> {
  const { exchange, parts } = visit
  visit.rule = way.rule
  const leaving = new AbortController()
  exchange.onGone(() => leaving.abort())
  const startedAt = parts.clock.monotonic()
  let response: OriginResponse
  try {
    response = await parts.origin.send(passRequest(exchange, visit.body, parts.settings), { signal: leaving.signal })
  } catch (error) {
    visit.originDuration = milliseconds(parts.clock.monotonic() - startedAt)
    const failure =
      error instanceof OriginError ? error : new OriginError('origin-broken', true, 'Origin failed unexpectedly', error)
    return answerFailure(visit, failure, fwd)
  }
  visit.originDuration = milliseconds(parts.clock.monotonic() - startedAt)
  parts.observer.originAnswered({ rule: way.rule, duration: visit.originDuration, status: response.status })
  const head = headOf(response)
  visit.reason = isEventStream(mediaTypeOf(head.fields)) ? 'event-stream' : way.reason
  await answerOrigin(visit, response, head, { kind: 'forward', fwd, fwdStatus: head.status })
}

/** Passing: to the origin as it came and back as it comes; nothing is looked up and nothing kept. */
import type { Forward } from '../http/cache-status.ts'
import { isEventStream, mediaTypeOf } from '../http/media-type.ts'
import { OriginError, type OriginResponse } from '../origin/origin.ts'
import { milliseconds } from '../time.ts'
import { answerFailure, answerOrigin } from './answer.ts'
import { passRequest } from './forward.ts'
import { headOf, isServerError } from './origin-head.ts'
import type { Visit } from './visit.ts'
import type { Pass } from './way.ts'

export interface PassOptions {
  readonly fwd?: Forward
  /** Answers in place of an origin that fails or says so with `status`. False: there is nothing to answer with. */
  readonly rescue?: (status: number | undefined) => Promise<boolean>
}

export async function pass(visit: Visit, way: Pass, { fwd = forwardOf(way), rescue }: PassOptions = {}): Promise<void> {
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
    parts.observer.originAnswered({ rule: way.rule, duration: visit.originDuration, status: undefined })
    if (await rescue?.(undefined)) return
    return answerFailure(visit, failure, fwd)
  }
  visit.originDuration = milliseconds(parts.clock.monotonic() - startedAt)
  parts.observer.originAnswered({ rule: way.rule, duration: visit.originDuration, status: response.status })
  if (isServerError(response.status) && (await rescue?.(response.status))) {
    response.body.on('error', () => {}).destroy()
    return
  }
  const head = headOf(response)
  visit.reason = isEventStream(mediaTypeOf(head.fields)) ? 'event-stream' : way.reason
  await answerOrigin(visit, response, head, { kind: 'forward', fwd, fwdStatus: head.status })
}

function forwardOf({ reason }: Pass): Forward {
  return reason === 'method' ? 'method' : 'bypass'
}

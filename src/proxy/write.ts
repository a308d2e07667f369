/**
 * A write: forwarded once, and whatever it makes old is purged before the writer gets its answer. When the origin may have done it although no
 * answer came, it is purged as well: over-invalidating costs a request, the other way round costs the truth.
 */
import type { CacheStatus } from '../http/cache-status.ts'
import type { ResponseHead } from '../http/response.ts'
import type { Reason } from '../observe/reasons.ts'
import { OriginError, type OriginResponse } from '../origin/origin.ts'
import { milliseconds } from '../time.ts'
import { answerFailure, answerOrigin, answerWhole } from './answer.ts'
import { bodyJson } from './body-json.ts'
import { headOf } from './fill.ts'
import { passRequest } from './forward.ts'
import { type Outcome, purgesNeed, purgeWorkOf } from './outcome.ts'
import { type PurgeWork, purge } from './purge.ts'
import { readWhole } from './read-whole.ts'
import { Tee } from './tee.ts'
import type { Visit } from './visit.ts'
import type { Write } from './way.ts'

export async function write(visit: Visit, way: Write): Promise<void> {
  const { exchange, parts } = visit
  visit.rule = way.rule
  const isBodyNeeded = purgesNeed(way.purges, 'request.json')
  const tee = exchange.body !== undefined && isBodyNeeded ? new Tee(exchange.body, parts.settings.jsonLimit) : undefined
  const startedAt = parts.clock.monotonic()
  let response: OriginResponse
  try {
    response = await parts.origin.send(passRequest(exchange, tee?.stream ?? visit.body, parts.settings))
  } catch (error) {
    const failure =
      error instanceof OriginError ? error : new OriginError('origin-broken', true, 'Origin failed unexpectedly', error)
    visit.originDuration = milliseconds(parts.clock.monotonic() - startedAt)
    if (failure.isSent) await settle(visit, way, { kind: 'unknown', request: requestCopy(visit, tee) })
    return answerFailure(visit, failure, 'method')
  }
  visit.originDuration = milliseconds(parts.clock.monotonic() - startedAt)
  parts.observer.originAnswered({ rule: way.rule, duration: visit.originDuration, status: response.status })
  await answerWrite(visit, way, { response, head: headOf(response), request: requestCopy(visit, tee) })
}

interface Answered {
  readonly response: OriginResponse
  readonly head: ResponseHead
  readonly request: Uint8Array | undefined
}

/** An answer that is short is read first, so that it is purged once, with all that it says. */
const shortBody = 65_536

async function answerWrite(visit: Visit, way: Write, { response, head, request }: Answered): Promise<void> {
  const { parts } = visit
  const { jsonLimit } = parts.settings
  visit.reason = reasonOf(head.status)
  const status: CacheStatus = { kind: 'forward', fwd: 'method', fwdStatus: head.status }
  const isAnswerNeeded = purgesNeed(way.purges, 'response.json')
  const isShort = response.framing === 'none' || (response.contentLength !== undefined && response.contentLength <= shortBody)
  const read = isAnswerNeeded || isShort ? await readWhole(response.body, Math.max(jsonLimit, shortBody)) : undefined
  const kind = head.status >= 500 ? 'server-error' : 'answered'
  if (read?.kind === 'failed') {
    await settle(visit, way, { kind: 'unknown', request })
    return answerFailure(visit, new OriginError('origin-broken', true, 'Answer to a write was cut', read.error), 'method')
  }
  if (read?.kind === 'whole') {
    const json = isAnswerNeeded ? await bodyJson(head, read.body, jsonLimit) : undefined
    const fields = await settle(visit, way, { kind, request, head, json })
    return answerWhole(visit, { ...head, fields: [...head.fields, ...fields] }, read.body, status)
  }
  // A long answer: purged at its head, and again at its end, since the origin may commit as late as that.
  const outcome: Outcome = { kind, request, head, json: undefined }
  const fields = await settle(visit, way, outcome)
  await answerOrigin(visit, response, { ...head, fields: [...head.fields, ...fields] }, status, async () => {
    await settle(visit, way, outcome)
  })
}

/** Purges what the outcome makes old. The fields say to the writer when that could not be done yet. */
async function settle(visit: Visit, way: Write, outcome: Outcome): Promise<readonly string[]> {
  const work: PurgeWork = await purgeWorkOf(visit, { ...way, isUriInvalidated: true }, outcome)
  const result = await purge(visit.parts, work)
  return result.kind === 'queued' ? ['Springhouse-Purge', 'queued'] : []
}

function requestCopy(visit: Visit, tee: Tee | undefined): Uint8Array | undefined {
  return tee?.copy ?? (visit.body instanceof Uint8Array ? visit.body : undefined)
}

function reasonOf(status: number): Reason {
  if (status >= 500) return 'write-unknown'
  return status >= 400 ? 'write-failed' : 'write'
}

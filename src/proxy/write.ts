/**
 * A write: forwarded once, and whatever it makes old is purged before the writer gets its answer. When the origin may have done it although no
 * answer came, it is purged as well: over-invalidating costs a request, the other way round costs the truth.
 */
import { Readable } from 'node:stream'
import type { CacheStatus } from '../http/cache-status.ts'
import { isJson, mediaTypeOf } from '../http/media-type.ts'
import type { ResponseHead } from '../http/response.ts'
import type { Reason } from '../observe/reasons.ts'
import { OriginError, type OriginResponse } from '../origin/origin.ts'
import { milliseconds } from '../time.ts'
import { announce, withdraw } from './announce.ts'
import { answerError, answerFailure, answerOrigin, answerWhole } from './answer.ts'
import { purgeBehind, purgeMeanwhile } from './behind.ts'
import { bodyJson } from './body-json.ts'
import { passRequest } from './forward.ts'
import { headOf } from './origin-head.ts'
import { type Outcome, type Purging, purgesNeed } from './outcome.ts'
import { keepPost, type PostAnswer, postAnswer, stampOfPost } from './post.ts'
import { readWhole } from './read-whole.ts'
import { Tee } from './tee.ts'
import type { Visit } from './visit.ts'
import type { Write } from './way.ts'

/** A success invalidates the write's own URI, without any rule. */
type Writing = Write & Purging

export async function write(visit: Visit, given: Write): Promise<void> {
  const { exchange, parts } = visit
  const way: Writing = { ...given, isUriInvalidated: true }
  visit.rule = way.rule
  if (!(await announce(visit, way))) return answerError(visit, 503, 'purge-unavailable', { kind: 'neither' })
  const isBodyNeeded = purgesNeed(way.purges, 'request.json')
  // A body that was read for the match is there already, and its stream is at its end.
  const tee = visit.body instanceof Readable && isBodyNeeded ? new Tee(visit.body, parts.settings.jsonLimit) : undefined
  const stamp = stampOfPost(visit, way)
  const requestTime = parts.clock.now()
  const startedAt = parts.clock.monotonic()
  let response: OriginResponse
  try {
    response = await parts.origin.send(passRequest(exchange, tee?.stream ?? visit.body, parts.settings))
  } catch (error) {
    const failure =
      error instanceof OriginError ? error : new OriginError('origin-broken', true, 'Origin failed unexpectedly', error)
    visit.originDuration = milliseconds(parts.clock.monotonic() - startedAt)
    parts.observer.originAnswered({ rule: way.rule, duration: visit.originDuration, status: undefined })
    if (failure.isSent) await purgeBehind(visit, way, { kind: 'unknown', request: requestCopy(visit, tee) })
    else withdraw(visit)
    return answerFailure(visit, failure, 'method')
  }
  visit.originDuration = milliseconds(parts.clock.monotonic() - startedAt)
  parts.observer.originAnswered({ rule: way.rule, duration: visit.originDuration, status: response.status })
  const head = headOf(response)
  const times = { requestTime, responseTime: parts.clock.now() }
  const post = stamp === undefined ? undefined : postAnswer(visit, { stamp, response, head, times })
  await answerWrite(visit, way, { response, head, request: requestCopy(visit, tee), post })
}

interface Answered {
  readonly response: OriginResponse
  readonly head: ResponseHead
  readonly request: Uint8Array | undefined
  /** What may be stored of the answer, once its body is read. */
  readonly post: PostAnswer | undefined
}

/** An answer that is short is read first, so that it is purged once, with all that it says. */
const shortBody = 65_536

async function answerWrite(visit: Visit, way: Writing, { response, head, request, post }: Answered): Promise<void> {
  const { parts } = visit
  const { jsonLimit } = parts.settings
  visit.reason = reasonOf(head.status)
  const status: CacheStatus = { kind: 'forward', fwd: 'method', fwdStatus: head.status }
  const isAnswerNeeded = purgesNeed(way.purges, 'response.json') && isJson(mediaTypeOf(head.fields))
  const isShort = response.contentLength !== undefined && response.contentLength <= shortBody
  const read =
    response.framing !== 'none' && (isAnswerNeeded || isShort || post !== undefined)
      ? await readWhole(response.body, Math.max(jsonLimit, shortBody))
      : undefined
  const kind = head.status >= 500 ? 'server-error' : 'answered'
  if (response.framing === 'none') {
    await purgeBehind(visit, way, { kind, request, head, json: undefined })
    return answerOrigin(visit, response, head, status)
  }
  if (read?.kind === 'failed') {
    await purgeBehind(visit, way, { kind: 'unknown', request })
    return answerFailure(visit, new OriginError('origin-broken', true, 'Answer to a write was cut', read.error), 'method')
  }
  if (read?.kind === 'whole') {
    const json = isAnswerNeeded ? await bodyJson(head, read.body, jsonLimit) : undefined
    const result = await purgeBehind(visit, way, { kind, request, head, json })
    if (post !== undefined) {
      const keeping = keepPost(visit, post, { result, body: read.body })
      parts.background.own(parts.landings.own(post.read.primaryKey, keeping))
    }
    return answerWhole(visit, head, read.body, status)
  }
  // A long answer: purged at its head, and again at its end, since the origin may commit as late as that.
  const outcome: Outcome = { kind, request, head, json: undefined }
  await purgeMeanwhile(visit, way, outcome)
  await answerOrigin(visit, response, head, status, async (how) => {
    await purgeBehind(visit, way, { ...outcome, isCut: how !== 'complete' })
  })
}

function requestCopy(visit: Visit, tee: Tee | undefined): Uint8Array | undefined {
  return tee?.copy ?? (visit.body instanceof Uint8Array ? visit.body : undefined)
}

function reasonOf(status: number): Reason {
  if (status >= 500) return 'write-unknown'
  return status >= 400 ? 'write-failed' : 'write'
}

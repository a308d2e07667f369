/** The ways back to the client: from the store, from a capture that still grows, straight from the origin, or with an error of our own. */

import { currentAge } from '../cache/age.ts'
import type { Entry } from '../cache/entry.ts'
import { respond } from '../cache/respond.ts'
import type { CacheStatus, Forward } from '../http/cache-status.ts'
import { type Fields, hasField } from '../http/fields.ts'
import type { ResponseHead } from '../http/response.ts'
import { withVia } from '../http/via.ts'
import type { Reason } from '../observe/reasons.ts'
import type { OriginError, OriginFailure, OriginResponse } from '../origin/origin.ts'
import type { Seconds } from '../time.ts'
import type { Fill } from './fill.ts'
import { stream } from './stream.ts'
import type { Visit } from './visit.ts'

export interface FromStore {
  readonly entry: Entry
  /** The entry's body as the origin sent it. */
  readonly body: Uint8Array
  readonly age: Seconds
  readonly reason: Reason
  readonly status: CacheStatus
}

/** A stored response, as the request's own conditions and ranges want it. */
export function answerStored(visit: Visit, { entry, body, age, reason, status }: FromStore): void {
  const { exchange, request } = visit
  visit.reason = reason
  const answer = respond({ entry, body, request, age, now: visit.now })
  const head = ourHead(visit, answer.head, status)
  if (answer.body !== undefined && request.method !== 'HEAD') exchange.respond(head, answer.body)
  else {
    exchange.head(head, answer.kind === 'not-modified' ? undefined : entry.bodyLength)
    exchange.end()
  }
  visit.finish(head.status)
}

type Shared = Extract<Fill, { kind: 'shared' }>

export interface FromShared {
  readonly fill: Shared
  /** The one whose request caused the fetch gets its answer whole; the others what is stored. */
  readonly isLeader: boolean
  readonly reason: Reason
  readonly fwd: Forward
  readonly isStored: boolean
  readonly bodyOf: (entry: Entry) => Promise<Uint8Array>
}

/** Streams a shared answer while it is still coming. Resolves when this client has it all, or has left. */
export async function answerShared(visit: Visit, shared: FromShared): Promise<void> {
  const { exchange, request, parts } = visit
  const { fill, isLeader } = shared
  visit.reason = shared.reason
  const status: CacheStatus = {
    kind: 'forward',
    fwd: shared.fwd,
    isStored: isLeader && shared.isStored,
    isCollapsed: !isLeader,
  }
  const done = Promise.withResolvers<void>()
  const subscription = fill.capture.subscribe({
    write: (chunk) => exchange.write(chunk),
    onDrain: (run) => exchange.onDrain(run),
    end: (trailers) => {
      exchange.end(trailers)
      done.resolve()
    },
    cut: () => {
      exchange.destroy()
      done.resolve()
    },
  })
  exchange.onGone(() => {
    subscription.cancel()
    done.resolve()
  })
  if (isPartOfAnswer(request.fields)) {
    // Conditions and ranges are judged on the whole; where the whole cannot be kept, they are ignored, as RFC 9110 §13.2.1 and §14.2 allow.
    const entry = await Promise.race([fill.entry, done.promise])
    if (entry !== undefined) {
      subscription.cancel()
      const age = currentAge(entry, parts.clock.now())
      answerStored(visit, { entry, body: await shared.bodyOf(entry), age, reason: shared.reason, status })
      return
    }
  }
  const head = isLeader ? fill.head : fill.storedHead
  exchange.head(ourHead(visit, head, status), fill.bodyLength)
  subscription.start()
  await done.promise
  visit.finish(head.status)
}

function isPartOfAnswer(fields: Fields): boolean {
  return hasField(fields, 'range') || hasField(fields, 'if-none-match') || hasField(fields, 'if-modified-since')
}

/** An answer of the origin's for this client alone, streamed and not kept. Resolves when it has gone out, or the client has left. */
export async function answerOrigin(
  visit: Visit,
  response: OriginResponse,
  head: ResponseHead,
  status: CacheStatus,
  beforeEnd?: () => Promise<void>,
): Promise<void> {
  const { exchange } = visit
  exchange.head(ourHead(visit, head, status), response.contentLength)
  await stream(response, exchange, beforeEnd)
  visit.finish(head.status)
}

/** An answer of the origin's that was read whole before it was passed on. */
export function answerWhole(visit: Visit, head: ResponseHead, body: Uint8Array, status: CacheStatus): void {
  visit.exchange.respond(ourHead(visit, head, status), body)
  visit.finish(head.status)
}

/** What a client sees when the origin gave nothing. */
const failureStatus: Readonly<Record<OriginFailure, number>> = {
  'origin-unreachable': 502,
  'origin-overloaded': 503,
  'origin-circuit-open': 503,
  'origin-timeout': 504,
  'origin-broken': 502,
  'origin-request-refused': 400,
  aborted: 502,
}

export function answerFailure(visit: Visit, error: OriginError, fwd: Forward): void {
  answerError(visit, failureStatus[error.failure], error.failure, { kind: 'forward', fwd })
}

/** An answer of our own making: status, one line that says why, and the reason in `Cache-Status`. Never stored by anybody. */
export function answerError(visit: Visit, code: number, reason: Reason, status: CacheStatus): void {
  const { exchange } = visit
  visit.reason = reason
  const fields = [
    'Content-Type',
    'text/plain; charset=utf-8',
    'Cache-Control',
    'no-store',
    'Date',
    new Date(visit.now).toUTCString(),
  ]
  if (code === 503) fields.push('Retry-After', '1')
  const head = ourHead(visit, { status: code, reasonPhrase: '', fields }, status)
  exchange.respond(head, Buffer.from(`${code} ${reason}\n`))
  visit.finish(code)
}

function ourHead(visit: Visit, head: ResponseHead, status: CacheStatus): ResponseHead {
  const fields = visit.parts.settings.sendVia ? withVia(head.fields) : [...head.fields]
  const kept: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    if ((fields[i] as string).toLowerCase() !== 'cache-status') kept.push(fields[i] as string, fields[i + 1] as string)
  }
  kept.push('Cache-Status', visit.cacheStatus(status, head.fields))
  return { ...head, fields: kept }
}

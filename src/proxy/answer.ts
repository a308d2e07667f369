/** The ways back to the client: from the store, from a capture that still grows, straight from the origin, or with an error of our own. */

import { currentAge } from '../cache/age.ts'
import type { Entry } from '../cache/entry.ts'
import type { Policy } from '../cache/policy.ts'
import { respond } from '../cache/respond.ts'
import type { CacheStatus, Forward } from '../http/cache-status.ts'
import { type Fields, fieldValue, hasField, withoutFields } from '../http/fields.ts'
import type { ResponseHead } from '../http/response.ts'
import { withVia } from '../http/via.ts'
import type { Reason } from '../observe/reasons.ts'
import type { OriginError, OriginFailure, OriginResponse } from '../origin/origin.ts'
import type { Seconds } from '../time.ts'
import type { Fill } from './errand.ts'
import { BodyTooLarge } from './exchange.ts'
import { type Streamed, stream } from './stream.ts'
import type { Visit } from './visit.ts'

export interface FromStore {
  readonly entry: Entry
  /** The entry's body as the origin sent it. */
  readonly body: Uint8Array
  readonly age: Seconds
  readonly policy: Policy
  readonly reason: Reason
  readonly status: CacheStatus
}

/** A stored response, as the request's own conditions and ranges want it. */
export function answerStored(visit: Visit, { entry, body, age, policy, reason, status }: FromStore): void {
  const { exchange, request } = visit
  visit.reason = reason
  const answer = respond({ entry, body, request, age, now: visit.now, policy })
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
  readonly policy: Policy
  readonly reason: Reason
  readonly fwd: Forward
  readonly bodyOf: (entry: Entry) => Promise<Uint8Array | undefined>
  /** Awaited before the first byte of the answer. */
  readonly beforeHead?: () => Promise<void>
}

/** Streams a shared answer while it is still coming. Resolves when this client has it all, or has left. */
export async function answerShared(visit: Visit, shared: FromShared): Promise<void> {
  const { exchange } = visit
  const { fill, isLeader } = shared
  visit.reason = shared.reason
  const status: CacheStatus = {
    kind: 'forward',
    fwd: shared.fwd,
    isStored: isLeader && fill.isStored,
    fwdStatus: isLeader ? fill.fwdStatus : undefined,
    isCollapsed: !isLeader,
  }
  const done = Promise.withResolvers<void>()
  const subscription = fill.capture.subscribe({
    write: (chunk) => exchange.write(chunk),
    onDrain: (run) => exchange.onDrain(run),
    end: (trailers) => {
      // As they are not stored, they are the leader's alone: a cookie may be among them.
      exchange.end(isLeader ? trailers : [])
      done.resolve()
    },
    failed: done.reject,
    cut: () => {
      exchange.destroy()
      done.resolve()
    },
  })
  exchange.onGone(() => {
    subscription.cancel()
    done.resolve()
  })
  try {
    await shared.beforeHead?.()
    if (await answerPart(visit, { ...shared, status, gone: done.promise })) return
    const head = isLeader ? fill.head : fill.storedHead
    exchange.head(ourHead(visit, head, status), fill.bodyLength)
    subscription.start()
    await done.promise
    visit.finish(head.status)
  } finally {
    // A reader that never began would hold the body back for all others.
    subscription.cancel()
  }
}

/** False: the request is after no part, or there is no whole to take it from. */
async function answerPart(visit: Visit, shared: FromShared & { status: CacheStatus; gone: Promise<void> }): Promise<boolean> {
  const { fill, status, policy, reason, gone } = shared
  // The origin has cut it to the range; what is left are the conditions.
  const isCut = fill.head.status === 206
  if (isCut ? !isConditional(visit.request.fields) : !isPartOfAnswer(visit.request.fields)) return false
  // Conditions and ranges are judged on the whole; where the whole cannot be kept, they are ignored, as RFC 9110 §13.2.1 and §14.2 allow.
  const entry = await Promise.race([fill.entry, gone])
  if (entry === undefined) return false
  const body = await shared.bodyOf(entry)
  if (body === undefined) return false
  answerStored(visit, { entry, body, age: currentAge(entry, visit.parts.clock.now()), policy, reason, status })
  return true
}

function isPartOfAnswer(fields: Fields): boolean {
  return hasField(fields, 'range') || isConditional(fields)
}

function isConditional(fields: Fields): boolean {
  return hasField(fields, 'if-none-match') || hasField(fields, 'if-modified-since')
}

/** An answer of the origin's for this client alone, streamed and not kept. Resolves when it has gone out, or the client has left. */
export async function answerOrigin(
  visit: Visit,
  response: OriginResponse,
  head: ResponseHead,
  status: CacheStatus,
  beforeEnd?: (how: Streamed) => Promise<void>,
): Promise<void> {
  const { exchange } = visit
  try {
    exchange.head(ourHead(visit, head, status), response.contentLength ?? announcedLength(response))
  } catch (error) {
    // Nobody would read it, and its connection would never be free again.
    response.body.destroy()
    throw error
  }
  await stream(response, exchange, beforeEnd)
  visit.finish(head.status)
}

/** What Content-Length says where no body follows: the length that a GET would have (RFC 9110 §8.6). */
function announcedLength({ framing, fields }: OriginResponse): number | undefined {
  const value = framing === 'none' ? fieldValue(fields, 'content-length') : undefined
  return value === undefined ? undefined : Number(value)
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
  if (visit.exchange.isGone) abandon(visit)
  else if (visit.exchange.body?.errored instanceof BodyTooLarge) answerTooLarge(visit)
  else answerError(visit, failureStatus[error.failure], error.failure, { kind: 'forward', fwd })
}

/** The request's body did not come whole: it is longer than the limit, or its client has left. */
export function answerBrokenBody(visit: Visit, error: Error): void {
  if (error instanceof BodyTooLarge) answerTooLarge(visit)
  else if (visit.exchange.isGone) abandon(visit)
  else answerError(visit, 400, 'aborted', { kind: 'neither' })
}

/** The client has left before anything was written: the diary ends, and nobody is told. */
export function abandon(visit: Visit): void {
  visit.reason = 'aborted'
  visit.finish(499)
}

function answerTooLarge(visit: Visit): void {
  answerError(visit, 413, 'body-too-large', { kind: 'neither' })
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

const cacheStatusField: ReadonlySet<string> = new Set(['cache-status'])

function ourHead(visit: Visit, head: ResponseHead, status: CacheStatus): ResponseHead {
  const fields = withoutFields(visit.parts.settings.sendVia ? withVia(head.fields) : head.fields, cacheStatusField)
  fields.push(...visit.ownFields, 'Cache-Status', visit.cacheStatus(status, head.fields))
  return { ...head, fields }
}

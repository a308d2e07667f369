/**
 * A POST that is answered with what a GET would get (RFC 9110 §9.3.3): with a lifetime of its own and a Content-Location that names the very
 * target. It is a write all the same and purges its own URI, so the answer is stored with the number of that purge, and only when no other
 * purge lies between the request and it: whatever was purged meanwhile may be in the answer or not.
 */
import type { Times } from '../cache/age.ts'
import type { Entry } from '../cache/entry.ts'
import type { Lifetime } from '../cache/freshness.ts'
import { namesTarget } from '../cache/invalidate.ts'
import { storable } from '../cache/storable.ts'
import { storedFields } from '../cache/stored-fields.ts'
import { isValidatable } from '../cache/validate.ts'
import type { Reading, Stamp } from '../cache/validity.ts'
import { selectorOf } from '../cache/variant.ts'
import { hasField } from '../http/fields.ts'
import type { Request } from '../http/request.ts'
import type { ResponseHead } from '../http/response.ts'
import type { OriginResponse } from '../origin/origin.ts'
import { compress } from '../store/compression.ts'
import { claims, credentialsOf } from './forward.ts'
import { labelsOfAnswer } from './lookup.ts'
import { isOvertaken } from './overtaken.ts'
import type { PurgeResult } from './purge.ts'
import { putEntry, rememberSelector } from './put.ts'
import { route } from './route.ts'
import type { Visit } from './visit.ts'
import type { Read, Write } from './way.ts'

/** An answer that may be stored, before its own purge. */
export interface PostAnswer {
  readonly read: Read
  readonly entry: Entry
  readonly lifetime: Lifetime
}

/** Taken before the request leaves. Undefined where its answer is stored in no case. */
export function stampOfPost({ request, inForce, parts }: Visit, way: Write): Stamp | undefined {
  if (request.method !== 'POST' || inForce.set.unmatched !== 'rfc' || way.purges.length > 0 || way.isAmbiguous) return undefined
  // What only the POST told the origin would be in the answer and not in the key.
  if (claims.some((name) => hasField(request.fields, name))) return undefined
  return parts.local.ledger.stampNow()
}

export interface Posted {
  readonly stamp: Stamp
  readonly response: OriginResponse
  readonly head: ResponseHead
  readonly times: Times
}

/** Judged at the head: the entry without its body, or undefined where there will be none. */
export function postAnswer(visit: Visit, { stamp, response, head, times }: Posted): PostAnswer | undefined {
  const { inForce, parts, now } = visit
  if (head.status !== 200 || !namesTarget(visit.request, head)) return undefined
  const request: Request = { ...visit.request, method: 'GET' }
  const read = route({ request, hasBody: false, inForce, originHost: parts.settings.originHost, facts: {}, now })
  if (read.kind !== 'read' || read.rule !== undefined) return undefined
  const verdict = storable({
    request,
    response: head,
    framing: response.framing,
    contentLength: response.contentLength,
    credentials: credentialsOf(read, request.fields, inForce.set),
    policy: read.policy,
    times,
  })
  const selector = selectorOf(head.fields, read.policy)
  if (verdict.kind !== 'storable' || selector === '*' || !isExplicit(verdict.lifetime)) return undefined
  const labels = labelsOfAnswer(read, inForce, head)
  if (labels === undefined) return undefined
  const entry: Entry = {
    ...head,
    fields: storedFields(head, read.policy, times),
    rule: read.name,
    body: new Uint8Array(0),
    atRest: 'identity',
    bodyLength: 0,
    ...times,
    initialAge: verdict.initialAge,
    stamp,
    labels,
    vary: selector,
  }
  return { read, entry, lifetime: verdict.lifetime }
}

function isExplicit({ source, fresh }: Lifetime): boolean {
  return source !== 'none' && source !== 'heuristic' && fresh > 0
}

export interface Purged {
  readonly result: PurgeResult
  readonly body: Uint8Array
}

/** Stores it as of its own purge, when that was the only one of its labels since the request left. */
export async function keepPost(visit: Visit, { read, entry: before, lifetime }: PostAnswer, purged: Purged): Promise<void> {
  const { parts, request } = visit
  const { result, body } = purged
  const [own, ...others] = result.kind === 'done' ? result.raised : []
  if (own === undefined || others.length > 0 || own.epoch !== before.stamp.epoch || own.previous > before.stamp.number) return
  if (body.length > Math.min(read.policy.maxSize, parts.settings.maxEntry)) return
  const reading = await parts.ledger.read(before.labels)
  if (reading === undefined || !isOnlyPurge(own.number, before, reading)) return
  const entry: Entry = {
    ...before,
    ...(await compress(body, before.fields, parts.settings.compressAbove)),
    stamp: { epoch: own.epoch, number: own.number },
  }
  if (isOvertaken(parts, entry)) return
  if (entry.vary.length > 0) rememberSelector(parts, read, entry.vary, entry.responseTime)
  const selector = entry.vary
  await putEntry(parts, read, { entry, selector, fields: request.fields, lifetime, isValidatable: isValidatable(entry) })
}

/** Whether no label was purged since the stamp but by the one that took this number. */
function isOnlyPurge(number: number, { stamp }: Entry, { epoch, purges }: Reading): boolean {
  if (epoch !== stamp.epoch) return false
  return [...purges.values()].every(({ hard, soft }) => soft <= stamp.number && (hard <= stamp.number || hard === number))
}

/**
 * One fetch on behalf of the store: ask the origin, decide at the head whether the answer may be shared, capture it while it streams, and put
 * it in the store with the stamp that was taken before the request left. Who waits for it, and who is answered from it, is not known here.
 */

import type { Times } from '../cache/age.ts'
import { type Lifetime, lifetimeOf } from '../cache/freshness.ts'
import { partFields, partOf } from '../cache/partial.ts'
import { cookieFields } from '../cache/sharing.ts'
import { isForItselfAlone, storable } from '../cache/storable.ts'
import { storedFields } from '../cache/stored-fields.ts'
import { selectorOf, variantKey } from '../cache/variant.ts'
import { hasField, withoutFields } from '../http/fields.ts'
import { endToEnd } from '../http/hop-by-hop.ts'
import type { ResponseHead } from '../http/response.ts'
import type { Reason } from '../observe/reasons.ts'
import { OriginError, type OriginResponse } from '../origin/origin.ts'
import { later, seconds } from '../time.ts'
import { Capture } from './capture.ts'
import { completed, completionOf, inheritedOf } from './complete.ts'
import { confirm } from './confirm.ts'
import { crowdOf } from './crowd.ts'
import type { Errand, Fill } from './errand.ts'
import { credentialsOf, fillRequest } from './forward.ts'
import { keep, tooLargeFor } from './keep.ts'
import { headOf, isServerError } from './origin-head.ts'
import type { Parts } from './parts.ts'
import { rememberSelector } from './put.ts'
import { send } from './send.ts'
import type { Read } from './way.ts'

const hitForMissFor = seconds(10)

/** Never rejects. */
export async function fill(parts: Parts, errand: Errand): Promise<Fill> {
  const { read, asker } = errand
  const isRangeKept = hasField(asker.request.fields, 'range') && isRangeForwarded(parts, errand)
  const completion = errand.partial === undefined ? undefined : await completionOf(parts, errand)
  const request = fillRequest({
    read,
    asker,
    set: errand.inForce.set,
    settings: parts.settings,
    validated: errand.validated,
    isRangeKept,
    completing: completion?.fields ?? [],
    ...(errand.onInterim === undefined ? {} : { onInterim: errand.onInterim }),
  })
  const requestTime = parts.clock.now()
  const { response } = await send(parts, read.name, request, { isBackground: errand.isBackground })
  if (response instanceof OriginError) return { kind: 'failed', error: response }
  const times: Times = { requestTime, responseTime: parts.clock.now() }
  if (response.status === 304 && errand.validated !== undefined) {
    const confirmed = await confirm(parts, errand, { response, times })
    return confirmed ?? fill(parts, { ...errand, validated: undefined })
  }
  if (completion !== undefined && (response.status === 206 || response.status === 416)) {
    const whole = response.status === 206 ? completed(completion, response, times) : undefined
    if (whole === undefined) {
      response.body.on('error', () => {}).destroy()
      return fill(parts, { ...errand, partial: undefined })
    }
    const joined: Errand = { ...errand, ...inheritedOf(completion.entry, errand) }
    const outcome = await judgeAnswer(parts, joined, { response: whole, times, isRangeKept: false })
    return outcome.kind === 'shared' ? { ...outcome, fwdStatus: response.status } : outcome
  }
  return judgeAnswer(parts, errand, { response, times, isRangeKept })
}

interface Answer {
  readonly response: OriginResponse
  readonly times: Times
  /** Whether the origin was asked for a part. */
  readonly isRangeKept: boolean
}

/** By the RFC a Range goes on as it is; under any other rule only where the whole is known to be above the limit. */
function isRangeForwarded(parts: Parts, { read, asker }: Errand): boolean {
  if (asker.request.method !== 'GET') return false
  return read.isByRfc || parts.memory.tooLarge.recall(read.primaryKey, parts.clock.now()) === true
}

function judgeAnswer(parts: Parts, errand: Errand, { response, times, isRangeKept }: Answer): Fill | Promise<Fill> {
  const { read, asker } = errand
  const { policy } = read
  const whole = headOf(response)
  const head = policy.setCookie === 'strip' ? { ...whole, fields: withoutFields(whole.fields, new Set(cookieFields)) } : whole
  const part = isRangeKept && read.isByRfc ? partOf(response, response.contentLength, policy.parts) : undefined
  const verdict = storable({
    isPart: part !== undefined,
    request: asker.request,
    response: whole,
    framing: response.framing,
    contentLength: response.contentLength,
    credentials: credentialsOf(read, asker.request.fields, errand.inForce.set),
    policy,
    times,
    isBodyKeyed: read.body !== undefined,
  })
  // What a Range makes of an answer, a 416 above all, is nothing for those who send another or none.
  if (isRangeKept && response.status !== 200 && part === undefined)
    return disown(parts, errand, { response, head: whole, reason: 'partial' })
  // It says that somebody else's answer may be another, whatever a rule keeps of errors.
  if (isRefusedWithoutCredentials(read, response.status))
    return disown(parts, errand, { response, head: whole, reason: 'status' })
  const isTooLarge = verdict.kind === 'not-storable' && verdict.reason === 'too-large'
  if (isTooLarge && !isRangeKept && asker.request.method === 'GET' && hasField(asker.request.fields, 'range')) {
    response.body.on('error', () => {}).destroy()
    parts.memory.tooLarge.remember(read.primaryKey, true, later(parts.clock.now(), tooLargeFor))
    return fill(parts, errand)
  }
  const selector = selectorOf(whole.fields, policy)
  if (verdict.kind === 'not-storable' || selector === '*') {
    const reason: Reason = verdict.kind === 'not-storable' ? verdict.reason : 'vary-any'
    if (reason === 'no-lifetime') adviseOverride(parts, read, lifetimeOf(whole, times, policy))
    return disown(parts, errand, { response, head: whole, reason })
  }
  adviseOverride(parts, read, verdict.lifetime)
  if (selector.length > 0) rememberSelector(parts, read, selector, times.responseTime)
  parts.memory.hitForMiss.forget(crowdOf(read.primaryKey, { read, fields: asker.request.fields, inForce: errand.inForce }))
  const fields = storedFields(head, policy, times)
  const storedHead: ResponseHead = { ...head, fields: part === undefined ? fields : partFields(fields) }
  const capture = new Capture({
    source: response.body,
    limit: Math.min(policy.maxSize, parts.settings.maxEntry),
    trailers: () => endToEnd(response.trailers()),
  })
  return {
    kind: 'shared',
    head,
    storedHead,
    bodyLength: response.contentLength,
    capture,
    isStored: errand.isStored,
    selector,
    variantKey: variantKey(read.primaryKey, selector, asker.request.fields, policy),
    times,
    initialAge: verdict.initialAge,
    entry: keep(parts, errand, {
      capture,
      part,
      response: storedHead,
      selector,
      times,
      lifetime: verdict.lifetime,
      initialAge: verdict.initialAge,
    }),
  }
}

/** The origin wants to know who asks, and was not told. */
export function isRefusedWithoutCredentials({ credentials }: Read, status: number): boolean {
  return credentials === 'stripped' && (status === 401 || status === 403)
}

/** An operator who edits a `ttl` that is never used should hear of it. */
function adviseOverride(parts: Parts, read: Read, { isRuleOverruledByOrigin, source }: Lifetime): void {
  if (!isRuleOverruledByOrigin) return
  parts.observer.advise(
    `ttl ${read.name}`,
    `Rule "${read.name}": its ttl is not used, the origin sends a lifetime of its own (${source}); write "override: [max-age]" to use the rule's`,
  )
}

/**
 * Not to be shared: said to all who wait at once, and remembered, so that the next ones do not queue up for nothing. Not where the request alone
 * made it so: nobody else's waiting is for one client to end.
 */
function disown(
  parts: Parts,
  { read, asker, inForce }: Errand,
  own: { response: OriginResponse; head: ResponseHead; reason: Reason },
): Fill {
  const { request } = asker
  const now = parts.clock.now()
  const isError = isServerError(own.response.status)
  const isPart = read.isByRfc && own.reason === 'partial' && hasField(request.fields, 'range')
  const isOfRequest = isPart || isForItselfAlone(request, read.policy)
  const crowd = crowdOf(read.primaryKey, { read, fields: request.fields, inForce })
  if (!isError && !isOfRequest) parts.memory.hitForMiss.remember(crowd, true, later(now, hitForMissFor))
  if (own.reason === 'too-large') parts.memory.tooLarge.remember(read.primaryKey, true, later(now, tooLargeFor))
  return { kind: 'own', ...own, isServerError: isError }
}

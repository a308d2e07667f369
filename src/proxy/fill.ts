/**
 * One fetch on behalf of the store: ask the origin, decide at the head whether the answer may be shared, capture it while it streams, and put
 * it in the store with the stamp that was taken before the request left. Who waits for it, and who is answered from it, is not known here.
 */

import type { Times } from '../cache/age.ts'
import type { StaleReason } from '../cache/decide.ts'
import type { Entry } from '../cache/entry.ts'
import { type Lifetime, lifetimeOf } from '../cache/freshness.ts'
import { cookieFields } from '../cache/sharing.ts'
import { storable } from '../cache/storable.ts'
import { storedFields } from '../cache/stored-fields.ts'
import { freshen, isValidatable, matchesStored } from '../cache/validate.ts'
import type { Stamp } from '../cache/validity.ts'
import { selectorOf, variantKey } from '../cache/variant.ts'
import { type Fields, hasField, withoutFields } from '../http/fields.ts'
import { endToEnd } from '../http/hop-by-hop.ts'
import type { ResponseHead } from '../http/response.ts'
import type { Reason } from '../observe/reasons.ts'
import { OriginError, type OriginResponse } from '../origin/origin.ts'
import { type Instant, later, milliseconds, seconds } from '../time.ts'
import { Capture } from './capture.ts'
import { type Asker, fillRequest } from './forward.ts'
import type { InForce } from './in-force.ts'
import { keep, maxSelectors, putEntry, tooLargeFor } from './keep.ts'
import type { Parts } from './parts.ts'
import type { Read } from './way.ts'

export interface Errand {
  readonly read: Read
  readonly asker: Asker
  readonly inForce: InForce
  readonly stamp: Stamp
  /** The stored response to validate, and why: it lends its validators. */
  readonly validated: { readonly entry: Entry; readonly reason: StaleReason } | undefined
  readonly isBackground: boolean
  /** False: the answer may be shared among those who wait, but is not stored (`min_uses`). */
  readonly isStored: boolean
  readonly onInterim?: (status: number, fields: Fields) => void
}

export type Fill =
  /** Storable: streams into the capture, for everybody who waits and for the store. */
  | {
      readonly kind: 'shared'
      /** As the one who caused the fetch gets it. */
      readonly head: ResponseHead
      /** As it is stored, and as everybody else gets it. */
      readonly storedHead: ResponseHead
      readonly bodyLength: number | undefined
      readonly capture: Capture
      /** Whether a request with other fields may share it: its variant key must be this one. */
      readonly selector: readonly string[]
      readonly variantKey: string
      readonly times: Times
      /** The entry once it is complete and stored; undefined when it could not be. Never rejects. */
      readonly entry: Promise<Entry | undefined>
    }
  /** The origin confirmed the stored response. */
  | { readonly kind: 'freshened'; readonly entry: Entry }
  /** For the one who caused the fetch alone; everybody else asks for himself. */
  | {
      readonly kind: 'own'
      readonly response: OriginResponse
      readonly head: ResponseHead
      readonly reason: Reason
      readonly isServerError: boolean
    }
  | { readonly kind: 'failed'; readonly error: OriginError }

const serverErrors: ReadonlySet<number> = new Set([500, 502, 503, 504])
const hitForMissFor = seconds(10)
const selectorsFor = seconds(3600)

/** Never rejects. */
export async function fill(parts: Parts, errand: Errand): Promise<Fill> {
  const { read, asker } = errand
  const isRangeKept = hasField(asker.request.fields, 'range') && isRangeForwarded(parts, errand)
  const request = fillRequest({
    read,
    asker,
    set: errand.inForce.set,
    settings: parts.settings,
    validated: errand.validated,
    isRangeKept,
    ...(errand.onInterim === undefined ? {} : { onInterim: errand.onInterim }),
  })
  const requestTime = parts.clock.now()
  const startedAt = parts.clock.monotonic()
  let response: OriginResponse
  try {
    response = await parts.origin.send(request, { isBackground: errand.isBackground })
  } catch (error) {
    const failure =
      error instanceof OriginError ? error : new OriginError('origin-broken', true, 'Origin failed unexpectedly', error)
    parts.observer.originAnswered({
      rule: read.name,
      duration: milliseconds(parts.clock.monotonic() - startedAt),
      status: undefined,
    })
    return { kind: 'failed', error: failure }
  }
  const times: Times = { requestTime, responseTime: parts.clock.now() }
  parts.observer.originAnswered({
    rule: read.name,
    duration: milliseconds(parts.clock.monotonic() - startedAt),
    status: response.status,
  })
  if (response.status === 304 && errand.validated !== undefined) return confirm(parts, errand, { response, times })
  return judgeAnswer(parts, errand, { response, times })
}

interface Answer {
  readonly response: OriginResponse
  readonly times: Times
}

/** Under the RFC a Range goes on as it is; under a rule only where the whole is known to be above the limit. */
function isRangeForwarded(parts: Parts, { read, asker }: Errand): boolean {
  if (asker.request.method !== 'GET') return false
  return read.rule === undefined || parts.memory.tooLarge.recall(read.primaryKey, parts.clock.now()) === true
}

/** RFC 9111 §4.3.4. A 304 that names another representation than ours says nothing about it: ask again, without validators. */
async function confirm(parts: Parts, errand: Errand, { response, times }: Answer): Promise<Fill> {
  response.body.on('error', () => {})
  response.body.resume()
  const stored = (errand.validated as NonNullable<Errand['validated']>).entry
  const head = headOf(response)
  if (!matchesStored(stored, head)) return fill(parts, { ...errand, validated: undefined })
  const entry = freshen(stored, head, { ...times, stamp: errand.stamp })
  const { read } = errand
  const verdict = storable({
    request: errand.asker.request,
    response: entry,
    framing: 'none',
    credentials: credentialsOf(read, errand.asker.request.fields),
    policy: read.policy,
    times,
    isBodyKeyed: read.body !== undefined,
  })
  // Confirmed, and from now on not to be stored: it still answers those who asked.
  if (verdict.kind === 'not-storable') return { kind: 'freshened', entry }
  const { lifetime } = verdict
  await putEntry(parts, errand.read, {
    entry,
    selector: entry.vary,
    fields: errand.asker.request.fields,
    lifetime,
    isValidatable: isValidatable(entry),
  })
  return { kind: 'freshened', entry }
}

function judgeAnswer(parts: Parts, errand: Errand, { response, times }: Answer): Fill {
  const { read, asker } = errand
  const { policy } = read
  const whole = headOf(response)
  const head = policy.setCookie === 'strip' ? { ...whole, fields: withoutFields(whole.fields, new Set(cookieFields)) } : whole
  const verdict = storable({
    request: asker.request,
    response: whole,
    framing: response.framing,
    contentLength: response.contentLength,
    credentials: credentialsOf(read, asker.request.fields),
    policy,
    times,
    isBodyKeyed: read.body !== undefined,
  })
  const selector = selectorOf(whole.fields, policy)
  if (verdict.kind === 'not-storable' || selector === '*') {
    const reason: Reason = verdict.kind === 'not-storable' ? verdict.reason : 'vary-any'
    if (reason === 'no-lifetime') adviseOverride(parts, read, lifetimeOf(whole, times, policy))
    return disown(parts, errand, { response, head: whole, reason })
  }
  adviseOverride(parts, read, verdict.lifetime)
  if (selector.length > 0) rememberSelector(parts, read, selector, times.responseTime)
  const storedHead: ResponseHead = { ...head, fields: storedFields(head, policy, times) }
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
    selector,
    variantKey: variantKey(read.primaryKey, selector, asker.request.fields, policy),
    times,
    entry: keep(parts, errand, {
      capture,
      response: storedHead,
      selector,
      times,
      lifetime: verdict.lifetime,
      initialAge: verdict.initialAge,
    }),
  }
}

/** An operator who edits a `ttl` that is never used should hear of it. */
function adviseOverride(parts: Parts, read: Read, { isRuleOverruledByOrigin, source }: Lifetime): void {
  if (!isRuleOverruledByOrigin) return
  parts.observer.advise(
    `ttl ${read.name}`,
    `Rule "${read.name}": its ttl is not used, the origin sends a lifetime of its own (${source}); write "override: [max-age]" to use the rule's`,
  )
}

/** Not to be shared: said to all who wait at once, and remembered, so that the next ones do not queue up for nothing. */
function disown(parts: Parts, { read }: Errand, own: { response: OriginResponse; head: ResponseHead; reason: Reason }): Fill {
  const now = parts.clock.now()
  const isServerError = serverErrors.has(own.response.status)
  if (!isServerError) parts.memory.hitForMiss.remember(read.primaryKey, true, later(now, hitForMissFor))
  if (own.reason === 'too-large') parts.memory.tooLarge.remember(read.primaryKey, true, later(now, tooLargeFor))
  return { kind: 'own', ...own, isServerError }
}

/** The head as it travels on: the connection's own fields stay behind, and framing is the writer's. */
export function headOf(response: OriginResponse): ResponseHead {
  return {
    status: response.status,
    reasonPhrase: response.reasonPhrase,
    fields: withoutFields(endToEnd(response.fields), contentLength),
  }
}

const contentLength: ReadonlySet<string> = new Set(['content-length'])

function credentialsOf(read: Read, fields: Fields): 'none' | 'keyed' | 'authorization' | 'cookie' {
  if (read.credentials === 'identity-only') return 'keyed'
  if (read.credentials !== 'forwarded') return 'none'
  if (hasField(fields, 'authorization')) return 'authorization'
  return hasField(fields, 'cookie') ? 'cookie' : 'none'
}

function rememberSelector(parts: Parts, read: Read, selector: readonly string[], now: Instant): void {
  const known = parts.memory.selectors.recall(read.primaryKey, now) ?? []
  const name = selector.join()
  const others = known.filter((other) => other.join() !== name)
  parts.memory.selectors.remember(read.primaryKey, [selector, ...others].slice(0, maxSelectors), later(now, selectorsFor))
}

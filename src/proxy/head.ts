/**
 * A HEAD that the origin answers is news of the stored GET response (RFC 9111 §4.3.5): one that speaks of the same representation renews it, any
 * other makes it go. Under any other rule than the RFC's a HEAD passes as it came, which is not what the stored response was made of.
 */
import type { Times } from '../cache/age.ts'
import type { Entry } from '../cache/entry.ts'
import { storable } from '../cache/storable.ts'
import { freshen, isValidatable, judgeHead } from '../cache/validate.ts'
import { selectorOf, variantKey } from '../cache/variant.ts'
import type { CacheStatus } from '../http/cache-status.ts'
import { endToEnd } from '../http/hop-by-hop.ts'
import { OriginError, type OriginResponse } from '../origin/origin.ts'
import { seconds } from '../time.ts'
import { answerFailure, answerOrigin, answerStored } from './answer.ts'
import { answerDespite } from './despite.ts'
import { credentialsOf, fillRequest } from './forward.ts'
import { labelsOfAnswer } from './lookup.ts'
import type { Missed } from './missed.ts'
import { headOf, isServerError } from './origin-head.ts'
import { isOvertaken } from './overtaken.ts'
import { putEntry } from './put.ts'
import { hasCredentials } from './route.ts'
import { send } from './send.ts'
import type { Visit } from './visit.ts'
import type { Read } from './way.ts'

/**
 * The stored response that a forwarded HEAD can renew. None where it has to go as it came: with credentials that a fetch is stripped of, or to be
 * purged behind.
 */
export function renewableByHead({ request, inForce }: Visit, { way, found }: Missed): Entry | undefined {
  const { entry, validity } = found
  if (!way.isByRfc || way.mode === 'shadow' || way.purges.length > 0) return undefined
  if (way.credentials === 'stripped' && hasCredentials(request, inForce.set)) return undefined
  return entry?.status === 200 && entry.part === undefined && validity.kind === 'valid' ? entry : undefined
}

/** Forwards it as a fetch for the store would go, so that nothing the key does not show can have steered what is renewed. */
export async function forwardHead(visit: Visit, missed: Missed, entry: Entry): Promise<void> {
  const { parts, exchange, inForce } = visit
  const { way } = missed
  const requestTime = parts.clock.now()
  const request = fillRequest({
    read: way,
    asker: exchange,
    set: inForce.set,
    settings: parts.settings,
    validated: undefined,
    isRangeKept: false,
    onInterim: (status, fields) => exchange.interim(status, endToEnd(fields)),
  })
  const { response, duration } = await send(parts, way.name, request)
  visit.originDuration = duration
  if (response instanceof OriginError) {
    if (await answerDespite(visit, missed, undefined)) return
    return answerFailure(visit, response, missed.fwd)
  }
  visit.reason = missed.reason
  if (isServerError(response.status) && (await answerDespite(visit, missed, response.status))) {
    response.body.on('error', () => {}).destroy()
    return
  }
  const times: Times = { requestTime, responseTime: parts.clock.now() }
  const renewed = response.status === 200 ? await renewal(visit, way, { entry, response, times }) : undefined
  const said: CacheStatus = { kind: 'forward', fwd: missed.fwd, fwdStatus: response.status, isStored: renewed !== undefined }
  if (renewed === undefined) return answerOrigin(visit, response, headOf(response), said)
  response.body.on('error', () => {}).resume()
  const { policy } = missed.way
  answerStored(visit, { entry: renewed, body: renewed.body, age: seconds(0), policy, reason: missed.reason, status: said })
}

interface News {
  readonly entry: Entry
  readonly response: OriginResponse
  readonly times: Times
}

/** The stored response with what the HEAD says of it, put back; undefined when it stays as it is, or has gone. */
async function renewal(visit: Visit, read: Read, { entry, response, times }: News): Promise<Entry | undefined> {
  const { parts, inForce, request } = visit
  const { fields } = request
  const verdict = judgeHead(entry, response)
  if (verdict === 'unknown') return undefined
  // The stamp stays: what was purged since the body came was not read again.
  const fresh = freshen(entry, headOf(response), { ...times, stamp: entry.stamp, policy: read.policy })
  const judged = storable({
    request: { ...request, method: 'GET' },
    response: fresh,
    framing: 'none',
    contentLength: entry.bodyLength,
    credentials: credentialsOf(read, fields, inForce.set),
    policy: read.policy,
    times,
  })
  const isSameSelector = selectorOf(fresh.fields, read.policy).toString() === entry.vary.join()
  if (verdict === 'another' || judged.kind === 'not-storable' || !isSameSelector) {
    await forget(visit, read, entry)
    return undefined
  }
  // A group that the HEAD names is one more that the stored response belongs to.
  const labels = labelsOfAnswer(read, inForce, fresh)
  if (labels === undefined) {
    await forget(visit, read, entry)
    return undefined
  }
  const renewed: Entry = { ...fresh, labels: [...new Set([...fresh.labels, ...labels])] }
  if (isOvertaken(parts, renewed)) return undefined
  const { lifetime } = judged
  await putEntry(parts, read, { entry: renewed, selector: renewed.vary, fields, lifetime, isValidatable: isValidatable(renewed) })
  return renewed
}

async function forget({ parts, request }: Visit, read: Read, { vary }: Entry): Promise<void> {
  const stored = await parts.store.get(read.primaryKey)
  const isVariant = stored?.kind === 'variants'
  await parts.store.delete(isVariant ? variantKey(read.primaryKey, vary, request.fields, read.policy) : read.primaryKey)
}

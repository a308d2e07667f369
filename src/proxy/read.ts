/**
 * The way of a read: look up, decide, then answer from the store, answer stale and refresh behind it, or fetch together with everybody who asks
 * for the same meanwhile. Whoever waited for another's fetch in vain looks again, from the top.
 */
import type { Decision } from '../cache/decide.ts'
import { isForItselfAlone } from '../cache/storable.ts'
import type { CacheStatus } from '../http/cache-status.ts'
import { hasField } from '../http/fields.ts'
import type { Reason } from '../observe/reasons.ts'
import { announce, withdraw } from './announce.ts'
import { answerError, answerStored } from './answer.ts'
import { bodyNow, bodyOf } from './at-rest.ts'
import { purgingOf } from './behind.ts'
import { bypass } from './bypass.ts'
import { follow } from './follow.ts'
import { fetchAlone, lead } from './lead.ts'
import { isConfirmed, look } from './look.ts'
import { type Found, lookupNow } from './lookup.ts'
import { decideOn, isHitForMiss, type Missed, missedOf } from './missed.ts'
import { promote } from './promote.ts'
import { refresh } from './refresh.ts'
import { renew } from './renew.ts'
import { hasCredentials } from './route.ts'
import { soughtOf } from './sought.ts'
import type { Visit } from './visit.ts'
import type { Read } from './way.ts'

/** Answers from memory without a promise. False: this takes longer, nothing was done yet. */
export function readNow(visit: Visit, way: Read): boolean {
  const { parts } = visit
  if (way.mode === 'shadow' || isConfirmed(parts, way)) return false
  const found = lookupNow(parts, soughtOf(visit, way))
  const decision = decideOn(visit, way, found)
  if (decision.kind !== 'serve' && decision.kind !== 'serve-stale') return false
  const body = bodyNow(decision.entry)
  if (body === undefined) return false
  serve(visit, { way, found, decision, body })
  return true
}

export async function read(visit: Visit, way: Read): Promise<void> {
  visit.rule = way.name
  visit.key = way.primaryKey
  await answerRead(visit, way)
  // Announced, and then another's fetch was there.
  withdraw(visit)
}

async function answerRead(visit: Visit, way: Read): Promise<void> {
  const { parts } = visit
  let isAnnounced = way.purges.length === 0 || !parts.isShared
  if (isKnownToNeedCredentials(visit, way)) return bypass(visit, way, { reason: 'credentials-needed' })
  for (let attempt = 0; ; attempt += 1) {
    const ended = parts.flights.ended
    const landing = parts.landings.find(way.primaryKey)
    const sought = soughtOf(visit, way)
    const found = parts.isShared ? await look(parts, sought, (near) => isEnough(visit, way, near)) : lookupNow(parts, sought)
    if (found.stamp === undefined) return bypass(visit, way, { reason: 'ledger-unavailable' })
    if (found.copy !== undefined) promote(parts, { read: way, inForce: visit.inForce, copy: found.copy })
    const decision = decideOn(visit, way, found)
    if (decision.kind === 'refuse') return answerError(visit, 504, 'only-if-cached', { kind: 'forward', fwd: 'miss' })
    if ((decision.kind === 'serve' || decision.kind === 'serve-stale') && way.mode !== 'shadow') {
      const body = await bodyOf(decision.entry)
      if (body !== undefined) return serve(visit, { way, found, decision, body })
    }
    const missed = missedOf(way, found, decision)
    const flight = canCollapse(visit, missed) ? parts.flights.find(found.flightKey) : undefined
    if (flight !== undefined) {
      const isAnswered = await follow(visit, { missed, flight, attempt })
      if (isAnswered) return
      continue
    }
    const landed = landing ?? parts.landings.find(way.primaryKey)
    if (landed !== undefined && attempt === 0 && mayHaveLanded(missed)) {
      await landed
      continue
    }
    // Somebody's fetch ended while the store was being asked: its answer may be there by now.
    if (parts.flights.ended !== ended && attempt === 0) continue
    if (!isAnnounced) {
      if (!(await announce(visit, await purgingOf(visit, way))))
        return answerError(visit, 503, 'purge-unavailable', { kind: 'neither' })
      isAnnounced = true
      // Others may have fetched it meanwhile.
      continue
    }
    if (!canCollapse(visit, missed)) return fetchAlone(visit, missed)
    const isAnswered = await lead(visit, missed)
    if (isAnswered) return
  }
}

function isKnownToNeedCredentials(visit: Visit, way: Read): boolean {
  const { memory } = visit.parts
  if (way.credentials !== 'stripped' || memory.credentialsNeeded.recall(way.primaryKey, visit.now) !== true) return false
  return hasCredentials(visit.request, visit.inForce.set)
}

/** Whether what memory has answers the request. Where it is getting old, the refresh behind the answer asks the others. */
function isEnough(visit: Visit, way: Read, near: Found): boolean {
  const { kind } = decideOn(visit, way, near)
  return kind === 'serve' || kind === 'serve-stale'
}

interface Servable {
  readonly way: Read
  readonly found: Found
  readonly decision: Extract<Decision, { kind: 'serve' | 'serve-stale' }>
  readonly body: Uint8Array
}

function serve(visit: Visit, { way, found, decision, body }: Servable): void {
  const { entry, age, ttl } = decision
  visit.rule = way.name
  visit.key = way.primaryKey
  visit.tier = found.tier
  const isSoft = found.validity.kind === 'expired'
  const stale: Reason = isSoft ? 'stale-purged-softly' : 'stale-while-revalidate'
  const reason: Reason = decision.kind === 'serve' ? 'fresh' : stale
  const status: CacheStatus = { kind: 'hit', ttl: Number.isFinite(ttl) ? ttl : undefined }
  answerStored(visit, { entry, body, age, policy: way.policy, reason, status })
  if (decision.kind === 'serve-stale' || decision.isDue) refresh(visit, { way, found, entry })
  else renew(visit, way, entry)
}

/** Whether what is on its way into the store may be what was not found there. */
function mayHaveLanded({ decision }: Missed): boolean {
  return decision.kind !== 'validate' && decision.reason !== 'request-directive'
}

/** Whether others may wait for this request's answer, and it for theirs. */
function canCollapse(visit: Visit, { way, decision }: Missed): boolean {
  if (way.mode === 'shadow' || visit.request.method === 'HEAD') return false
  if (way.rule?.cache?.collapse === false) return false
  if (decision.kind === 'fetch' && isHitForMiss(visit, way)) return false
  return !isForItselfAlone(visit.request, way.policy) && !(way.isByRfc && hasField(visit.request.fields, 'range'))
}

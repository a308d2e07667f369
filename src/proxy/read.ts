/**
 * The way of a read: look up, decide, then answer from the store, answer stale and refresh behind it, or fetch together with everybody who asks
 * for the same meanwhile. Whoever waited for another's fetch in vain looks again, from the top.
 */
import { type Decision, decide } from '../cache/decide.ts'
import type { Entry } from '../cache/entry.ts'
import { isForItselfAlone } from '../cache/storable.ts'
import type { CacheStatus, Forward } from '../http/cache-status.ts'
import { hasField } from '../http/fields.ts'
import type { Reason } from '../observe/reasons.ts'
import { later, seconds } from '../time.ts'
import { announce, withdraw } from './announce.ts'
import { answerError, answerStored } from './answer.ts'
import { bodyNow, bodyOf } from './at-rest.ts'
import { purgingOf } from './behind.ts'
import { bypass } from './bypass.ts'
import { crowdOf } from './crowd.ts'
import { follow } from './follow.ts'
import { fetchAlone, lead } from './lead.ts'
import { isConfirmed, judgeAgain, look } from './look.ts'
import { type Found, lookupNow, type Sought } from './lookup.ts'
import { promote } from './promote.ts'
import { refresh } from './refresh.ts'
import { renew } from './renew.ts'
import { hasCredentials } from './route.ts'
import type { Visit } from './visit.ts'
import type { Read } from './way.ts'

/** A read that could not be answered at once: what was found, decided, and how to say so. */
export interface Missed {
  readonly way: Read
  readonly found: Found
  readonly decision: Extract<Decision, { kind: 'validate' | 'complete' | 'fetch' }>
  readonly reason: Reason
  readonly fwd: Forward
}

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

export function soughtOf(visit: Visit, way: Read): Sought {
  return { read: way, fields: visit.request.fields, inForce: visit.inForce, now: visit.now }
}

export function decideOn(visit: Visit, way: Read, found: Found): Decision {
  return decide({
    entry: found.entry,
    validity: found.validity,
    request: visit.request,
    policy: way.policy,
    now: visit.now,
    ...(found.entry === undefined ? {} : { lifetime: visit.inForce.lifetimeOf(found.entry, way.policy) }),
  })
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

/** `purged` and a changed request are misses to a client; only what lies there and is old is `stale` (RFC 9211 §2.2). */
function missedOf(way: Read, found: Found, decision: Exclude<Decision, { kind: 'refuse' }>): Missed {
  if (decision.kind === 'serve' || decision.kind === 'serve-stale') return unserved(way, found)
  const reason: Reason = decision.kind === 'fetch' && decision.reason === 'uri-miss' ? found.miss : decision.reason
  return { way, found, decision, reason, fwd: forwardOf(decision, found) }
}

function forwardOf(decision: Missed['decision'], found: Found): Forward {
  if (decision.reason === 'request-directive') return 'request'
  if (decision.kind === 'validate') return 'stale'
  if (decision.kind === 'complete') return 'partial'
  return decision.reason === 'purged' ? 'miss' : found.miss
}

/** What could be served and is not: in shadow, or because its body cannot be had back. */
function unserved(way: Read, found: Found): Missed {
  const decision: Missed['decision'] = { kind: 'fetch', reason: 'uri-miss' }
  if (way.mode === 'shadow') return { way, found, decision, reason: 'mode-shadow', fwd: 'bypass' }
  return { way, found, decision, reason: 'undecodable', fwd: 'miss' }
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

/** Whether the last answer to requests like this one could not be shared. */
export function isHitForMiss(visit: Visit, way: Read): boolean {
  const { memory } = visit.parts
  if (memory.hitForMiss.size === 0) return false
  return memory.hitForMiss.recall(crowdOf(way.primaryKey, soughtOf(visit, way)), visit.now) === true
}

/** The stored response that may stand in for a failing origin: inside its window, and not purged while the origin was being asked. */
export async function staleInstead(visit: Visit, { way, decision }: Missed): Promise<Entry | undefined> {
  const { clock } = visit.parts
  if (way.mode === 'shadow' || decision.kind !== 'validate' || decision.staleIfErrorUntil === undefined) return undefined
  if (decision.staleIfErrorUntil <= clock.now()) return undefined
  const { entry } = decision
  const validity = await judgeAgain(visit.parts, entry, isConfirmed(visit.parts, way))
  return validity.kind === 'purged' ? undefined : entry
}

/** Counts this use of the key; true once it was asked for often enough to be stored (`min_uses`, within the rule's lifetime). */
export function isUsedEnough(visit: Visit, way: Read): boolean {
  const wanted = way.rule?.cache?.minUses ?? 1
  if (wanted <= 1) return true
  const { uses } = visit.parts.memory
  const count = (uses.recall(way.primaryKey, visit.now) ?? 0) + 1
  const { lifetime } = way.policy
  uses.remember(way.primaryKey, count, later(visit.now, lifetime.kind === 'fixed' ? lifetime.duration : seconds(3600)))
  return count >= wanted
}

/** Fetching: for oneself and all who follow, or for oneself alone. Whoever leads is answered like the others, from what they share. */

import { currentAge } from '../cache/age.ts'
import type { Decision } from '../cache/decide.ts'
import { isSafe } from '../cache/invalidate.ts'
import { type Validating, validating } from '../cache/validate.ts'
import type { CacheStatus } from '../http/cache-status.ts'
import { endToEnd } from '../http/hop-by-hop.ts'
import { later, milliseconds, seconds } from '../time.ts'
import { answerFailure, answerOrigin, answerShared, answerStored, type FromStore } from './answer.ts'
import { bodyOf } from './at-rest.ts'
import { purgeBehindRead } from './behind.ts'
import { bypass } from './bypass.ts'
import type { Elsewhere, Flight, Waiting } from './collapse.ts'
import { answerDespite } from './despite.ts'
import type { Errand, Fill } from './errand.ts'
import { fill, isRefusedWithoutCredentials } from './fill.ts'
import { forwardHead, renewableByHead } from './head.ts'
import { inTurn } from './in-turn.ts'
import { lentTo } from './lend.ts'
import { joinLabels } from './lookup.ts'
import { isHitForMiss, isUsedEnough, type Missed } from './missed.ts'
import { hasCredentials } from './route.ts'
import type { Visit } from './visit.ts'

/** Starts a flight that others can join, and answers from it. False: another instance was asked to fetch, look again from the top. */
export async function lead(visit: Visit, missed: Missed): Promise<boolean> {
  const { parts } = visit
  const waiting: Waiting = { isWaiting: false }
  const outcome = fetchFor(visit, missed, waiting)
  const flight: Flight = {
    key: missed.found.flightKey,
    rule: missed.way.name,
    stamp: stampOf(missed),
    labels: joinLabels(missed.way, visit.inForce),
    outcome,
    waiting,
    followers: 0,
  }
  parts.flights.add(flight)
  parts.background.own(land(visit, flight))
  const result = await outcome
  if (result.kind === 'elsewhere') {
    visit.hasWaitedElsewhere = true
    return false
  }
  await answer(visit, missed, result)
  return true
}

/** Where the rule wants one fetch for the whole fleet, in turn with the other instances. What is not stored would never reach them. */
function fetchFor(visit: Visit, missed: Missed, waiting: Waiting): Promise<Fill | Elsewhere> {
  const errand = errandOf(visit, missed)
  const fetch = (): Promise<Fill> => fill(visit.parts, errand)
  const { way, found } = missed
  if (way.rule?.cache?.collapse !== 'fleet' || !errand.isStored) return fetch()
  const isDone = ({ kind }: Decision): boolean => kind === 'serve' || kind === 'serve-stale'
  return inTurn(visit, { way, found, waiting, mayWait: !visit.hasWaitedElsewhere, isDone, fetch })
}

/** A fetch that nobody joins; its answer is stored all the same where it may be. */
export async function fetchAlone(visit: Visit, missed: Missed): Promise<void> {
  if (visit.request.method === 'HEAD') {
    const renewable = renewableByHead(visit, missed)
    if (renewable !== undefined) return forwardHead(visit, missed, renewable)
    const rescue = (status: number | undefined): Promise<boolean> => answerDespite(visit, missed, status)
    return bypass(visit, missed.way, { reason: missed.reason, fwd: missed.fwd, rescue })
  }
  const isRemembered = missed.decision.kind === 'fetch' && isHitForMiss(visit, missed.way)
  const told: Missed = isRemembered && missed.way.mode === 'on' ? { ...missed, reason: 'hit-for-miss', fwd: 'bypass' } : missed
  const result = await fill(visit.parts, errandOf(visit, told))
  if (result.kind === 'shared') visit.parts.background.own(result.entry.then(() => {}))
  await answer(visit, told, result)
}

/** A flight's end: once its answer is one of several variants only those find it, and when it is stored or not to be shared nobody does. */
export async function land(visit: Visit, flight: Flight): Promise<void> {
  const { flights } = visit.parts
  try {
    const result = await flight.outcome
    if (result.kind !== 'shared') return
    if (result.selector.length > 0) flights.move(flight, result.variantKey)
    await result.entry
  } finally {
    flights.remove(flight)
  }
}

function stampOf(missed: Missed): NonNullable<Missed['found']['stamp']> {
  return missed.found.stamp as NonNullable<Missed['found']['stamp']>
}

function errandOf(visit: Visit, missed: Missed): Errand {
  const { decision, way } = missed
  return {
    read: way,
    asker: visit.exchange,
    inForce: visit.inForce,
    stamp: stampOf(missed),
    validated: validatingOf(visit, missed),
    partial: decision.kind === 'complete' ? decision.entry : undefined,
    isBackground: false,
    isStored: isUsedEnough(visit, way),
    onInterim: (status, fields) => visit.exchange.interim(status, endToEnd(fields)),
  }
}

/** Other variants only where the answer is to be the store's: in shadow the client gets the origin's. */
function validatingOf(visit: Visit, { decision, found, way }: Missed): Validating | undefined {
  const selected =
    decision.kind === 'validate' && decision.isValidatable ? { entry: decision.entry, reason: decision.reason } : undefined
  const isAlone = way.mode === 'shadow' || decision.kind === 'complete'
  return validating(selected, isAlone ? [] : lentTo(visit, way, found))
}

async function answer(visit: Visit, missed: Missed, result: Fill): Promise<void> {
  visit.originDuration = milliseconds(visit.parts.clock.monotonic() - visit.exchange.startedAt)
  switch (result.kind) {
    case 'failed':
      await purgeBehindRead(visit, missed.way, result.error)
      if (await answerDespite(visit, missed, undefined)) return
      return answerFailure(visit, result.error, missed.fwd)
    case 'own':
      return answerOwn(visit, missed, result)
    case 'freshened':
      await purgeBehindRead(visit, missed.way, result.entry)
      return answerFreshened(
        visit,
        { ...result, policy: missed.way.policy },
        { kind: 'forward', fwd: missed.fwd, fwdStatus: 304, isStored: result.isStored },
      )
    case 'shared': {
      const reason = result.isStored ? missed.reason : 'min-uses'
      const beforeHead = (): Promise<void> => purgeBehindRead(visit, missed.way, result.head)
      const { policy } = missed.way
      return answerShared(visit, { fill: result, isLeader: true, policy, reason, fwd: missed.fwd, bodyOf, beforeHead })
    }
  }
}

export function answerFreshened(visit: Visit, renewed: Pick<FromStore, 'entry' | 'body' | 'policy'>, status: CacheStatus): void {
  const age = currentAge(renewed.entry, visit.parts.clock.now())
  answerStored(visit, { ...renewed, age, reason: 'revalidated', status })
}

const credentialsNeededFor = seconds(60)

async function answerOwn(visit: Visit, missed: Missed, own: Extract<Fill, { kind: 'own' }>): Promise<void> {
  const { parts, request } = visit
  const { way } = missed
  await purgeBehindRead(visit, way, own.head)
  if (own.isServerError && (await answerDespite(visit, missed, own.head.status))) {
    own.response.body.on('error', () => {}).destroy()
    return
  }
  const isRefused = isRefusedWithoutCredentials(way, own.head.status)
  if (isRefused && isSafe(request.method) && hasCredentials(request, visit.inForce.set)) {
    own.response.body.on('error', () => {}).destroy()
    parts.memory.credentialsNeeded.remember(way.primaryKey, true, later(visit.now, credentialsNeededFor))
    parts.observer.advise(
      `credentials-needed ${way.name}`,
      `Rule "${way.name}": the origin answers ${own.head.status} without credentials; write "scope: authenticated" or "scope: user"`,
    )
    return bypass(visit, way, { reason: 'credentials-needed' })
  }
  visit.reason = missed.reason === 'hit-for-miss' || missed.reason === 'mode-shadow' ? missed.reason : own.reason
  return answerOrigin(visit, own.response, own.head, { kind: 'forward', fwd: missed.fwd, fwdStatus: own.head.status })
}

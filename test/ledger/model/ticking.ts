/** The steps of a tick, and of what the stream brings. As src/ledger/tick.ts and stream.ts have it. */
import { apply, giveUp, instanceAt, isAttached, type Place, renew, reset, see, take } from './instance.ts'
import { ensure, purge, tick } from './redis-script.ts'
import type { Instance, Redis, Tick, TickStage } from './state.ts'
import { callAt, isReachable, type Moves } from './world.ts'
import { queue } from './writing.ts'

export function tickMoves(moves: Moves, on: number): void {
  const { state } = moves
  const instance = state.instances[on] as Instance
  const here = isReachable(state, instance.ledgerAt)
  const { tick: current } = instance
  if (current === undefined) {
    if (instance.ticksLeft > 0 && here) moves.add(`${on}: tick is carried out`, (place) => send(place), on)
    return
  }
  const needsRedis = current.at === 'replay' || current.at === 'missing'
  if (needsRedis && !here) moves.add(`${on}: tick fails`, (place) => endTick(place), on)
  else moves.add(`${on}: tick, ${current.at}`, (place) => goOn(place, instanceAt(place).tick as Tick), on)
}

/** At once, as far as it matters: one that takes long to reach Redis gives a lease that is older. */
function send(place: Place): void {
  const instance = instanceAt(place)
  instance.ticksLeft -= 1
  instance.tick = { at: 'executed', reply: tick(callAt(place)), sent: place.state.promised.length, isVoid: false }
}

function endTick(place: Place): void {
  instanceAt(place).tick = undefined
}

function goOn(place: Place, current: Tick): void {
  const { sent, isVoid } = current
  const instance = instanceAt(place)
  const to = (stage: TickStage): void => {
    instance.tick = { ...stage, sent, isVoid: instance.tick?.isVoid ?? isVoid }
  }
  switch (current.at) {
    case 'executed': {
      const { reply } = current
      see(instance, reply)
      adopt(place, reply)
      if (instance.journal !== undefined && !place.has('replay after attaching')) to({ at: 'replay', reply })
      else settle(place, instance.tick as Tick, reply)
      return
    }
    case 'replay': {
      const call = callAt(place)
      ensure(call)
      to({ at: 'replayed', reply: current.reply, purge: purge(call, { owner: instance.rules, reach: [instance.rules] }) })
      return
    }
    case 'replayed':
      replayed(place, current)
      settle(place, instance.tick as Tick, current.reply)
      return
    case 'missing': {
      const { stream } = callAt(place).redis
      to({ at: 'found', reply: current.reply, records: stream.filter(({ number }) => number > instance.image.number) })
      return
    }
    case 'found':
      if (current.records.length === 0) take(place, [{ ...current.reply, reach: [], isReadable: false }])
      else take(place, current.records)
      settle(place, current, current.reply)
      return
  }
}

function adopt(place: Place, { epoch, number }: { epoch: number; number: number }): void {
  const instance = instanceAt(place)
  if (instance.image.epoch !== epoch) {
    const wasAnother = instance.image.epoch !== 0
    reset(instance, { epoch, number })
    if (wasAnother) {
      giveUp(place)
      if (!place.has('recent purges not issued again')) queue(instance, instance.recent)
      recordAgain(place)
    }
  }
}

/** In one step with the adoption: nothing is promised of an intent before it is recorded. */
function recordAgain(place: Place): void {
  const { openIntent } = instanceAt(place)
  const { redis } = callAt(place)
  if (openIntent === undefined || place.has('intents not recorded again')) return
  redis.intent ??= { owner: place.on, isDue: openIntent.isDue, isOwnerSilent: false, isBuried: false }
}

function replayed(place: Place, { purge }: Extract<Tick, { at: 'replayed' }>): void {
  const instance = instanceAt(place)
  see(instance, purge)
  const isElsewhere = purge.epoch !== instance.image.epoch
  if (isElsewhere && !place.has('replay in another ledger believed')) giveUp(place)
  // Else this instance would be attached, and hear of its own purge later.
  else if (!place.has('replay left to the stream')) apply(instance, purge)
  settleJournal(place)
}

export function settleJournal(place: Place): void {
  const { state } = place
  const instance = instanceAt(place)
  const promises = instance.journal?.promises ?? 0
  const isNewest = instance.ledgerAt === state.serving.at(-1)
  instance.journal = undefined
  if (!place.has('replays not issued again')) instance.recent = { promises: isNewest ? 0 : promises }
  if (promises > 0 && isNewest) state.promised.push(promises)
}

/** Goes for what is missing, or ends the tick. */
function settle(place: Place, { sent, isVoid }: Tick, reply: { epoch: number; number: number }): void {
  const { state, has } = place
  const instance = instanceAt(place)
  if (instance.image.epoch === reply.epoch && instance.image.number < reply.number) {
    instance.tick = { at: 'missing', sent, isVoid, reply }
    return
  }
  const hasLost = instance.tick?.isVoid === true
  instance.tick = undefined
  if (hasLost || instance.image.epoch !== reply.epoch) return
  if (instance.journal !== undefined && !has('replay after attaching')) return
  renew(place, has('lease counted from the reply') ? state.promised.length : sent)
}

/** With the fault "replay after attaching": what waits is purged when it likes. */
export function lateReplay(moves: Moves, on: number): void {
  const instance = moves.state.instances[on] as Instance
  if (!moves.has('replay after attaching') || instance.journal === undefined) return
  if (!isAttached(instance, moves.state)) return
  moves.add(
    `${on}: replays`,
    (place) => {
      const call = callAt(place)
      ensure(call)
      apply(instanceAt(place), purge(call, { owner: instanceAt(place).rules, reach: [instanceAt(place).rules] }))
      settleJournal(place)
    },
    on,
  )
}

export function streamMoves(moves: Moves, on: number): void {
  const { state } = moves
  const instance = state.instances[on] as Instance
  if (instance.read !== undefined) {
    moves.add(`${on}: takes what the stream told`, (place) => takeRead(place), on)
    return
  }
  const { stream } = state.redis[instance.ledgerAt] as Redis
  if (!isReachable(state, instance.ledgerAt)) return
  if (instance.image.epoch === 0 || !stream.some(({ number }) => number > instance.image.number)) return
  moves.add(`${on}: the stream tells`, (place) => read(place, moves.scenario.isStreamSlow === true), on)
}

function read(place: Place, isSlow: boolean): void {
  const instance = instanceAt(place)
  const { stream } = place.state.redis[instance.ledgerAt] as Redis
  // One by one: what comes together may as well come apart.
  instance.read = stream.filter(({ number }) => number > instance.image.number).slice(0, 1)
  if (!isSlow) takeRead(place)
}

function takeRead(place: Place): void {
  const instance = instanceAt(place)
  const { read: records } = instance
  instance.read = undefined
  take(place, records as NonNullable<typeof records>)
}

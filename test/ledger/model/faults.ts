/** What goes wrong. A process that is stopped needs no step: in every order of steps each instance may be the slow one, and only the bound passes. */
import { giveUp, instanceAt, type Place } from './instance.ts'
import { end } from './reading.ts'
import { type Fault, instanceOf } from './scenario.ts'
import { copy, type Instance, type Redis, type State } from './state.ts'
import type { Moves } from './world.ts'
import { queue } from './writing.ts'

type Change = (place: Place) => void

/** Those that happen at once, and are over. */
const single: Partial<Record<Fault, readonly [name: string, change: Change]>> = {
  flush: ['FLUSHALL', flush],
  'ledger-evicted': ['the ledger is evicted', ({ state }) => loseLedger(state.redis[0] as Redis)],
  'members-evicted': ['the members are evicted', ({ state }) => loseMembers(state.redis[0] as Redis)],
  'stream-evicted': ['the stream is evicted', ({ state }) => Object.assign(state.redis[0] as Redis, { stream: [] })],
  'stream-trimmed': ['the stream loses its first record', ({ state }) => (state.redis[0] as Redis).stream.shift()],
  restart: ['0 is killed and started again', restart],
  'rules-away': ['0 is silent for so long that its rules are not in force', silence],
}

export function faultMoves(moves: Moves): void {
  const { state, scenario } = moves
  const then: Then = (name, change) =>
    moves.add(name, (place) => {
      place.state.fault += 1
      change(place)
    })
  const one = single[scenario.fault]
  // A late purge that was due is over.
  const isOver = state.fault > 0 || state.instances[0]?.openIntent?.isDue === true
  if (one !== undefined && !isOver) then(...one)
  if (scenario.fault === 'older-copy' || scenario.fault === 'split') failOver(moves, then)
  if (scenario.fault === 'outage') outage(moves, then)
  if (scenario.fault === 'kill') kill(moves, then)
}

function outage({ state }: Moves, then: Then): void {
  if (state.fault === 0) then('Redis is away', ({ state }) => Object.assign(state, { serving: [] }))
  if (state.fault !== 1) return
  then('Redis is back after long', comeBack)
  then('Redis is back after long, and 0 is dead', (place) => {
    comeBack(place)
    die(place.state)
  })
}

function silence(place: Place): void {
  const instance = instanceAt(place)
  const [redis] = place.state.redis as [Redis]
  instance.tick = undefined
  giveUp(place)
  redis.isLive[instance.rules] = false
}

function loseLedger(redis: Redis): void {
  Object.assign(redis, { epoch: 0, home: 0, seq: 0, purged: redis.purged.map(() => 0) })
}

function flush({ state }: Place): void {
  const redis = state.redis[0] as Redis
  loseMembers(redis)
  const entries = redis.entries.map(() => undefined)
  loseLedger(redis)
  Object.assign(redis, { stream: [], intent: undefined, entries })
}

function loseMembers(redis: Redis): void {
  redis.areMembersListed = false
  redis.covered = redis.covered.map(() => -1)
  redis.isLive = redis.isLive.map(() => false)
}

type Then = (name: string, change: Change) => void

function failOver(moves: Moves, then: Then): void {
  const { state, scenario } = moves
  const isSplit = scenario.fault === 'split'
  if (state.fault === 0)
    then('a copy of Redis is taken', ({ state }) => state.redis.push({ ...copy(state.redis[0] as Redis), id: 2 }))
  if (state.fault === 1) then('the copy takes over', ({ state }) => Object.assign(state, { serving: isSplit ? [0, 1] : [1] }))
  if (state.fault === 2 && isSplit) then('the old master ends', ({ state }) => Object.assign(state, { serving: [1] }))
  if (state.fault < 2) return
  for (const [on, { ledgerAt, entriesAt }] of state.instances.entries()) {
    if (ledgerAt === 0) moves.add(`${on}: its ledger connection is new`, connectLedger, on)
    if (entriesAt === 0)
      moves.add(`${on}: its entries connection is new`, (place) => Object.assign(instanceAt(place), { entriesAt: 1 }), on)
  }
}

/** Replies to what was asked before never come. */
function connectLedger(place: Place): void {
  const instance = instanceAt(place)
  instance.ledgerAt = 1
  instance.tick = undefined
  giveUp(place)
}

/** Everything that was queued is promised from here on, whatever became of those who have it. */
function comeBack({ state }: Place): void {
  state.serving = [0]
  ;(state.redis[0] as Redis).wereAllSilent = true
  for (const { journal } of state.instances) {
    if (journal === undefined || journal.promises === 0) continue
    state.promised.push(journal.promises)
    journal.promises = 0
  }
}

function die(state: State): void {
  const { journal, ledgerAt, entriesAt, ticksLeft, rules } = state.instances[0] as Instance
  state.instances[0] = { ...nobody(rules), isDead: true, ledgerAt, entriesAt, ticksLeft, journal }
}

function nobody(rules: number): Instance {
  const fresh = instanceOf({ cached: 'nowhere' }, rules, 0)
  return { ...fresh, lease: -1, image: { ...fresh.image, epoch: 0 }, seen: { epoch: 0, number: 0 } }
}

function restart(place: Place): void {
  const { state, readers, has } = place
  const { journal, ledgerAt, entriesAt, ticksLeft, rules } = instanceAt(place)
  state.instances[0] = { ...nobody(rules), ledgerAt, entriesAt, ticksLeft }
  if (!has('journal lost with the process')) queue(instanceAt(place), journal)
  else if (journal !== undefined && journal.promises > 0) state.promised.push(journal.promises)
  for (const reader of readers) if (reader.at !== 'idle') end(reader)
  for (const writer of state.writers) if (writer.at !== 'idle') writer.at = 'done'
}

function kill({ state }: Moves, then: Then): void {
  const version = state.writers[0]?.version ?? 0
  const isUnpromised = version > 0 && !state.promised.includes(version)
  if (state.fault === 0 && state.writers[0]?.at !== 'idle') then('0 is killed', ({ state }) => die(state))
  // Whatever was committed by then is purged by whoever ticks next.
  if (state.fault === 1)
    then('0 is silent for long', ({ state }) => {
      const { intent } = state.redis[0] as Redis
      if (intent !== undefined) intent.isOwnerSilent = true
      if (isUnpromised) state.promised.push(version)
    })
  if (state.fault === 2 && version > 0)
    then('the intent is due', ({ state }) => {
      const { intent } = state.redis[0] as Redis
      if (intent !== undefined) intent.isDue = true
      if (isUnpromised) state.promised.push(version)
    })
}

/** A late write is promised when its second purge is due, which is not before the owner has ticked after a loss. */
export function dueMoves(moves: Moves): void {
  const { state } = moves
  const owner = state.instances[0] as Instance
  const redis = state.redis[0] as Redis
  const [late] = state.writers
  if (owner.isDead || owner.openIntent === undefined || owner.openIntent.isDue || late?.at !== 'done') return
  if (redis.epoch !== owner.image.epoch) return
  moves.add('the late purge is due', ({ state }) => {
    const { openIntent } = state.instances[0] as Instance
    const { intent } = state.redis[0] as Redis
    if (openIntent !== undefined) openIntent.isDue = true
    if (intent !== undefined) intent.isDue = true
    state.promised.push(late.version)
  })
}

export function boundMoves(moves: Moves): void {
  if (moves.state.inForce < moves.state.promised.length)
    moves.add('THE BOUND PASSES', ({ state }) => {
      state.inForce += 1
    })
}

export function reloadMoves({ scenario: { reload }, state, add }: Moves): void {
  if (reload === undefined || state.instances[reload.on]?.rules === reload.to) return
  const change = (place: Place): void => {
    instanceAt(place).rules = reload.to
    giveUp(place)
  }
  add(`${reload.on}: takes up other rules`, change, reload.on)
}

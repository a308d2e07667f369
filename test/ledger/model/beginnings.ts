/** Moments to which the way is long and known, so that what comes after them can be seen to its end. */
import type { Instance, Reader, Redis, State, Writer } from './state.ts'

/** A copy of Redis has taken over for instance 1, which has filled it. The old one goes on for instance 0. */
export function afterSplit(state: State): void {
  const [old] = state.redis as [Redis]
  const entries = old.entries.map((entry) => entry && { ...entry, epoch: 2 })
  state.redis.push({ ...old, id: 2, home: 2, epoch: 2, purged: [...old.purged], covered: [...old.covered], stream: [], entries })
  Object.assign(state, { serving: [0, 1], fault: 2, nextEpoch: 3 })
  Object.assign(state.instances[1] as Instance, { ledgerAt: 1, entriesAt: 1 })
  follow(state, 1, 2)
}

/** Redis was emptied and instance 1 has begun anew, while instance 0 waits for the outcome of a write, which it has recorded before. */
export function afterFlush(state: State): void {
  const [redis] = state.redis as [Redis]
  redis.epoch = 2
  redis.entries = redis.entries.map((entry) => entry && { ...entry, epoch: 2 })
  Object.assign(state, { fault: 1, nextEpoch: 3 })
  ;(state.writers[0] as Writer).at = 'forwarded'
  ;(state.instances[0] as Instance).openIntent = { isDue: false }
  follow(state, 1, 2)
}

function follow(state: State, on: number, epoch: number): void {
  const { image, seen, memory } = state.instances[on] as Instance
  image.epoch = epoch
  seen.epoch = epoch
  if (memory !== undefined) memory.epoch = epoch
}

/** Something else was purged, and instance 1 has filled Redis since; instance 0 has read that, and not heard of the purge. */
export function behind(isReadable: boolean): (state: State) => void {
  return (state) => {
    const [redis] = state.redis as [Redis]
    redis.seq = 2
    redis.covered = redis.covered.map((covered) => (covered < 0 ? covered : 2))
    redis.stream = [{ epoch: 1, number: 2, reach: [], isReadable }]
    for (const stored of [redis.entries[0], state.instances[0]?.memory]) if (stored !== undefined) stored.number = 2
  }
}

/** Redis was emptied, and instance 0 has begun anew, while what the stream told it is still on its way. */
export function withRecordOnItsWay(state: State): void {
  const [redis] = state.redis as [Redis]
  Object.assign(redis, { epoch: 2, seq: 0, entries: redis.entries.map(() => undefined) })
  redis.covered = redis.covered.map((covered) => (covered < 0 ? covered : 0))
  Object.assign(state, { fault: 1, nextEpoch: 3 })
  const [instance] = state.instances as [Instance]
  instance.read = [{ epoch: 1, number: 2, reach: [], isReadable: false }]
  Object.assign(instance.image, { epoch: 2, number: 0, floor: 0 })
  instance.seen = { epoch: 2, number: 0 }
  instance.memory = undefined
}

/** The origin has answered a fill, and before it is stored Redis is emptied. */
export function withFillOverFlush(state: State): void {
  const [redis] = state.redis as [Redis]
  Object.assign(redis, { epoch: 0, home: 0, seq: 0 })
  Object.assign(state.readers[0] as Reader, { at: 'answered', stamp: { epoch: 1, number: 1, since: 0 } })
  state.fault = 1
}

export function detached(on: number): (state: State) => void {
  return (state) => {
    ;(state.instances[on] as Instance).lease = -1
  }
}

/** Instance 0 is silent for so long that its rules are not in force, and meanwhile the origin has committed a write. */
export function whileRulesAreAway(state: State): void {
  const [redis] = state.redis as [Redis]
  redis.isLive[0] = false
  detached(0)(state)
  Object.assign(state, { origin: 1, fault: 1 })
  Object.assign(state.writers[0] as Writer, { at: 'committed', version: 1 })
}

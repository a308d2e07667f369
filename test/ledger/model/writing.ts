/** The steps of a write: the origin's commit, the purge, and what the writer is told. As src/ledger/fleet.ts has it. */
import { apply, giveUp, instanceAt, type Place, purgeOwn, see } from './instance.ts'
import { ensure, purge } from './redis-script.ts'
import type { WriterSetUp } from './scenario.ts'
import type { Instance, PurgeRecord, Writer } from './state.ts'
import { callAt, isReachable, type Moves } from './world.ts'

export function writeMoves(moves: Moves, index: number): void {
  const { state } = moves
  const setUp = moves.scenario.writers[index] as WriterSetUp
  const writer = state.writers[index] as Writer
  const instance = state.instances[setUp.on] as Instance
  const isHere = isReachable(state, instance.ledgerAt)
  const step = (name: string, change: (place: Place, writer: Writer) => void): void =>
    moves.add(`${setUp.on}: write ${name}`, (place) => change(place, place.state.writers[index] as Writer), setUp.on)

  if (writer.at === 'forwarded') {
    step('is committed', setUp.kind === 'late' ? commitLate : commit)

    return
  }
  if (instance.isDead) return
  const mayFail = !isHere || state.lossesLeft > 0
  switch (writer.at) {
    case 'idle':
      if (setUp.kind === 'elsewhere' || setUp.kind === 'unreadable') {
        if (isHere) step(`of something else takes a number`, (place, writer) => execute(place, writer, setUp.kind))
      } else if (moves.has('number taken before the origin commits')) {
        if (isHere) step('takes its number', (place, writer) => executeAs(place, writer, 'counted'))
      } else if (setUp.kind === 'intended') {
        if (isHere) step('is recorded and forwarded', recordIntent)
      } else if (setUp.kind === 'late') {
        if (isHere) step('has no outcome: purges, now and later', purgeLate)
      } else step('is committed', commit)
      return
    case 'committed':
      if (isHere && moves.has('purge in three commands')) step('takes a number', count)
      else if (isHere) step('takes its number', (place, writer) => execute(place, writer, setUp.kind))
      if (mayFail) step('finds no Redis', fail)
      return
    case 'counted':
      if (moves.has('number taken before the origin commits')) {
        step('is committed', commitCounted)
        return
      }
      step('raises its label', raise)
      return
    case 'raised':
      step('is announced', announce)
      return
    case 'executed': {
      const isCutOff = writer.takenBy !== instance.ledgerAt
      if (!isCutOff) step('is acknowledged', acknowledge)
      if (isCutOff || mayFail) step('hears nothing', fail)
    }
  }
}

function commit({ state }: Place, writer: Writer): void {
  state.origin += 1
  writer.version = state.origin
  writer.at = 'committed'
}

function commitCounted(place: Place, writer: Writer): void {
  commit(place, writer)
  writer.at = 'executed'
}

function commitLate(place: Place, writer: Writer): void {
  commit(place, writer)
  writer.at = 'done'
}

function recordIntent(place: Place, writer: Writer): void {
  const call = callAt(place)
  ensure(call)
  call.redis.intent = { owner: place.on, isDue: false, isOwnerSilent: false, isBuried: false }
  writer.at = 'forwarded'
}

function purgeLate(place: Place, writer: Writer): void {
  recordIntent(place, writer)
  instanceAt(place).openIntent = { isDue: false }
  receive(place, take(place, writer, 'late'))
}

function execute(place: Place, writer: Writer, kind: WriterSetUp['kind']): void {
  take(place, writer, kind)
  writer.at = 'executed'
}

function executeAs(place: Place, writer: Writer, at: Writer['at']): void {
  take(place, writer, 'plain')
  writer.at = at
}

function take(place: Place, writer: Writer, kind: WriterSetUp['kind']): PurgeRecord {
  const call = callAt(place)
  const { rules, ledgerAt } = instanceAt(place)
  const isElsewhere = kind === 'elsewhere' || kind === 'unreadable'
  ensure(call)
  writer.purge = purge(call, {
    owner: rules,
    reach: isElsewhere ? [] : [rules],
    isReadable: kind !== 'unreadable' && kind !== 'misread',
  })
  writer.takenBy = ledgerAt
  if (!isElsewhere) purgeOwn(place)
  if (writer.at === 'committed' && call.redis.intent?.owner === place.on) call.redis.intent = undefined
  return writer.purge
}

function count(place: Place, writer: Writer): void {
  const call = callAt(place)
  ensure(call)
  call.redis.seq += 1
  writer.purge = { epoch: call.redis.epoch, number: call.redis.seq, reach: [instanceAt(place).rules], isReadable: true }
  call.redis.covered[instanceAt(place).rules] = call.redis.seq
  writer.takenBy = instanceAt(place).ledgerAt
  purgeOwn(place)
  writer.at = 'counted'
}

function raise(place: Place, writer: Writer): void {
  const { redis } = callAt(place)
  const { number, reach } = writer.purge as PurgeRecord
  for (const rules of reach) redis.purged[rules] = Math.max(redis.purged[rules] as number, number)
  writer.at = 'raised'
}

function announce(place: Place, writer: Writer): void {
  callAt(place).redis.stream.push({ ...(writer.purge as PurgeRecord) })
  writer.at = 'executed'
}

/** Applied before it is acknowledged. */
function acknowledge(place: Place, writer: Writer): void {
  const { state } = place
  const instance = instanceAt(place)
  receive(place, writer.purge as PurgeRecord)
  writer.at = 'done'
  writer.purge = undefined
  if (writer.version === 0) return
  instance.answered = Math.max(instance.answered, writer.version)
  // To a master that is none any more for others, only what is issued again is a promise.
  const isNewest = writer.takenBy === state.serving.at(-1) || state.serving.length < 2
  if (isNewest) state.promised.push(writer.version)
  instance.recent = { promises: isNewest ? 0 : writer.version }
}

function receive(place: Place, record: PurgeRecord): void {
  const instance = instanceAt(place)
  see(instance, record)
  if (record.epoch !== instance.image.epoch) giveUp(place)
  else if (!place.has('own purge left to the stream')) apply(instance, record)
}

/** Queued: this instance serves nothing older all the same. The others do, until it is replayed. */
function fail(place: Place, writer: Writer): void {
  const { state } = place
  const instance = instanceAt(place)
  if (isReachable(state, instance.ledgerAt) && writer.takenBy === instance.ledgerAt) state.lossesLeft -= 1
  purgeOwn(place)
  if (!place.has('queued purge does not end the lease')) giveUp(place)
  queue(instance, { promises: writer.version })
  instance.answered = Math.max(instance.answered, writer.version)
  writer.at = 'done'
  writer.purge = undefined
}

export function queue(instance: Instance, more: { promises: number } | undefined): void {
  if (more !== undefined) instance.journal = { promises: Math.max(more.promises, instance.journal?.promises ?? 0) }
}

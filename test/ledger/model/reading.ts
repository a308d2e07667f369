/** The steps of a read: memory, Redis, the origin, and what is stored. As src/proxy/lookup.ts has it, over src/ledger/fleet.ts. */
import { giveUp, instanceAt, isAttached, mayServe, type Place, stampNow } from './instance.ts'
import type { ReaderSetUp } from './scenario.ts'
import { type Instance, ownEpoch, type Reader, type Reading, type Redis, type Stored } from './state.ts'
import { isReachable, type Moves, oldestAllowed, placeOf } from './world.ts'

export function readMoves(moves: Moves, index: number): void {
  const { state, scenario } = moves
  const { on, kind } = scenario.readers[index] as ReaderSetUp
  const reader = state.readers[index] as Reader
  const instance = state.instances[on] as Instance
  if (instance.isDead || reader.at === 'done') return
  const step = (name: string, change: (place: Place, reader: Reader) => void): void =>
    moves.add(`${on}: ${kind} ${index} ${name}`, (place) => change(place, place.state.readers[index] as Reader), on)

  switch (reader.at) {
    case 'idle': {
      // Of readers that are alike, the first goes first.
      const isTwinIdle = scenario.readers.some(
        (one, i) => i < index && one.on === on && one.kind === kind && state.readers[i]?.at === 'idle',
      )
      if (isTwinIdle) return
      if (kind === 'refresh') {
        step('begins', (place, reader) => ask(begin(place, reader), reader))
        return
      }
      beginMoves(moves, index, step)
      return
    }
    case 'entry-read':
      step('reads the ledger', readLedger)
      return
    case 'ledger-read':
      step('has both', judge)
      return
    case 'asking':
      step(`is answered by the origin with version ${state.origin}`, answer)
      return
    case 'answered':
      step(`stores version ${reader.version}`, (place, reader) => store(place, reader, kind))
      return
  }
}

type Step = (name: string, change: (place: Place, reader: Reader) => void) => void

function beginMoves(moves: Moves, index: number, step: Step): void {
  const { state, scenario } = moves
  const { on } = scenario.readers[index] as ReaderSetUp
  const instance = state.instances[on] as Instance
  const place = placeOf({ scenario, deviation: undefined }, state, on)
  const here = { ...place, has: moves.has }
  if (mayServe(here, instance.memory)) step(`hits version ${instance.memory.version} in memory`, hit)
  else if (mayAskRedis(here) && scenario.isReadSplit) step('reads the entry', readEntry)
  else if (mayAskRedis(here))
    step('reads entry and ledger', (place, reader) => {
      readEntry(place, reader)
      readLedger(place, reader)
    })
  else step('asks the origin', (place, reader) => ask(begin(place, reader), reader))
  for (const [i, leader] of state.readers.entries())
    if (mayJoin(here, leader)) step(`joins ${i}`, (place, reader) => join(place, reader, i))
}

function begin(place: Place, reader: Reader): Place {
  const instance = instanceAt(place)
  reader.rules = instance.rules
  reader.atLeast = oldestAllowed(place.state, instance)
  return place
}

function hit(place: Place, reader: Reader): void {
  begin(place, reader)
  serve(place, reader, (instanceAt(place).memory as Stored).version)
}

function serve({ state }: Place, reader: Reader, version: number): void {
  if (version < reader.atLeast) state.isOld = true
  end(reader)
}

/** As if it had never been: states that differ in what is over are the same. */
export function end(reader: Reader): void {
  const nothing = { asked: undefined, found: undefined, reading: undefined, stamp: undefined }
  Object.assign(reader, { at: 'done', rules: 0, atLeast: 0, version: 0, ...nothing })
}

/** A follower gets what a fetch in flight brings, if that may be served now. */
function mayJoin(place: Place, leader: Reader): boolean {
  const { stamp, version, rules } = leader
  if (!place.readers.includes(leader) || leader.at !== 'answered' || stamp === undefined) return false
  const since = place.has('flight of its own joined at any age') ? place.state.promised.length : stamp.since
  return mayServe(place, { ...stamp, since, version, rules })
}

function join(place: Place, reader: Reader, leader: number): void {
  begin(place, reader)
  serve(place, reader, (place.state.readers[leader] as Reader).version)
}

function mayAskRedis({ state, on, has }: Place): boolean {
  const instance = state.instances[on] as Instance
  if (!isReachable(state, instance.entriesAt)) return false
  return isAttached(instance, state) || has('memory hit without a lease')
}

function readEntry(place: Place, reader: Reader): void {
  begin(place, reader)
  const { image, seen, entriesAt, rules } = instanceAt(place)
  const own = seen.epoch === image.epoch && !place.has('reading compared with what is applied alone') ? seen.number : 0
  reader.asked = { epoch: image.epoch, atLeast: Math.max(image.number, own), isVoid: false }
  reader.found = (place.state.redis[entriesAt] as Redis).entries[rules]
  reader.at = 'entry-read'
}

function readLedger(place: Place, reader: Reader): void {
  const { entriesAt } = instanceAt(place)
  const { epoch, seq, purged } = place.state.redis[entriesAt] as Redis
  reader.reading = isReachable(place.state, entriesAt)
    ? { epoch, number: seq, purged: purged[reader.rules] as number }
    : undefined
  reader.at = 'ledger-read'
}

function judge(place: Place, reader: Reader): void {
  const { found } = reader
  const reading = believed(place, reader)
  reader.asked = undefined
  reader.found = undefined
  reader.reading = undefined
  if (reading !== undefined && found !== undefined && isValid(found, reading)) {
    promote(place, found, reading)
    serve(place, reader, found.version)
    return
  }
  reader.stamp = reading && { epoch: reading.epoch, number: reading.number, since: 0 }
  reader.at = 'asking'
}

/** A reply from another Redis, or to a question that was asked in another time, is no reading. */
function believed(place: Place, { asked, reading }: Reader): Reading | undefined {
  if (asked === undefined || reading === undefined) return undefined
  const isCurrent = (!asked.isVoid && isAttached(instanceAt(place), place.state)) || place.has('memory hit without a lease')
  if (!isCurrent) return undefined
  if (reading.epoch === asked.epoch && reading.number >= asked.atLeast) return reading
  giveUp(place)
  return undefined
}

function isValid(found: Stored, { epoch, number, purged }: Reading): boolean {
  return found.epoch === epoch && found.number <= number && purged <= found.number
}

/** What is known here may be less than the reading says; what was purged here since the reading must still count. */
function promote(place: Place, found: Stored, reading: Reading): void {
  const instance = instanceAt(place)
  const known = instance.image.number
  const proved = place.has('promotion stamped with what is applied by then') ? known : Math.min(reading.number, known)
  instance.memory = { ...found, number: Math.max(found.number, proved) }
}

function ask(place: Place, reader: Reader): void {
  const stamp = stampNow(place)
  reader.stamp = { ...stamp, since: stamp.epoch === ownEpoch ? place.state.promised.length : 0 }
  reader.at = 'asking'
}

function answer(place: Place, reader: Reader): void {
  reader.version = place.state.origin
  reader.at = 'answered'
}

function store(place: Place, reader: Reader, kind: ReaderSetUp['kind']): void {
  const { state } = place
  const { version, rules } = reader
  const instance = instanceAt(place)
  const stamp = place.has('stamp taken when storing') ? { ...stampNow(place), since: state.promised.length } : reader.stamp
  // Epoch 0: of an own ledger that is no more.
  if (stamp !== undefined && stamp.epoch !== 0) {
    const stored = { ...stamp, version, rules }
    const redis = state.redis[instance.entriesAt] as Redis
    if (stamp.epoch === ownEpoch) {
      if (place.has('own entries live from when they are stored')) stored.since = state.promised.length
      if (!isAttached(instance, state)) instance.memory = stored
    } else {
      if (place.has('epoch read when storing')) stored.epoch = redis.epoch
      instance.memory = stored
      if (isReachable(state, instance.entriesAt)) redis.entries[rules] = stored
    }
  }
  if (kind === 'read') serve(place, reader, version)
  else end(reader)
}

/** What happens inside one instance, without Redis: its image, its lease, its own ledger. As src/ledger/image.ts, lease.ts and fleet.ts have it. */
import type { Deviation } from './deviation.ts'
import { type Instance, ownEpoch, type PurgeRecord, type Reader, type Stamp, type State, type Stored } from './state.ts'

export interface Place {
  readonly state: State
  readonly on: number
  readonly has: (deviation: Deviation) => boolean
  /** Which readers are of this instance. */
  readonly readers: readonly Reader[]
}

export function instanceAt({ state, on }: Place): Instance {
  return state.instances[on] as Instance
}

/** Time is told by promises alone: a lease runs out with the bound of what was promised after its tick was sent. */
export function isAttached({ lease }: Instance, { inForce }: State): boolean {
  return lease >= inForce
}

export function reset({ image }: Instance, { epoch, number }: Stamp): void {
  image.epoch = epoch
  image.number = number
  image.floor = number
  image.purged = image.purged.map(() => 0)
}

/** False: one before it is missing here. What it names counts all the same. */
export function apply({ image }: Instance, { epoch, number, reach }: PurgeRecord): boolean {
  if (epoch !== image.epoch || number <= image.number) return true
  for (const rules of reach) image.purged[rules] = Math.max(image.purged[rules] as number, number)
  if (number !== image.number + 1) return false
  image.number = number
  return true
}

export function applyUnknown(place: Place, number: number): void {
  const { image } = instanceAt(place)
  if (number <= image.number) return
  image.number = number
  image.floor = number
  // What this instance has purged at a higher number, it knows.
  const isKnown = (purged: number): boolean => purged > number && !place.has('unreadable record forgets later purges')
  image.purged = image.purged.map((purged) => (isKnown(purged) ? purged : 0))
}

export function take(place: Place, records: readonly PurgeRecord[]): void {
  const instance = instanceAt(place)
  for (const record of records) {
    const isForeign = record.epoch !== instance.image.epoch
    if (!record.isReadable) {
      if (place.has('unreadable record ignored')) skip(instance, record)
      else if (!isForeign || place.has('unreadable record of another ledger believed')) applyUnknown(place, record.number)
    } else if (!apply(instance, record)) {
      if (place.has('gap in the stream ignored')) skip(instance, record)
      else applyUnknown(place, record.number)
    }
  }
}

function skip({ image }: Instance, { epoch, number }: Stamp): void {
  if (epoch === image.epoch) image.number = Math.max(image.number, number)
}

/** What was asked before, and is answered after, counts for nothing. */
export function giveUp(place: Place): void {
  const instance = instanceAt(place)
  instance.lease = -1
  if (instance.tick !== undefined && !place.has('tick believed after the lease was lost')) instance.tick.isVoid = true
  for (const reader of place.readers) if (reader.asked !== undefined) reader.asked.isVoid = true
}

export function renew(place: Place, sent: number): void {
  const { state } = place
  const instance = instanceAt(place)
  const wasAttached = isAttached(instance, state)
  instance.lease = sent
  if (!wasAttached && isAttached(instance, state)) forgetOwn(place)
}

/** Its epoch never comes back: what bears it is not valid anywhere. */
export function forgetOwn(place: Place): void {
  const instance = instanceAt(place)
  instance.own = undefined
  if (instance.memory?.epoch === ownEpoch) instance.memory = undefined
  for (const { stamp } of place.readers) if (stamp?.epoch === ownEpoch) stamp.epoch = 0
}

export function stampNow(place: Place): Stamp {
  const instance = instanceAt(place)
  if (isAttached(instance, place.state)) return { epoch: instance.image.epoch, number: instance.image.number }
  instance.own ??= { seq: 0, purged: 0 }
  return { epoch: ownEpoch, number: instance.own.seq }
}

export function purgeOwn(place: Place): void {
  const { own } = instanceAt(place)
  if (own === undefined || place.has('own ledger hears no purge')) return
  own.seq += 1
  own.purged = own.seq
}

export function mayServe(place: Place, stored: Stored | undefined): stored is Stored {
  const { state, has } = place
  const instance = instanceAt(place)
  if (stored === undefined || stored.rules !== instance.rules) return false
  // Lives no longer than a lease does.
  if (stored.epoch === ownEpoch)
    return instance.own !== undefined && instance.own.purged <= stored.number && stored.since >= state.inForce
  if (!isAttached(instance, state) && !has('memory hit without a lease')) return false
  const { image } = instance
  if (stored.epoch !== image.epoch && !has('shared entries judged by number across epochs')) return false
  if (has('memory copy without a number')) return true
  if (stored.number > image.number) return false
  return stored.number >= image.floor && (image.purged[instance.rules] as number) <= stored.number
}

/** What the image does not tell, because one before it is missing. */
export function see(instance: Instance, { epoch, number }: Stamp): void {
  if (instance.seen.epoch !== epoch || number > instance.seen.number) instance.seen = { epoch, number }
}

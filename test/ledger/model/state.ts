/**
 * What the model of the protocol knows at one moment: Redis, the instances, the writes and the reads under way. There is one thing to cache, of
 * which the origin has version 0 and each write makes the next. Purges of other things count too, since they take numbers.
 */

/** Of a ledger of one process alone. Only one such can be in use at a time: entries of an earlier one are forgotten where they lie. */
export const ownEpoch = -1

export interface Stamp {
  epoch: number
  number: number
}

export interface Stored extends Stamp {
  version: number
  rules: number
  /** How many promises had been made when its fill took its stamp: time is told by promises alone. */
  since: number
}

/** A record of the stream. */
export interface PurgeRecord extends Stamp {
  /** The rules whose entry it reaches, by a label of it or by the label of those rules. */
  reach: number[]
  isReadable: boolean
}

/** Recorded in Redis, for one write. */
export interface RecordedIntent {
  owner: number
  isDue: boolean
  isOwnerSilent: boolean
  isBuried: boolean
}

/** A Redis. What it keeps: the ledger (epoch to purged), the stream, members and the hashes of their rules, the intent, entries. */
export interface Redis {
  /** `master_replid`. */
  id: number
  /** 0: the ledger is not there. */
  epoch: number
  home: number
  seq: number
  /** Of the entry as each set of rules makes it, the last number that any of its labels has. */
  purged: number[]
  stream: PurgeRecord[]
  areMembersListed: boolean
  wereAllSilent: boolean
  /** Of each set of rules: up to which number its entries were considered; -1: never heard of. */
  covered: number[]
  isLive: boolean[]
  intent: RecordedIntent | undefined
  entries: Array<Stored | undefined>
}

export interface Image extends Stamp {
  floor: number
  purged: number[]
}

export type TickStage =
  | { at: 'executed'; reply: Stamp }
  | { at: 'replay'; reply: Stamp }
  | { at: 'replayed'; reply: Stamp; purge: PurgeRecord }
  | { at: 'missing'; reply: Stamp }
  | { at: 'found'; reply: Stamp; records: PurgeRecord[] }

export type Tick = TickStage & {
  /** How many promises had been made when it was sent. */
  sent: number
  /** The lease was given up since. */
  isVoid: boolean
}

export interface Instance {
  isDead: boolean
  rules: number
  image: Image
  /** The `sent` of the tick that gave it; -1: none. */
  lease: number
  /** The highest number it was told, of an epoch. */
  seen: Stamp
  own: { seq: number; purged: number } | undefined
  memory: Stored | undefined
  /** Labels wait to be purged; of which writes, so that they can be promised when they are. 0: none waits that was a write. */
  journal: { promises: number } | undefined
  /** It has purged lately; and which write is promised only once that is issued again, as another Redis was asked. 0: none. */
  recent: { promises: number } | undefined
  openIntent: { isDue: boolean } | undefined
  /** The newest version whose write it has answered: it must not serve anything older. */
  answered: number
  /** Which Redis its connections lead to. */
  ledgerAt: number
  entriesAt: number
  tick: Tick | undefined
  ticksLeft: number
  /** The reply of an XREAD, on its way. */
  read: PurgeRecord[] | undefined
}

export interface Writer {
  at: 'idle' | 'forwarded' | 'committed' | 'counted' | 'raised' | 'executed' | 'done'
  version: number
  purge: PurgeRecord | undefined
  /** The Redis that took it. */
  takenBy: number
}

export interface Reading extends Stamp {
  purged: number
}

export interface Reader {
  rules: number
  at: 'idle' | 'entry-read' | 'ledger-read' | 'asking' | 'answered' | 'done'
  /** Older than this it must not serve. */
  atLeast: number
  /** What was known when it asked Redis. */
  asked: { epoch: number; atLeast: number; isVoid: boolean } | undefined
  found: Stored | undefined
  reading: Reading | undefined
  stamp: (Stamp & { since: number }) | undefined
  version: number
}

export interface State {
  origin: number
  nextEpoch: number
  /** The second one exists once there is a copy of the first. */
  redis: Redis[]
  /** Which of them answer, the newest last: two of them where the old master has not heard that it is none any more. */
  serving: number[]
  instances: Instance[]
  writers: Writer[]
  readers: Reader[]
  /** Versions whose purge was acknowledged, in that order: nobody serves anything older once the bound has passed. */
  promised: number[]
  /** Of how many of them it has. */
  inForce: number
  fault: number
  lossesLeft: number
  /** Set when a read served what it must not. */
  isOld: boolean
}

/** As deep as a state is. */
export function copy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T
  if (typeof value !== 'object' || value === null) return value
  const twin: Record<string, unknown> = {}
  for (const name in value) twin[name] = copy(value[name])
  return twin as T
}

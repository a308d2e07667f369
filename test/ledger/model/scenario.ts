/** What is let loose in one run of the model, and the state it begins in. */
import type { Instance, Reader, Redis, State } from './state.ts'

export type Fault =
  | 'none'
  | 'flush'
  | 'ledger-evicted'
  | 'members-evicted'
  | 'stream-evicted'
  | 'stream-trimmed'
  /** A copy of Redis as it was at some moment takes over, under another id: a replica that lacks the newest, or a snapshot that is restored. */
  | 'older-copy'
  /** The same, but the old master goes on for those who have not noticed, and then ends. */
  | 'split'
  /** Commands fail, before Redis has carried them out or after. */
  | 'losses'
  /** Redis is away from everybody for more than a second; what is written meanwhile is queued by an instance that does not come back. */
  | 'outage'
  /** The process dies; its journal stays on disk, and a new one comes. */
  | 'restart'
  /** The process dies for good. */
  | 'kill'
  /** The only instance with its rules is silent for so long that they are not in force any more. */
  | 'rules-away'

export interface WriterSetUp {
  readonly on: number
  readonly kind:
    | 'plain'
    /** Recorded as an intent first. */
    | 'intended'
    /** Its outcome is not known: purged before it is committed, and once more when that is due. */
    | 'late'
    /** Of something else: takes a number, and reaches no entry that is looked at. */
    | 'elsewhere'
    /** By a version of this program whose records are not understood. */
    | 'misread'
    /** The same, of something else. */
    | 'unreadable'
}

export interface ReaderSetUp {
  readonly on: number
  /** A refresh asks the origin without looking, and serves nobody. */
  readonly kind: 'read' | 'refresh'
}

export interface Scenario {
  readonly name: string
  /** The rules of each instance. */
  readonly rules: readonly number[]
  /** Where version 0 is cached already. */
  readonly cached: 'nowhere' | 'redis' | 'everywhere'
  readonly writers: readonly WriterSetUp[]
  readonly readers: readonly ReaderSetUp[]
  readonly ticks: readonly number[]
  readonly fault: Fault
  /** An instance may take up other rules, once: from, to. */
  readonly reload?: { readonly on: number; readonly to: number }
  /** How many commands may be lost. */
  readonly losses?: number
  /** Whether what a stream tells may be on its way while other things happen. */
  readonly isStreamSlow?: boolean
  /** Whether anything comes between an entry and the numbers of its labels, which are asked for in one write. */
  readonly isReadSplit?: boolean
  /** What has come before, where the way to it is long and known. */
  readonly begin?: (state: State) => void
}

const ruleSets = [0, 1, 2]

/** All instances attached to a ledger that is at 1, but for what the scenario says. */
export function beginningOf(scenario: Scenario): State {
  const state: State = {
    origin: 0,
    nextEpoch: 2,
    redis: [redisAt(scenario)],
    serving: [0],
    instances: scenario.rules.map((rules, i) => instanceOf(scenario, rules, scenario.ticks[i] as number)),
    writers: scenario.writers.map(() => ({ at: 'idle', version: 0, purge: undefined, takenBy: 0 })),
    readers: scenario.readers.map(idleReader),
    promised: [],
    inForce: 0,
    fault: 0,
    lossesLeft: scenario.losses ?? 0,
    isOld: false,
  }
  scenario.begin?.(state)
  return state
}

function redisAt({ rules, cached }: Scenario): Redis {
  const isIn = (set: number): boolean => rules.includes(set)
  return {
    id: 1,
    epoch: 1,
    home: 1,
    seq: 1,
    purged: ruleSets.map(() => 0),
    stream: [],
    areMembersListed: true,
    wereAllSilent: false,
    covered: ruleSets.map((set) => (isIn(set) ? 1 : -1)),
    isLive: ruleSets.map(isIn),
    intent: undefined,
    entries: ruleSets.map((set) => (cached !== 'nowhere' && isIn(set) ? firstEntry(set) : undefined)),
  }
}

export function instanceOf({ cached }: Pick<Scenario, 'cached'>, rules: number, ticksLeft: number): Instance {
  return {
    isDead: false,
    rules,
    image: { epoch: 1, number: 1, floor: 1, purged: ruleSets.map(() => 0) },
    lease: 0,
    seen: { epoch: 1, number: 1 },
    own: undefined,
    memory: cached !== 'everywhere' ? undefined : firstEntry(rules),
    journal: undefined,
    recent: undefined,
    openIntent: undefined,
    answered: 0,
    ledgerAt: 0,
    entriesAt: 0,
    tick: undefined,
    ticksLeft,
    read: undefined,
  }
}

export function idleReader(): Reader {
  return {
    rules: 0,
    at: 'idle',
    atLeast: 0,
    asked: undefined,
    found: undefined,
    reading: undefined,
    stamp: undefined,
    version: 0,
  }
}

function firstEntry(rules: number): State['redis'][number]['entries'][number] {
  return { epoch: 1, number: 1, version: 0, rules, since: 0 }
}

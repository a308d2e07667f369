/**
 * Workers of one machine without Redis: ledgers of their own, labels exchanged. A purge is acknowledged when every sibling has applied it, or the
 * last lease that it was sent before has run out. What a sibling is sent it takes in that order, so that a later lease finds the purge applied.
 */
import { copy } from './state.ts'

export const workerDeviations = [
  'acknowledged when sent',
  'own purge not applied',
  'lease counted from its arrival',
  'memory hit without a lease',
  'lease overtakes labels',
  'one that joins is believed before it is known',
] as const

export type WorkerDeviation = (typeof workerDeviations)[number]

type Message = { kind: 'purge' } | { kind: 'lease'; sent: number }

interface Worker {
  isThere: boolean
  /** Whether it is told of purges. */
  isKnown: boolean
  seq: number
  purged: number
  memory: { version: number; number: number } | undefined
  fill: { isAnswered: boolean; version: number; number: number } | undefined
  /** When it was sent, in leases that have passed since the beginning; -1: none. */
  lease: number
  lastSent: number
  inbox: Message[]
}

export interface WorkersState {
  origin: number
  workers: Worker[]
  write: 'idle' | 'committed' | 'sent' | 'done'
  waiting: Array<{ on: number; lastSent: number }>
  /** How often as long as a lease has passed. */
  passed: number
  leasesLeft: number
  isOld: boolean
}

/** The first worker answers the write, the second is its sibling, the third is not there yet. */
export function workersBegin(): WorkersState {
  const workers = [0, 0, -1].map((lease) => ({
    isThere: lease === 0,
    isKnown: lease === 0,
    seq: 0,
    purged: 0,
    memory: lease === 0 ? { version: 0, number: 0 } : undefined,
    fill: undefined,
    lease,
    lastSent: lease,
    inbox: [],
  }))
  return { origin: 0, workers, write: 'idle', waiting: [], passed: 0, leasesLeft: 1, isOld: false }
}

export interface WorkersMove {
  readonly name: string
  readonly state: WorkersState
}

interface Steps {
  readonly state: WorkersState
  readonly has: (deviation: WorkerDeviation) => boolean
  add(name: string, change: (state: WorkersState) => void): void
}

export function workerMoves(state: WorkersState, deviation: WorkerDeviation | undefined): WorkersMove[] {
  const found: WorkersMove[] = []
  function add(name: string, change: (state: WorkersState) => void): void {
    const next = copy(state)
    change(next)
    found.push({ name, state: next })
  }
  const steps: Steps = { state, has: (one) => one === deviation, add }
  writeSteps(steps)
  for (const [on, { isThere }] of state.workers.entries()) {
    if (!isThere) joinSteps(steps, on)
    else {
      leaseSteps(steps, on)
      inboxSteps(steps, on)
      readSteps(steps, on)
    }
  }
  if (state.passed < 1)
    add('AS LONG AS A LEASE PASSES', (state) => {
      state.passed += 1
    })
  return found
}

function writeSteps({ state, has, add }: Steps): void {
  if (state.write === 'idle')
    add('the write is committed', (state) => {
      state.origin = 1
      state.write = 'committed'
    })
  if (state.write === 'committed') add('0 purges, and tells the others', (state) => tell(state, has('own purge not applied')))
  const mayAcknowledge = has('acknowledged when sent') || state.waiting.every(({ lastSent }) => lastSent < state.passed)
  if (state.write === 'sent' && mayAcknowledge)
    add('the write is acknowledged', (state) => {
      state.write = 'done'
    })
}

function tell(state: WorkersState, isForgetful: boolean): void {
  for (const [on, worker] of state.workers.entries()) {
    if (on === 0 && !isForgetful) purge(worker)
    if (on === 0 || !worker.isKnown) continue
    worker.inbox.push({ kind: 'purge' })
    state.waiting.push({ on, lastSent: worker.lastSent })
  }
  state.write = 'sent'
}

function purge(worker: Worker): void {
  worker.seq += 1
  worker.purged = worker.seq
}

/** It has no lease before it is sent one, and whoever sends it knows it from then on. */
function joinSteps({ has, add }: Steps, on: number): void {
  add(`${on} joins`, ({ workers, passed }) => {
    const worker = workers[on] as Worker
    worker.isThere = true
    if (has('one that joins is believed before it is known')) worker.lease = passed
  })
}

function leaseSteps({ state, add }: Steps, on: number): void {
  if (on === 0 || state.leasesLeft === 0) return
  add(`${on} is sent a lease`, (state) => {
    const worker = state.workers[on] as Worker
    state.leasesLeft -= 1
    worker.isKnown = true
    worker.lastSent = state.passed
    worker.inbox.push({ kind: 'lease', sent: state.passed })
  })
}

function inboxSteps({ state, has, add }: Steps, on: number): void {
  const { inbox } = state.workers[on] as Worker
  for (const [i, { kind }] of inbox.entries()) {
    if (i > 0 && !has('lease overtakes labels')) return
    add(`${on} takes its ${kind}`, (state) => {
      const worker = state.workers[on] as Worker
      const [message] = worker.inbox.splice(i, 1) as [Message]
      if (message.kind === 'lease') worker.lease = has('lease counted from its arrival') ? state.passed : message.sent
      else {
        purge(worker)
        state.waiting = state.waiting.filter((one) => one.on !== on)
      }
    })
  }
}

function readSteps({ state, has, add }: Steps, on: number): void {
  const { fill, memory, purged, lease, seq } = state.workers[on] as Worker
  const isBelieved = on === 0 || lease >= state.passed || has('memory hit without a lease')
  const step = (name: string, change: (worker: Worker) => void): void =>
    add(`${on} ${name}`, (state) => change(state.workers[on] as Worker))
  if (isBelieved && state.write === 'done' && memory?.version === 0 && purged <= memory.number)
    add(`${on} hits version 0 in memory`, (state) => {
      state.isOld = true
    })
  if (fill === undefined && isBelieved && state.write !== 'done')
    step('asks the origin', (worker) => {
      worker.fill = { isAnswered: false, version: 0, number: seq }
    })
  if (fill?.isAnswered === false)
    step('is answered by the origin', (worker) => {
      worker.fill = { ...fill, isAnswered: true, version: state.origin }
    })
  if (fill?.isAnswered === true)
    step('stores that', (worker) => {
      worker.memory = { version: fill.version, number: fill.number }
      worker.fill = undefined
    })
}

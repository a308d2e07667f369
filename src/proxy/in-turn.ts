/**
 * One fetch for the whole fleet. Who has the turn fetches; everybody else waits until the turn is over, at most a second, and then looks into the
 * store like any request, so that what another instance brought is judged as everything that lies there. Saves work, decides nothing: where the
 * turn cannot be asked for, each instance fetches for itself.
 */
import type { Decision } from '../cache/decide.ts'
import type { Holder, Turn, Turns } from '../store/turns.ts'
import { type Clock, type Milliseconds, milliseconds } from '../time.ts'
import { type Elsewhere, isCurrent, type Waiting } from './collapse.ts'
import type { Fill } from './errand.ts'
import { look } from './look.ts'
import { type Found, joinLabels } from './lookup.ts'
import { decideOn } from './missed.ts'
import { promote } from './promote.ts'
import { soughtOf } from './sought.ts'
import type { Visit } from './visit.ts'
import type { Read } from './way.ts'

export interface InTurn {
  readonly way: Read
  /** What was found before; its stamp is the fetch's. */
  readonly found: Found
  readonly waiting: Waiting
  /** False: this request has waited for another instance already. */
  readonly mayWait: boolean
  /** Whether what is decided on what lies there now makes the fetch needless. */
  isDone(decision: Decision): boolean
  /** Never rejects but for a defect. */
  fetch(): Promise<Fill>
}

const elsewhere: Elsewhere = { kind: 'elsewhere' }
/** With the commands around it, nobody waits longer than a second for another instance. */
const longestWait = milliseconds(900)
const pollEvery = milliseconds(50)

export async function inTurn(visit: Visit, work: InTurn): Promise<Fill | Elsewhere> {
  const { parts, inForce } = visit
  const { turns } = parts
  const { way, found, mayWait, waiting } = work
  if (turns === undefined || found.stamp === undefined || !parts.local.ledger.isAttached) return work.fetch()
  // Other rules, and other versions of them, cannot use what these fetch.
  const name = `${inForce.label} ${way.name} ${found.flightKey}`
  let taking = await turns.take(name, found.stamp)
  if (taking.kind === 'taken' && isOutdated(visit, work, taking.holder)) {
    taking = await turns.take(name, found.stamp, taking.holder)
  }
  if (taking.kind === 'unknown') return work.fetch()
  if (taking.kind === 'taken') {
    if (!mayWait) return work.fetch()
    waiting.isWaiting = true
    await untilOver(parts.clock, turns, name)
    return elsewhere
  }
  return fetchWith(visit, work, taking.turn)
}

/** The turn ends when the answer lies in the store, so that whoever waits for its end finds it there. */
async function fetchWith(visit: Visit, work: InTurn, turn: Turn): Promise<Fill | Elsewhere> {
  const { background } = visit.parts
  let result: Fill | undefined
  try {
    // Between the look into the store and the turn another instance may have begun and ended.
    if (work.mayWait && (await isThere(visit, work))) return elsewhere
    result = await work.fetch()
    return result
  } finally {
    const stored = result?.kind === 'shared' ? result.entry : Promise.resolve()
    background.own(stored.then(() => turn.release()))
  }
}

/** Also brings into memory what lies there. */
export async function isThere(visit: Visit, { way, isDone }: Pick<InTurn, 'way' | 'isDone'>): Promise<boolean> {
  const { parts, inForce } = visit
  const found = await look(parts, soughtOf(visit, way), never)
  if (found.copy !== undefined) promote(parts, { read: way, inForce, copy: found.copy })
  return found.stamp !== undefined && isDone(decideOn(visit, way, found))
}

/** What memory has is what was not good enough. */
function never(): boolean {
  return false
}

/** A holder that began before a purge brings what is already invalid: nothing to wait for. One that knows more than we do is none. */
function isOutdated({ parts, inForce }: Visit, { way, found }: InTurn, { stamp }: Holder): boolean {
  if (stamp === undefined || found.stamp === undefined) return false
  if (stamp.epoch !== found.stamp.epoch || stamp.number >= found.stamp.number) return false
  return !isCurrent(parts.local.ledger, { stamp, labels: joinLabels(way, inForce) }, found.reading)
}

async function untilOver(clock: Clock, turns: Turns, name: string): Promise<void> {
  const end = clock.monotonic() + longestWait
  do await pause(clock, pollEvery)
  while (clock.monotonic() < end && (await turns.isTaken(name)))
}

function pause(clock: Clock, duration: Milliseconds): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  clock.after(duration, resolve)
  return promise
}

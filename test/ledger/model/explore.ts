/** Every order of steps from a beginning, the shortest first, until one of them serves something old or there is nothing new. */
import type { Deviation } from './deviation.ts'
import { boundMoves, dueMoves, faultMoves, reloadMoves } from './faults.ts'
import { readMoves } from './reading.ts'
import { beginningOf, type Scenario } from './scenario.ts'
import type { State } from './state.ts'
import { lateReplay, streamMoves, tickMoves } from './ticking.ts'
import { type WorkerDeviation, workerMoves, workersBegin } from './workers.ts'
import { type Move, movesOf } from './world.ts'
import { writeMoves } from './writing.ts'

export interface Explored {
  readonly states: number
  /** The shortest order of steps that serves something old. */
  readonly old: readonly string[] | undefined
  /** Whether there was more to see than was allowed. */
  readonly isCut: boolean
}

interface Moving<S> {
  readonly begin: S
  readonly from: (state: S) => ReadonlyArray<{ readonly name: string; readonly state: S }>
  readonly mostStates: number
}

interface Reached<S> {
  readonly state: S
  readonly step: string
  readonly before: Reached<S> | undefined
}

export function explore(scenario: Scenario, deviation: Deviation | undefined, mostStates: number): Explored {
  return search({ begin: beginningOf(scenario), from: (state) => stepsFrom(state, scenario, deviation), mostStates })
}

export function exploreWorkers(deviation: WorkerDeviation | undefined, mostStates: number): Explored {
  return search({ begin: workersBegin(), from: (state) => workerMoves(state, deviation), mostStates })
}

function search<S extends { readonly isOld: boolean }>({ begin, from, mostStates }: Moving<S>): Explored {
  const seen = new Set<string>()
  let reached: Array<Reached<S>> = [{ state: begin, step: '', before: undefined }]
  while (reached.length > 0) {
    const next: Array<Reached<S>> = []
    for (const before of reached) {
      for (const { name: step, state } of from(before.state)) {
        if (state.isOld) return { states: seen.size, old: stepsTo({ state, step, before }), isCut: false }
        const text = JSON.stringify(state)
        if (seen.has(text)) continue
        if (seen.size === mostStates) return { states: seen.size, old: undefined, isCut: true }
        seen.add(text)
        next.push({ state, step, before })
      }
    }
    reached = next
  }
  return { states: seen.size, old: undefined, isCut: false }
}

function stepsFrom(state: State, scenario: Scenario, deviation: Deviation | undefined): Move[] {
  const found: Move[] = []
  const moves = movesOf({ scenario, deviation }, state, found)
  // Once every read is over there is nothing that could be old.
  if (state.readers.every(({ at }) => at === 'done')) return found
  for (const index of state.writers.keys()) writeMoves(moves, index)
  for (const index of state.readers.keys()) readMoves(moves, index)
  for (const [on, { isDead }] of state.instances.entries()) {
    if (isDead) continue
    tickMoves(moves, on)
    // What nobody reads from needs to know nothing.
    if (scenario.readers.some((reader) => reader.on === on)) streamMoves(moves, on)
    lateReplay(moves, on)
  }
  faultMoves(moves)
  dueMoves(moves)
  boundMoves(moves)
  reloadMoves(moves)
  for (const { state: reached } of found) tidy(reached)
  return found
}

/** States that differ in what nobody will ask for any more are the same. */
function tidy({ redis, instances }: State): void {
  for (const instance of instances) {
    const { seen, image } = instance
    if (seen.epoch === image.epoch && seen.number < image.number) seen.number = 0
  }
  const alive = instances.filter(({ isDead }) => !isDead)
  for (const one of redis) {
    const least = Math.min(...alive.map(({ image }) => (image.epoch === one.epoch ? image.number : 0)))
    one.stream = one.stream.filter(({ number }) => number > least)
  }
}

function stepsTo<S>(last: Reached<S>): string[] {
  const steps: string[] = []
  for (let at: Reached<S> | undefined = last; at !== undefined && at.step !== ''; at = at.before) steps.unshift(at.step)
  return steps
}

/** Every order of steps from a beginning, the shortest first, until one of them serves something old or there is nothing new. */
import type { Deviation } from './deviation.ts'
import { boundMoves, dueMoves, faultMoves, reloadMoves } from './faults.ts'
import { readMoves } from './reading.ts'
import { beginningOf, type Scenario } from './scenario.ts'
import type { State } from './state.ts'
import { lateReplay, streamMoves, tickMoves } from './ticking.ts'
import { type Move, movesOf } from './world.ts'
import { writeMoves } from './writing.ts'

export interface Explored {
  readonly states: number
  /** The shortest order of steps that serves something old. */
  readonly old: readonly string[] | undefined
  /** Whether there was more to see than was allowed. */
  readonly isCut: boolean
}

interface Reached {
  readonly state: State
  readonly step: string
  readonly before: Reached | undefined
}

export function explore(scenario: Scenario, deviation: Deviation | undefined, mostStates: number): Explored {
  const seen = new Set<string>()
  let reached: Reached[] = [{ state: beginningOf(scenario), step: '', before: undefined }]
  while (reached.length > 0) {
    const next: Reached[] = []
    for (const before of reached) {
      for (const { name: step, state } of stepsFrom(before.state, scenario, deviation)) {
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
    streamMoves(moves, on)
    lateReplay(moves, on)
  }
  faultMoves(moves)
  dueMoves(moves)
  boundMoves(moves)
  reloadMoves(moves)
  return found
}

function stepsTo(last: Reached): string[] {
  const steps: string[] = []
  for (let at: Reached | undefined = last; at !== undefined && at.step !== ''; at = at.before) steps.unshift(at.step)
  return steps
}

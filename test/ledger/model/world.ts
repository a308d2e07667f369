/** What every kind of step needs: the state, who may step, and where the steps go. */
import type { Deviation } from './deviation.ts'
import type { Place } from './instance.ts'
import type { Call } from './redis-script.ts'
import type { Scenario } from './scenario.ts'
import { copy, type Instance, type Redis, type State } from './state.ts'

export interface Move {
  readonly name: string
  readonly state: State
}

export interface Moves {
  readonly scenario: Scenario
  readonly state: State
  readonly has: (deviation: Deviation) => boolean
  /** `change` gets a copy. `on`: the instance that steps, if it is one that does. */
  add(name: string, change: (place: Place) => void, on?: number): void
}

export interface World {
  readonly scenario: Scenario
  readonly deviation: Deviation | undefined
}

export function movesOf({ scenario, deviation }: World, state: State, found: Move[]): Moves {
  const has = (one: Deviation): boolean => one === deviation
  function add(name: string, change: (place: Place) => void, on = 0): void {
    const next = copy(state)
    change(placeOf({ scenario, deviation }, next, on))
    found.push({ name, state: next })
  }
  return { scenario, state, has, add }
}

export function placeOf({ scenario, deviation }: World, state: State, on: number): Place {
  const readers = state.readers.filter((_, i) => scenario.readers[i]?.on === on)
  return { state, on, readers, has: (one) => one === deviation }
}

export function callAt({ state, on, has }: Place): Call {
  const { ledgerAt } = state.instances[on] as Instance
  return { state, by: on, has, redis: state.redis[ledgerAt] as Redis }
}

export function isReachable({ serving }: State, index: number): boolean {
  return serving.includes(index)
}

/** What nobody may serve anything older than, and this instance in particular. */
export function oldestAllowed({ promised, inForce }: State, { answered }: Instance): number {
  return Math.max(answered, ...promised.slice(0, inForce))
}

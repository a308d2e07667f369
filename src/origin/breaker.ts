/**
 * Whether the origin is asked at all. After enough failures the circuit opens and everything is refused at once, which is what lets
 * stale-if-error answer fast; after a while one exchange goes through (half-open), and its outcome closes or opens it again.
 */
import type { Clock } from '../time.ts'
import type { BreakerSettings } from './origin-settings.ts'

export type Outcome =
  | 'success'
  | 'failure'
  /** It ended without a verdict (the caller left). */
  | 'unknown'

export interface Passage {
  /** Says how it went; only the first time counts, and only while the circuit has not changed since. */
  settle(outcome: Outcome): void
}

export interface Breaker {
  readonly circuit: 'closed' | 'open' | 'half-open'
  /** Whether `enter` would let one through now. Takes nothing. */
  mayEnter(): boolean
  /** Undefined: refused. While half-open there is one passage at a time. */
  enter(): Passage | undefined
}

export function createBreaker(settings: BreakerSettings, clock: Clock): Breaker {
  const { consecutiveFailures, failingFor, failureRatio, minimumExchanges, window, openFor } = settings
  let state: 'closed' | 'open' | 'half-open' = 'closed'
  /** Changes with the state: an exchange from before an opening says nothing about the time after it. */
  let generation = 0
  let triesAgainAt = 0
  let isProbing = false
  let inARow = 0
  let rowStart = 0
  let windowStart = 0
  let exchanges = 0
  let failures = 0

  function change(next: typeof state): void {
    state = next
    generation++
    isProbing = false
    inARow = exchanges = failures = 0
    windowStart = clock.monotonic()
    if (next === 'open') triesAgainAt = windowStart + openFor
  }

  function count(isFailure: boolean): void {
    const now = clock.monotonic()
    if (now - windowStart >= window) {
      windowStart = now
      exchanges = failures = 0
    }
    exchanges++
    inARow = isFailure ? inARow + 1 : 0
    if (!isFailure) return
    failures++
    if (inARow === 1) rowStart = now
    const isDown = inARow >= consecutiveFailures && now - rowStart >= failingFor
    const isTooMany = exchanges >= minimumExchanges && failures / exchanges >= failureRatio
    if (isDown || isTooMany) change('open')
  }

  function conclude(outcome: Outcome): void {
    if (state === 'closed') {
      if (outcome !== 'unknown') count(outcome === 'failure')
    } else if (outcome === 'unknown') isProbing = false
    else change(outcome === 'success' ? 'closed' : 'open')
  }

  /** Time alone turns open into half-open; nothing else needs a timer. */
  function current(): typeof state {
    if (state === 'open' && clock.monotonic() >= triesAgainAt) change('half-open')
    return state
  }

  function mayEnter(): boolean {
    const now = current()
    return now === 'closed' || (now === 'half-open' && !isProbing)
  }

  return {
    get circuit() {
      return current()
    },
    mayEnter,
    enter() {
      if (!mayEnter()) return undefined
      if (state === 'half-open') isProbing = true
      const entered = generation
      let isSettled = false
      return {
        settle(outcome) {
          if (isSettled || entered !== generation) return
          isSettled = true
          conclude(outcome)
        },
      }
    },
  }
}

/**
 * Instants, durations and the clock. Every other file takes the time as an argument: the clock is read once per request, at the
 * edge of the pure core, so that a decision can be repeated, explained and tested with a hand-moved clock.
 */

declare const unit: unique symbol

/** A point in time: milliseconds since the Unix epoch. */
export type Instant = number & { readonly [unit]: 'instant' }
/** A duration in seconds, the unit of HTTP (RFC 9111 §1.2.2); fractions are allowed inside, never on the wire. */
export type Seconds = number & { readonly [unit]: 'seconds' }
/** A duration in milliseconds, the unit of timers and settings. */
export type Milliseconds = number & { readonly [unit]: 'milliseconds' }

/** Work that was promised for later and can still be called off. */
export interface Timer {
  cancel(): void
}

/** Where the time comes from. Everything that waits takes a `Clock`, so that tests move the time by hand. */
export interface Clock {
  /** The wall clock: what `Date` and `Age` are computed from. */
  now(): Instant
  /** Never goes back: what deadlines and measured durations are computed from. */
  monotonic(): Milliseconds
  /** Runs `work` once after `delay`. The timer does not keep the process alive. */
  after(delay: Milliseconds, work: () => void): Timer
}

export function instant(epochMilliseconds: number): Instant {
  return epochMilliseconds as Instant
}

export function seconds(count: number): Seconds {
  return count as Seconds
}

export function milliseconds(count: number): Milliseconds {
  return count as Milliseconds
}

export function toSeconds(duration: Milliseconds): Seconds {
  return (duration / 1000) as Seconds
}

export function toMilliseconds(duration: Seconds): Milliseconds {
  return (duration * 1000) as Milliseconds
}

/** How long it is from `earlier` to `later`; negative when they are the other way round. */
export function elapsed(earlier: Instant, later: Instant): Seconds {
  return ((later - earlier) / 1000) as Seconds
}

/** The instant `duration` after `start`. */
export function later(start: Instant, duration: Seconds): Instant {
  return (start + duration * 1000) as Instant
}

export const systemClock: Clock = {
  now: () => Date.now() as Instant,
  monotonic: () => performance.now() as Milliseconds,
  after(delay, work) {
    const timer = setTimeout(work, delay)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}

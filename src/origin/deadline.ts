/**
 * A time limit that is put off often and seldom runs out. Putting it off only notes the time; the one timer looks again when it fires.
 */
import type { Clock, Milliseconds, Timer } from '../time.ts'

export interface Deadline {
  /** Counts from now again. */
  restart(): void
  /** Stops counting: what happens now is not the origin's doing. */
  pause(): void
  /** Goes on counting where it was paused. */
  resume(): void
  cancel(): void
}

/** Calls `expire` once, `limit` after now unless put off; a limit of 0 is none. */
export function startDeadline(clock: Clock, limit: Milliseconds, expire: () => void): Deadline {
  if (limit <= 0) return unlimited
  let due: number = clock.monotonic() + limit
  let pausedAt: number | undefined
  let isCancelled = false
  let timer: Timer | undefined = clock.after(limit, look)

  function look(): void {
    timer = undefined
    if (pausedAt !== undefined) return
    const left = due - clock.monotonic()
    if (left <= 0) expire()
    else timer = clock.after(left as Milliseconds, look)
  }

  return {
    restart() {
      due = clock.monotonic() + limit
    },
    pause() {
      pausedAt ??= clock.monotonic()
    },
    resume() {
      if (pausedAt === undefined || isCancelled) return
      due += clock.monotonic() - pausedAt
      pausedAt = undefined
      if (timer === undefined) look()
    },
    cancel() {
      isCancelled = true
      timer?.cancel()
    },
  }
}

const unlimited: Deadline = { restart() {}, pause() {}, resume() {}, cancel() {} }

/**
 * What may end an exchange from outside, in one place: the caller's signal, the total time, and our own shutdown. Whichever stage the
 * exchange is in (queue, connecting, body) listens here and nowhere else.
 */
import type { Clock, Milliseconds } from '../time.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import { OriginError } from './origin.ts'

export interface Leash {
  /** Set once the exchange has to end. */
  readonly ended: Ending | undefined
  /** The total time; paused while a reader holds the body back, cancelled for streams. */
  readonly total: Deadline
  /** The stage that is told; one at a time, since an exchange is in one stage at a time. */
  onEnd: ((ending: Ending) => void) | undefined
  end(ending: Ending): void
  /** Lets go of the signal and the timer; nothing is told any more. */
  release(): void
}

export interface Ending {
  readonly failure: 'aborted' | 'origin-timeout'
  readonly message: string
  readonly cause?: unknown
}

export interface LeashOptions {
  readonly clock: Clock
  readonly totalTimeout: Milliseconds
  readonly signal: AbortSignal | undefined
}

export function startLeash({ clock, totalTimeout, signal }: LeashOptions): Leash {
  let ended: Ending | undefined
  const leash: Leash = {
    get ended() {
      return ended
    },
    total: startDeadline(clock, totalTimeout, () =>
      leash.end({ failure: 'origin-timeout', message: `The exchange took longer than ${totalTimeout} ms` }),
    ),
    onEnd: undefined,
    end(ending) {
      if (ended) return
      ended = ending
      leash.onEnd?.(ending)
    },
    release() {
      leash.onEnd = undefined
      leash.total.cancel()
      signal?.removeEventListener('abort', abort)
    },
  }

  function abort(): void {
    leash.end({ failure: 'aborted', message: 'The caller left', cause: signal?.reason })
  }
  if (signal?.aborted) abort()
  else signal?.addEventListener('abort', abort, { once: true })
  return leash
}

/** The ending as the error that a caller of the origin sees. */
export function endingError({ failure, message, cause }: Ending, isSent: boolean): OriginError {
  return new OriginError(failure, isSent, message, cause)
}

/**
 * For how long what is known here of the shared ledger may be believed, on the monotonic clock: a process that was stopped finds it run out,
 * whatever happened meanwhile. Given up at once when something proves nothing any more.
 */
import { type Clock, type Milliseconds, milliseconds } from '../time.ts'

export class Lease {
  readonly #clock: Clock
  readonly #report: (change: 'attached' | 'detached', cause: string) => void
  #until: Milliseconds = milliseconds(0)
  /** Why it does not hold, as it was said; undefined while nothing was said since it held. */
  #cause: string | undefined

  constructor(clock: Clock, report: (change: 'attached' | 'detached', cause: string) => void) {
    this.#clock = clock
    this.#report = report
  }

  /** Grows when the lease is given up: what was asked before and is answered after counts for nothing. */
  losses = 0

  get holds(): boolean {
    return this.#clock.monotonic() < this.#until
  }

  renew(until: Milliseconds): void {
    this.#until = until
    if (!this.holds || this.#cause === undefined) return
    this.#cause = undefined
    this.#report('attached', '')
  }

  giveUp(cause: string): void {
    this.losses += 1
    this.#until = milliseconds(0)
    this.sayWhetherItHolds(cause)
  }

  /** For good, and nothing to be said of. */
  end(): void {
    this.#until = milliseconds(0)
    this.#cause = 'ended'
  }

  /** Once for each time that it ran out or was given up. */
  sayWhetherItHolds(cause: string): void {
    if (this.holds || this.#cause !== undefined) return
    this.#cause = cause
    this.#report('detached', cause)
  }
}

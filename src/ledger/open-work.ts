/**
 * What this process has on its hands and another ledger would not know of: purges of the last minute, which may have gone to a Redis that was not
 * the one any more, and intents that are not due. A new epoch gets them again.
 */
import { allLabel, type Label } from '../cache/label.ts'
import { type Clock, type Milliseconds, milliseconds } from '../time.ts'

export interface OpenIntent {
  readonly id: string
  readonly labels: readonly Label[]
  readonly kind: 'hard' | 'soft'
  /** On the monotonic clock. */
  readonly dueAt: Milliseconds
  isRecorded: boolean
}

const minute = milliseconds(60_000)
/** Until somebody has certainly ticked after an intent was due. */
const grace = milliseconds(5000)
/** More labels than these in a minute are everything. */
export const mostRecent = 10_000

export class OpenWork {
  readonly #clock: Clock
  readonly #intents = new Map<string, OpenIntent>()
  /** Label → when it was last purged here, the oldest first. */
  readonly #recent = new Map<Label, Milliseconds>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(intent: OpenIntent): void {
    this.#intents.set(intent.id, intent)
  }

  drop(id: string): void {
    this.#intents.delete(id)
  }

  purged(labels: readonly Label[]): void {
    const now = this.#clock.monotonic()
    for (const label of labels) {
      this.#recent.delete(label)
      this.#recent.set(label, now)
    }
    this.#forget(now)
  }

  /** Purged here within the last minute. */
  recent(): readonly Label[] {
    this.#forget(this.#clock.monotonic())
    return this.#recent.size > mostRecent ? [allLabel] : [...this.#recent.keys()]
  }

  /** Whoever reads says first what became of them: those that are due were purged by whoever ticked. */
  unrecorded(): readonly OpenIntent[] {
    const now = this.#clock.monotonic()
    for (const [id, { dueAt, isRecorded }] of this.#intents) if (isRecorded && dueAt + grace <= now) this.#intents.delete(id)
    return [...this.#intents.values()].filter(({ isRecorded }) => !isRecorded)
  }

  /** The ledger that they were recorded in is no more. */
  lost(): void {
    for (const intent of this.#intents.values()) intent.isRecorded = false
  }

  #forget(now: Milliseconds): void {
    for (const [label, at] of this.#recent) {
      if (at > now - minute && this.#recent.size <= mostRecent + 1) return
      this.#recent.delete(label)
    }
  }
}

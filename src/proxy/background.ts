/**
 * The one place for work that nobody awaits: refreshes, stores behind an answer, warnings. It owns their failures, bounds their number, and
 * is drained on shutdown, so that nothing floats.
 */

export class Background {
  readonly #limit: number
  readonly #report: (error: unknown) => void
  readonly #running = new Set<Promise<void>>()

  /** `report` hears of work that threw, which is always a defect: expected failures are outcomes. */
  constructor(limit: number, report: (error: unknown) => void) {
    this.#limit = limit
    this.#report = report
  }

  /** Whether work that can be left undone should be started now. */
  get hasRoom(): boolean {
    return this.#running.size < this.#limit
  }

  get size(): number {
    return this.#running.size
  }

  /** Takes over work that must be done, whatever the number: what is in flight is bounded by the clients and by the origin's admission. */
  own(work: Promise<void>): void {
    const owned = work.catch(this.#report).finally(() => this.#running.delete(owned))
    this.#running.add(owned)
  }

  /** Resolves when everything that runs has ended, also what it started meanwhile. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }
}

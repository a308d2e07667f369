/**
 * The ledger of a process on its own: without a lease nobody tells it of purges elsewhere, so each is believed no longer than a lease would be, and
 * then another one begins, under another epoch.
 */
import type { Label } from '../cache/label.ts'
import type { Stamp, Validity } from '../cache/validity.ts'
import { type Milliseconds, milliseconds } from '../time.ts'
import { MemoryLedger, type MemoryLedgerOptions } from './memory.ts'

export interface SoloOptions extends MemoryLedgerOptions {
  readonly believedFor: Milliseconds
}

export class SoloLedger {
  readonly #options: SoloOptions
  #ledger: MemoryLedger | undefined
  #until: Milliseconds = milliseconds(0)

  constructor(options: SoloOptions) {
    this.#options = options
  }

  /** The one that is believed now: another than before, where that one's time is over. */
  current(): MemoryLedger {
    const { clock, believedFor } = this.#options
    const now = clock.monotonic()
    if (this.#ledger !== undefined && now < this.#until) return this.#ledger
    this.end()
    this.#ledger = new MemoryLedger(this.#options)
    this.#until = milliseconds(now + believedFor)
    return this.#ledger
  }

  get seq(): number {
    return this.current().seq
  }

  stampNow(): Stamp {
    return this.current().stampNow()
  }

  judgeNow(stamp: Stamp, labels: readonly Label[]): Validity {
    if (this.#ledger === undefined || this.#options.clock.monotonic() >= this.#until) return { kind: 'purged' }
    return this.#ledger.judgeNow(stamp, labels)
  }

  async purge(labels: readonly Label[], kind: 'hard' | 'soft'): Promise<void> {
    await this.#ledger?.purge(labels, kind)
  }

  /** The process is not on its own any more: nothing that it knew then holds. */
  end(): void {
    void this.#ledger?.close()
    this.#ledger = undefined
  }
}

/**
 * What this process knows of a ledger that is elsewhere: which labels were purged, up to which number all is applied, and from which number on
 * nothing is missing. It judges without a promise; whether it may be believed right now is the lease's business, not its own.
 */
import type { Label } from '../cache/label.ts'
import { judge, type LastPurge, type Stamp, type Validity } from '../cache/validity.ts'
import type { Instant, Seconds } from '../time.ts'
import { neverPurged, raised } from './raise.ts'

/** One purge, as the ledger numbered it. */
export interface Purge {
  readonly epoch: string
  readonly number: number
  readonly kind: 'hard' | 'soft'
  readonly at: Instant
  readonly labels: readonly Label[]
  /** Purged hard beside them, whatever the kind: labels of rules that are in force elsewhere. */
  readonly others: readonly Label[]
}

export interface ImageOptions {
  /** Above this many labels, what was purged longest ago is forgotten, and with it all that was found valid before. */
  readonly limit: number
  readonly longestWindow: () => Seconds
}

export class LedgerImage {
  /** Empty before the first ledger was seen: no stamp has that. */
  epoch = ''
  /** All up to this number is known here. */
  applied = 0
  /** Nothing is known of purges up to this number: what was found valid before it cannot be judged here. */
  floor = 0
  /** In the order of their last purge. */
  readonly #purges = new Map<Label, LastPurge>()
  readonly #options: ImageOptions

  constructor(options: ImageOptions) {
    this.#options = options
  }

  /** Begins with nothing but the number that has been reached. */
  reset(epoch: string, seq: number): void {
    this.epoch = epoch
    this.applied = seq
    this.floor = seq
    this.#purges.clear()
  }

  /**
   * A purge of this process, or a record of the stream. False: one before it is missing here. Then what it names counts all the same, and
   * `applied` stays where it was.
   */
  apply(purge: Purge): boolean {
    if (purge.epoch !== this.epoch || purge.number <= this.applied) return true
    const { number, kind, at } = purge
    const longestWindow = this.#options.longestWindow()
    for (const label of purge.labels) this.#raise(label, { kind, number, at, longestWindow })
    for (const label of purge.others) this.#raise(label, { kind: 'hard', number, at, longestWindow })
    this.#shrink()
    if (number !== this.applied + 1) return false
    this.applied = number
    return true
  }

  /** A purge whose labels cannot be told: nothing from before it can be judged here any more. Own purges behind it stand. */
  applyUnknown(number: number): void {
    if (number <= this.applied) return
    this.applied = number
    this.floor = number
  }

  judge(stamp: Stamp, labels: readonly Label[]): Validity {
    if (stamp.number < this.floor) return { kind: 'purged' }
    return judge(stamp, labels, this)
  }

  /** As `judge` asks. */
  get seq(): number {
    return this.applied
  }

  readonly purges: { get(label: Label): LastPurge } = { get: (label) => this.#purges.get(label) ?? neverPurged }

  get size(): number {
    return this.#purges.size
  }

  #raise(label: Label, raising: Parameters<typeof raised>[1]): void {
    const last = this.#purges.get(label)
    if (last !== undefined) this.#purges.delete(label)
    this.#purges.set(label, raised(last ?? neverPurged, raising))
  }

  #shrink(): void {
    while (this.#purges.size > this.#options.limit) {
      const [label, { hard, soft }] = this.#purges.entries().next().value as [Label, LastPurge]
      this.#purges.delete(label)
      this.floor = Math.max(this.floor, hard, soft)
    }
  }
}

/**
 * The ledger of one process: a map from label to its last purge, read without a promise. Labels are chained in the order of their last
 * purge, which is the order of their numbers, so that the lowest is at hand when there are too many.
 */
import { allLabel, type Label } from '../cache/label.ts'
import { judge, type LastPurge, type Reading, type Stamp, type Validity } from '../cache/validity.ts'
import { type Clock, elapsed, type Instant, type Milliseconds, type Timer } from '../time.ts'
import { defaultBounds, type LedgerBounds } from './bounds.ts'
import { freshEpoch } from './epoch.ts'
import type { LedgerEvent } from './event.ts'
import type { Intent, LedgerStatus, LocalLedger, PurgeOptions, Receipt } from './ledger.ts'
import { neverPurged, raised } from './raise.ts'

export interface MemoryLedgerOptions {
  readonly clock: Clock
  readonly bounds?: () => LedgerBounds
  readonly report?: (event: LedgerEvent) => void
}

/** A label's last purge, and its place among the others. */
interface Link extends LastPurge {
  readonly label: Label
  hard: number
  soft: number
  softAt: Instant
  purgedAt: Instant
  older: Link | undefined
  newer: Link | undefined
}

export class MemoryLedger implements LocalLedger {
  readonly epoch: string = String(freshEpoch())
  /** As `judge` asks: unlike in a reading, a label that is not there was never purged. */
  readonly purges: { get(label: Label): LastPurge } = { get: (label) => this.#links.get(label) ?? neverPurged }
  readonly isAttached = true
  readonly #links = new Map<Label, Link>()
  readonly #again = new Set<Timer>()
  readonly #clock: Clock
  readonly #bounds: () => LedgerBounds
  readonly #report: (event: LedgerEvent) => void
  #seq = 0
  #longestLife = 0
  #folds = 0
  #oldest: Link | undefined
  #newest: Link | undefined

  constructor(options: MemoryLedgerOptions) {
    this.#clock = options.clock
    this.#bounds = options.bounds ?? (() => defaultBounds)
    this.#report = options.report ?? (() => {})
  }

  get seq(): number {
    return this.#seq
  }

  stampNow(): Stamp {
    return { epoch: this.epoch, number: this.#seq }
  }

  judgeNow(stamp: Stamp, labels: readonly Label[]): Validity {
    return judge(stamp, labels, this)
  }

  async stamp(): Promise<Stamp> {
    return this.stampNow()
  }

  async read(labels: readonly Label[]): Promise<Reading> {
    const purges = new Map<Label, LastPurge>()
    for (const label of labels) purges.set(label, lastPurgeOf(this.purges.get(label)))
    return { epoch: this.epoch, seq: this.#seq, purges }
  }

  async purge(labels: readonly Label[], kind: 'hard' | 'soft', options: PurgeOptions = {}): Promise<Receipt> {
    if (options.again !== undefined) this.#purgeAgain(labels, kind, options.again)
    const bounds = this.#bounds()
    const now = this.#clock.now()
    let previous = 0
    for (const label of labels) {
      const { hard, soft } = this.purges.get(label)
      previous = Math.max(previous, hard, soft)
    }
    this.#seq += 1
    for (const label of labels) this.#raise(label, kind, { now, bounds })
    this.#shrink(now, bounds)
    return { kind: 'done', number: this.#seq, epoch: this.epoch, previous }
  }

  /** What a process of its own keeps in memory dies with it: there is nothing that an intent would save. */
  async intend(): Promise<Intent> {
    return 'none' as Intent
  }

  async forget(): Promise<void> {}

  status(): LedgerStatus {
    return {
      kind: 'memory',
      isConnected: true,
      epoch: this.epoch,
      seq: this.#seq,
      labels: this.#links.size,
      folds: this.#folds,
      waiting: 0,
    }
  }

  async close(): Promise<void> {
    for (const timer of this.#again) timer.cancel()
    this.#again.clear()
  }

  #purgeAgain(labels: readonly Label[], kind: 'hard' | 'soft', after: Milliseconds): void {
    const timer = this.#clock.after(after, () => {
      this.#again.delete(timer)
      void this.purge(labels, kind)
    })
    this.#again.add(timer)
  }

  #raise(label: Label, kind: 'hard' | 'soft', at: { readonly now: Instant; readonly bounds: LedgerBounds }): void {
    const link = this.#renew(label, at.now)
    const { longestWindow } = at.bounds
    Object.assign(link, raised(lastPurgeOf(link), { kind, number: this.#seq, at: at.now, longestWindow }))
  }

  /** The label's link, made the newest. */
  #renew(label: Label, now: Instant): Link {
    let link = this.#links.get(label)
    if (link === undefined) {
      link = { label, hard: 0, soft: 0, softAt: now, purgedAt: now, older: undefined, newer: undefined }
      this.#links.set(label, link)
    } else if (label !== allLabel) this.#unchain(link)
    link.purgedAt = now
    // `all` is what the others are folded into: it never goes.
    if (label !== allLabel) this.#chain(link)
    return link
  }

  #shrink(now: Instant, bounds: LedgerBounds): void {
    this.#longestLife = Math.max(this.#longestLife, bounds.longestLife)
    let folded = 0
    let number = 0
    let foldedAt = now
    while (this.#links.size > bounds.labels && this.#oldest !== undefined) {
      const link = this.#oldest
      this.#unchain(link)
      this.#links.delete(link.label)
      if (elapsed(link.purgedAt, now) > this.#longestLife) continue
      folded += 1
      number = Math.max(link.hard, link.soft)
      foldedAt = link.purgedAt
    }
    if (folded === 0) return
    const all = this.#renew(allLabel, now)
    all.hard = Math.max(all.hard, number)
    this.#folds += folded
    this.#report({ kind: 'folded', labels: folded, age: elapsed(foldedAt, now) })
  }

  #chain(link: Link): void {
    link.older = this.#newest
    link.newer = undefined
    if (this.#newest === undefined) this.#oldest = link
    else this.#newest.newer = link
    this.#newest = link
  }

  #unchain(link: Link): void {
    if (link.older === undefined) this.#oldest = link.newer
    else link.older.newer = link.newer
    if (link.newer === undefined) this.#newest = link.older
    else link.newer.older = link.older
  }
}

/** Its numbers as they are now, without its place. */
function lastPurgeOf({ hard, soft, softAt }: LastPurge): LastPurge {
  return { hard, soft, softAt }
}

/**
 * The ledger of one of several processes on a machine without Redis: one of its own, whose purges reach the siblings as labels through a hub that
 * started them all. The hub answers ticks over the same ordered channel, so that whatever was purged before an answer is applied when it is
 * read; without one for the length of a lease this process believes nothing it knew.
 */
import { randomUUID } from 'node:crypto'
import type { Label } from '../cache/label.ts'
import type { Reading, Stamp, Validity } from '../cache/validity.ts'
import { type Clock, type Milliseconds, milliseconds, type Timer } from '../time.ts'
import { Lease } from './lease.ts'
import type { Intent, LedgerStatus, LocalLedger, PurgeOptions, Receipt } from './ledger.ts'
import { MemoryLedger, type MemoryLedgerOptions } from './memory.ts'
import { SoloLedger } from './solo.ts'

/** To the hub. Numbers of purges stay at home: each ledger has its own. */
export type ToHub =
  /** `at` is the sender's own time, and comes back as it is. */
  | { readonly kind: 'tick'; readonly at: Milliseconds }
  | {
      readonly kind: 'purge'
      readonly id: number
      readonly labels: readonly Label[]
      readonly how: 'hard' | 'soft'
      readonly again: Milliseconds | undefined
      readonly intent: string | undefined
    }
  | { readonly kind: 'applied'; readonly id: number }
  | { readonly kind: 'intend'; readonly id: string; readonly labels: readonly Label[]; readonly due: Milliseconds }
  | { readonly kind: 'forget'; readonly id: string }

export type FromHub =
  | { readonly kind: 'tock'; readonly at: Milliseconds }
  /** To be applied, and said to be. */
  | { readonly kind: 'purge'; readonly id: number; readonly labels: readonly Label[]; readonly how: 'hard' | 'soft' }
  /** The purge of that id, one of this process, holds everywhere. */
  | { readonly kind: 'done'; readonly id: number }

/** Both ways in order; nothing is lost but by the end of either side. */
export interface HubChannel {
  send(message: ToHub): void
  listen(take: (message: FromHub) => void): void
}

export const leaseFor: Milliseconds = milliseconds(2000)
const tickEvery = milliseconds(250)
/** The hub waits for leases at most; beyond twice that it has stopped, or is gone. */
const mostPatience = milliseconds(2 * leaseFor + 1000)

export interface SiblingLedgerOptions extends MemoryLedgerOptions {
  readonly channel: HubChannel
}

/** Resolves when this process is attached. */
export async function openSiblingLedger(options: SiblingLedgerOptions): Promise<SiblingLedger> {
  const ledger = new SiblingLedger(options)
  await ledger.joined
  return ledger
}

export class SiblingLedger implements LocalLedger {
  readonly #clock: Clock
  readonly #channel: HubChannel
  readonly #lease: Lease
  readonly #shared: MemoryLedger
  readonly #joined = Promise.withResolvers<void>()
  readonly #spreading = new Map<number, (outcome: 'done' | 'unknown') => void>()
  #spreads = 0
  /** What there is instead while this process is not attached. */
  readonly #solo: SoloLedger
  #next: Timer | undefined

  constructor({ channel, ...options }: SiblingLedgerOptions) {
    this.#clock = options.clock
    this.#channel = channel
    this.#shared = new MemoryLedger(options)
    this.#solo = new SoloLedger({ ...options, believedFor: leaseFor })
    this.#lease = new Lease(options.clock, (kind, cause) => {
      options.report?.(kind === 'attached' ? { kind } : { kind, cause, waiting: this.#spreading.size })
    })
    channel.listen((message) => this.#take(message))
    this.#tick()
  }

  get joined(): Promise<void> {
    return this.#joined.promise
  }

  get isAttached(): boolean {
    return this.#lease.holds
  }

  get seq(): number {
    return this.#current().seq
  }

  stampNow(): Stamp {
    return this.#current().stampNow()
  }

  judgeNow(stamp: Stamp, labels: readonly Label[]): Validity {
    return this.#current().judgeNow(stamp, labels)
  }

  async stamp(): Promise<Stamp> {
    return this.stampNow()
  }

  async read(labels: readonly Label[]): Promise<Reading> {
    return this.#current().read(labels)
  }

  async purge(labels: readonly Label[], kind: 'hard' | 'soft', { intent, again }: PurgeOptions = {}): Promise<Receipt> {
    const applied = this.#apply(labels, kind)
    const id = ++this.#spreads
    const spread = this.#spread(id)
    this.#channel.send({ kind: 'purge', id, labels, how: kind, again, intent })
    const [receipt, outcome] = await Promise.all([applied, spread])
    return outcome === 'done' ? receipt : { kind: 'queued', waiting: this.#spreading.size }
  }

  /** Kept by the hub, which purges it should this process die: its siblings may hold what the write made old. */
  async intend(labels: readonly Label[], due: Milliseconds): Promise<Intent> {
    const id = randomUUID()
    this.#channel.send({ kind: 'intend', id, labels, due })
    return id as string as Intent
  }

  async forget(intent: Intent): Promise<void> {
    this.#channel.send({ kind: 'forget', id: intent })
  }

  status(): LedgerStatus {
    return { ...this.#current().status(), isConnected: this.isAttached, waiting: this.#spreading.size }
  }

  async close(): Promise<void> {
    this.#next?.cancel()
    for (const settle of this.#spreading.values()) settle('unknown')
    this.#solo.end()
    await this.#shared.close()
  }

  /** Under the lease, what all share. Without it what purges of the siblings do not reach, believed no longer than a lease. */
  #current(): MemoryLedger {
    return this.isAttached ? this.#shared : this.#solo.current()
  }

  async #apply(labels: readonly Label[], kind: 'hard' | 'soft'): Promise<Receipt> {
    const own = this.isAttached ? undefined : this.#current().purge(labels, kind)
    const shared = await this.#shared.purge(labels, kind)
    return (await own) ?? shared
  }

  #spread(id: number): Promise<'done' | 'unknown'> {
    return new Promise((resolve) => {
      const settle = (outcome: 'done' | 'unknown'): void => {
        patience.cancel()
        this.#spreading.delete(id)
        resolve(outcome)
      }
      const patience = this.#clock.after(mostPatience, () => settle('unknown'))
      this.#spreading.set(id, settle)
    })
  }

  #tick(): void {
    this.#lease.sayWhetherItHolds('The process that started this one does not answer')
    this.#channel.send({ kind: 'tick', at: this.#clock.monotonic() })
    this.#next = this.#clock.after(tickEvery, () => this.#tick())
  }

  #take(message: FromHub): void {
    switch (message.kind) {
      case 'tock':
        this.#attach(message.at)
        break
      case 'purge':
        void this.#apply(message.labels, message.how)
        this.#channel.send({ kind: 'applied', id: message.id })
        break
      case 'done':
        this.#spreading.get(message.id)?.('done')
    }
  }

  /** From when it was asked, not from when the answer was read: an answer may have waited here as long as this process was stopped. */
  #attach(askedAt: Milliseconds): void {
    this.#lease.renew(milliseconds(askedAt + leaseFor))
    if (!this.isAttached) return
    this.#solo.end()
    this.#joined.resolve()
  }
}

/**
 * The ledger that instances share, in Redis, with an image of it in this process. A tick proves that the image is whole, and for as long as the
 * lease lasts that it gives, this instance is attached: what is shared is judged here without a promise. Without it there is a ledger of this
 * process alone, under an epoch of its own, and nothing crosses from one to the other.
 */
import { randomUUID } from 'node:crypto'
import type { Label } from '../cache/label.ts'
import type { Reading, Stamp, Validity } from '../cache/validity.ts'
import type { RedisConnection } from '../redis/connection.ts'
import { type Clock, type Milliseconds, milliseconds, type Timer } from '../time.ts'
import { LedgerImage } from './image.ts'
import type { Journal } from './journal.ts'
import { Lease } from './lease.ts'
import type { Intent, LedgerStatus, LocalLedger, PurgeOptions, Receipt } from './ledger.ts'
import { LedgerLink, type LinkOptions } from './link.ts'
import { type OpenIntent, OpenWork } from './open-work.ts'
import { membersOf, readingOf } from './script.ts'
import { SoloLedger } from './solo.ts'
import { readStream, type StreamReader } from './stream.ts'
import { take, tick } from './tick.ts'

export interface FleetLedgerOptions extends Omit<LinkOptions, 'connection' | 'leaseFor'> {
  readonly connections: {
    /** Shared with the store, so that an entry and the numbers of its labels are asked for in one write. */
    readonly entries: RedisConnection
    readonly ledger: RedisConnection
    /** May block. */
    readonly stream: RedisConnection
  }
  readonly journal: Journal
  /** How long this instance may believe what it knows after the last tick that was answered. */
  readonly detachedTtl: Milliseconds
}

/** Resolves when this instance is attached, or cannot be yet. */
export async function openFleetLedger(options: FleetLedgerOptions): Promise<FleetLedger> {
  const ledger = new FleetLedger(options)
  await ledger.beat()
  return ledger
}

const tickEvery = milliseconds(250)
/** Labels of which the image keeps the last purge: some 20 MB. */
const imageLimit = 100_000

export class FleetLedger implements LocalLedger {
  readonly #entries: RedisConnection
  readonly #clock: Clock
  readonly #journal: Journal
  readonly #detachedTtl: Milliseconds
  readonly #link: LedgerLink
  readonly #image: LedgerImage
  readonly #lease: Lease
  readonly #work: OpenWork
  /** While this instance is not attached. */
  readonly #solo: SoloLedger
  readonly #stream: StreamReader
  readonly #unsubscribe: () => void
  #beating: Promise<void> | undefined
  #next: Timer | undefined
  #isClosed = false

  constructor({ connections, journal, detachedTtl, ...options }: FleetLedgerOptions) {
    const { clock } = options
    this.#entries = connections.entries
    this.#clock = clock
    this.#journal = journal
    this.#detachedTtl = detachedTtl
    this.#link = new LedgerLink({ ...options, connection: connections.ledger, leaseFor: detachedTtl })
    this.#image = new LedgerImage({ limit: imageLimit, longestWindow: () => this.#link.bounds().longestWindow })
    this.#work = new OpenWork(clock)
    this.#solo = new SoloLedger({ clock, bounds: () => this.#link.bounds(), believedFor: detachedTtl })
    this.#lease = new Lease(clock, (kind, cause) => {
      this.#link.report(kind === 'attached' ? { kind } : { kind, cause, waiting: journal.size })
    })
    this.#stream = readStream({
      connection: connections.stream,
      key: this.#link.keys.stream,
      clock,
      from: () => (this.#image.epoch === '' ? undefined : { epoch: this.#image.epoch, number: this.#image.applied }),
      take: (records, { epoch }) => take(this.#image, epoch, records),
    })
    // Behind a new connection may be another Redis.
    this.#unsubscribe = connections.ledger.onChange(() => {
      const { state } = connections.ledger
      if (state !== 'silent') this.#lease.giveUp(`Redis is ${state}`)
      if (state === 'ready') void this.beat()
    })
  }

  get isAttached(): boolean {
    return this.#lease.holds
  }

  get seq(): number {
    return this.isAttached ? this.#image.applied : this.#solo.seq
  }

  stampNow(): Stamp {
    return this.isAttached ? { epoch: this.#image.epoch, number: this.#image.applied } : this.#solo.stampNow()
  }

  judgeNow(stamp: Stamp, labels: readonly Label[]): Validity {
    if (stamp.epoch !== this.#image.epoch) return this.#solo.judgeNow(stamp, labels)
    return this.isAttached ? this.#image.judge(stamp, labels) : { kind: 'purged' }
  }

  async stamp(): Promise<Stamp> {
    return this.stampNow()
  }

  /** From Redis itself, one ZMSCORE. */
  async read(labels: readonly Label[]): Promise<Reading | undefined> {
    if (!this.isAttached) return undefined
    const [{ losses }, { epoch }, { seen }] = [this.#lease, this.#image, this.#link]
    let reply: ReadonlyArray<string | null>
    try {
      const members = membersOf(labels)
      reply = await this.#entries.send((redis) => redis.zmscore(this.#link.keys.ledger, members))
    } catch {
      return undefined
    }
    if (losses !== this.#lease.losses || !this.isAttached) return undefined
    const reading = readingOf(labels, reply)
    // Compared with what was known when it was sent: replies may be taken up in another order than they came in.
    if (reading.epoch === epoch && seen?.epoch === epoch && reading.seq >= seen.number) return reading
    this.#lease.giveUp('The ledger is not the one it was')
    void this.beat()
    return undefined
  }

  async purge(labels: readonly Label[], kind: 'hard' | 'soft', { intent, again }: PurgeOptions = {}): Promise<Receipt> {
    const alone = this.#solo.purge(labels, kind)
    if (intent !== undefined) this.#work.drop(intent)
    if (again !== undefined) void this.#record({ id: `again:${randomUUID()}`, labels, kind, after: again })
    try {
      const purged = await this.#link.purge(kind, labels, intent)
      const { number, epoch, previous } = purged
      this.#work.purged(labels)
      if (epoch === this.#image.epoch) this.#image.apply(purged)
      else this.#lease.giveUp('The ledger is another')
      return { kind: 'done', number, epoch, previous }
    } catch (error) {
      this.#lease.giveUp(messageOf(error))
      await this.#journal.add(labels)
      return { kind: 'queued', waiting: this.#journal.size }
    } finally {
      await alone
    }
  }

  async intend(labels: readonly Label[], due: Milliseconds): Promise<Intent | undefined> {
    const id = `${this.#link.id}:${randomUUID()}`
    if (await this.#record({ id, labels, kind: 'hard', after: due })) return id as Intent
    this.#work.drop(id)
    return undefined
  }

  async forget(intent: Intent): Promise<void> {
    this.#work.drop(intent)
    // Left in Redis it purges once too often.
    await this.#link.run('forget', { intent }).catch(() => {})
  }

  status(): LedgerStatus {
    const { seen, labels, folds } = this.#link
    return {
      kind: 'redis',
      isConnected: this.isAttached,
      epoch: seen?.epoch,
      seq: seen?.number,
      labels,
      folds,
      waiting: this.#journal.size,
    }
  }

  /** Other rules are in force: what they made before may have been purged under names that were not theirs, and the tick sees to that. */
  reregister(): void {
    this.#lease.giveUp('The rules have changed')
    void this.beat()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#unsubscribe()
    this.#next?.cancel()
    this.#stream.stop()
    await this.#beating
    this.#lease.end()
    await this.#link.run('leave').catch(() => {})
    this.#solo.end()
    await this.#journal.close()
  }

  /** One tick; one at a time, and the next follows by itself. Never rejects. */
  beat(): Promise<void> {
    this.#beating ??= this.#beatOnce().finally(() => {
      this.#beating = undefined
    })
    return this.#beating
  }

  async #beatOnce(): Promise<void> {
    if (this.#isClosed) return
    this.#next?.cancel()
    const sentAt = this.#clock.monotonic()
    try {
      await this.#tick(sentAt)
    } catch (error) {
      this.#lease.sayWhetherItHolds(messageOf(error))
    }
    if (this.#isClosed) return
    const passed = this.#clock.monotonic() - sentAt
    this.#next = this.#clock.after(milliseconds(Math.max(0, tickEvery - passed)), () => void this.beat())
  }

  async #tick(sentAt: Milliseconds): Promise<void> {
    const { losses } = this.#lease
    const ticked = await tick({
      link: this.#link,
      image: this.#image,
      lease: this.#lease,
      journal: this.#journal,
      work: this.#work,
    })
    if (ticked === undefined) this.#lease.sayWhetherItHolds('What Redis had not taken is being purged')
    if (ticked === undefined || this.#isClosed || losses !== this.#lease.losses) return
    const wasAttached = this.isAttached
    // From when it was sent: what it says was true no later than that.
    this.#lease.renew(milliseconds(sentAt + this.#detachedTtl))
    if (!wasAttached && this.isAttached) this.#solo.end()
  }

  async #record({ after, ...intent }: Omit<OpenIntent, 'dueAt' | 'isRecorded'> & { after: Milliseconds }): Promise<boolean> {
    const open: OpenIntent = { ...intent, dueAt: milliseconds(this.#clock.monotonic() + after), isRecorded: false }
    this.#work.add(open)
    try {
      await this.#link.record(open)
      return true
    } catch {
      return false
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** This instance towards the ledger in Redis: what it asks of the script, as whom, and what it has seen of the numbers. */
import { randomUUID } from 'node:crypto'
import type { Label } from '../cache/label.ts'
import type { Stamp } from '../cache/validity.ts'
import type { RedisConnection } from '../redis/connection.ts'
import { type Clock, instant, type Milliseconds, milliseconds } from '../time.ts'
import { defaultBounds, type LedgerBounds } from './bounds.ts'
import type { LedgerEvent } from './event.ts'
import type { Purge } from './image.ts'
import type { OpenIntent } from './open-work.ts'
import { keysOf, type LedgerKeys, type Operation, runLedgerScript, type ScriptReply } from './script.ts'

export interface LinkOptions {
  readonly connection: RedisConnection
  readonly prefix: string
  readonly clock: Clock
  /** The label of the rules in force. */
  readonly rules: () => Label
  /** How long a lease lasts, here and, by the same setting, elsewhere. */
  readonly leaseFor: Milliseconds
  /** How many replicas must have a purge before it counts. */
  readonly minReplicas?: number
  readonly bounds?: () => LedgerBounds
  readonly report?: (event: LedgerEvent) => void
}

export interface About {
  readonly labels?: readonly Label[]
  readonly intent?: string | undefined
  readonly after?: Milliseconds
}

/** As the image applies it. */
export interface Purged extends Purge {
  readonly previous: number
}

const replicationPatience = milliseconds(100)

export class LedgerLink {
  readonly id: string = randomUUID()
  readonly keys: LedgerKeys
  readonly connection: RedisConnection
  readonly #options: LinkOptions
  /** The highest number known to have been given, with its epoch. */
  seen: Stamp | undefined
  /** Labels that the ledger knows, when it was last asked. */
  labels: number | undefined
  folds = 0

  constructor(options: LinkOptions) {
    this.#options = options
    this.connection = options.connection
    this.keys = keysOf(options.prefix)
  }

  rules(): Label {
    return this.#options.rules()
  }

  bounds(): LedgerBounds {
    return this.#options.bounds?.() ?? defaultBounds
  }

  report(event: LedgerEvent): void {
    this.#options.report?.(event)
  }

  /** Rejects where Redis is out of reach or refuses. */
  async run(operation: Operation, { labels = [], intent, after }: About = {}): Promise<ScriptReply> {
    const reply = await runLedgerScript(this.connection, this.keys, {
      operation,
      labels,
      intent,
      ...(after === undefined ? {} : { after }),
      seen: this.seen,
      bounds: this.bounds(),
      now: this.#options.clock.now(),
      member: { id: this.id, rules: this.rules(), rulesLiveFor: milliseconds(Math.max(10_000, 2 * this.#options.leaseFor)) },
    })
    this.#see(reply)
    return reply
  }

  /** Takes a number for the labels, and has as many replicas as are wanted take it too. Rejects where that was not so. */
  async purge(kind: 'hard' | 'soft', labels: readonly Label[], intent?: string): Promise<Purged> {
    const { session } = this.connection
    const at = instant(Math.floor(this.#options.clock.now()))
    const { epoch, seq: number, previous, others } = await this.run(kind, { labels, intent })
    await this.#replicate(session)
    return { epoch, number, previous, kind, at, labels, others }
  }

  /** Under the same id it replaces what was recorded. */
  async record(intent: OpenIntent): Promise<void> {
    const { id, kind, labels, dueAt } = intent
    const after = milliseconds(Math.max(0, dueAt - this.#options.clock.monotonic()))
    await this.run(`intend-${kind}`, { labels, intent: id, after })
    intent.isRecorded = true
  }

  async #replicate(session: number): Promise<void> {
    const { minReplicas = 0 } = this.#options
    if (minReplicas === 0 || (await this.connection.isReplicated(session, minReplicas, replicationPatience))) return
    throw new Error(`Fewer than ${minReplicas} replicas have the purge`)
  }

  #see({ epoch, seq, labels, folded, foldedAge }: ScriptReply): void {
    if (this.seen?.epoch !== epoch || seq > this.seen.number) this.seen = { epoch, number: seq }
    this.labels = labels
    if (folded === 0) return
    this.folds += folded
    this.report({ kind: 'folded', labels: folded, age: foldedAge })
  }
}

/**
 * The ledger that instances share, in Redis. It is trusted only after its script has run on the present connection, and only while every
 * purge was taken: one that was not, and one that an earlier process may have lost while Redis was away, make it untrusted until `all` is purged.
 */
import { createHash } from 'node:crypto'
import { allLabel, type Label } from '../cache/label.ts'
import type { LastPurge, Reading, Stamp } from '../cache/validity.ts'
import type { RedisCommands } from '../redis/client.ts'
import type { RedisConnection } from '../redis/connection.ts'
import { ledgerTag } from '../redis/slot.ts'
import { type Clock, instant, milliseconds, type Timer } from '../time.ts'
import { defaultBounds, type LedgerBounds } from './bounds.ts'
import type { LedgerEvent } from './event.ts'
import type { Intent, Ledger, LedgerStatus, Receipt } from './ledger.ts'
import { ledgerScript, membersOf, type Operation, parseReply, type ScriptReply, scriptArguments } from './script.ts'

export interface RedisLedgerOptions {
  readonly connection: RedisConnection
  readonly prefix: string
  readonly clock: Clock
  readonly bounds?: () => LedgerBounds
  readonly report?: (event: LedgerEvent) => void
}

/** Resolves when the ledger is trusted, or cannot be yet. */
export async function openRedisLedger(options: RedisLedgerOptions): Promise<RedisLedger> {
  const ledger = new RedisLedger(options)
  await ledger.recover()
  return ledger
}

const sha1 = createHash('sha1').update(ledgerScript).digest('hex')
/** Redis answers, but refuses: asked again after this. */
const retryDelay = milliseconds(250)

export class RedisLedger implements Ledger {
  readonly #connection: RedisConnection
  readonly #key: string
  readonly #clock: Clock
  readonly #bounds: () => LedgerBounds
  readonly #report: (event: LedgerEvent) => void
  readonly #unsubscribe: () => void
  /** The highest number known to have been given, with its epoch. */
  #seen: Stamp | undefined
  /** Purges that Redis did not take; a start without Redis counts as one. */
  #waiting: number
  /** The session of the connection on which the script has run; undefined: on none. */
  #openedSession: number | undefined
  /** Grows when trust is lost: what was asked before and is answered after counts for nothing. */
  #losses = 0
  #isRecovering = false
  #isClosed = false
  #retry: Timer | undefined
  /** Why it is not trusted, said once. */
  #cause: string | undefined
  #labels: number | undefined
  #folds = 0

  constructor(options: RedisLedgerOptions) {
    this.#connection = options.connection
    this.#key = `${options.prefix}:${ledgerTag}`
    this.#clock = options.clock
    this.#bounds = options.bounds ?? (() => defaultBounds)
    this.#report = options.report ?? (() => {})
    this.#waiting = options.connection.state === 'ready' ? 0 : 1
    this.#unsubscribe = options.connection.onChange(() => void this.recover())
  }

  async stamp(): Promise<Stamp | undefined> {
    const scores = await this.#ask([])
    return scores && { epoch: scores.epoch, number: scores.seq }
  }

  async read(labels: readonly Label[]): Promise<Reading | undefined> {
    const answer = await this.#ask(labels)
    if (answer === undefined) return undefined
    const purges = new Map<Label, LastPurge>()
    for (const [i, label] of labels.entries()) {
      const [hard = 0, soft = 0, time = 0] = answer.scores.slice(3 * i, 3 * i + 3)
      purges.set(label, { hard, soft, softAt: instant(Math.abs(time)) })
    }
    return { epoch: answer.epoch, seq: answer.seq, purges }
  }

  async purge(labels: readonly Label[], kind: 'hard' | 'soft'): Promise<Receipt> {
    try {
      const { epoch, seq, previous } = await this.#run(kind, labels)
      return { kind: 'done', number: seq, epoch, previous }
    } catch (error) {
      this.#waiting += 1
      this.#distrust(error)
      return { kind: 'queued', waiting: this.#waiting }
    }
  }

  async intend(): Promise<Intent | undefined> {
    return undefined
  }

  async forget(): Promise<void> {}

  status(): LedgerStatus {
    return {
      kind: 'redis',
      isConnected: this.#isTrusted(),
      epoch: this.#seen?.epoch,
      seq: this.#seen?.number,
      labels: this.#labels,
      folds: this.#folds,
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#unsubscribe()
    this.#retry?.cancel()
  }

  /** Runs the script until the ledger is trusted on the present connection; one at a time, however often it is called. Never rejects. */
  async recover(): Promise<void> {
    if (this.#isRecovering) return
    this.#isRecovering = true
    try {
      while (!this.#isClosed && this.#connection.state === 'ready' && !this.#isTrusted()) await this.#open()
    } catch (error) {
      this.#distrust(error)
    } finally {
      this.#isRecovering = false
    }
  }

  async #open(): Promise<void> {
    const session = this.#connection.session
    // A purge that fails while `all` is on its way is not settled by it: its write may have come later.
    const settling = this.#waiting
    if (settling > 0) await this.#run('hard', [allLabel])
    else await this.#run('open', [])
    this.#waiting -= settling
    this.#openedSession = session
    if (!this.#isTrusted()) return
    this.#cause = undefined
    this.#report({ kind: 'trusted' })
  }

  #isTrusted(): boolean {
    return this.#waiting === 0 && this.#connection.state === 'ready' && this.#connection.session === this.#openedSession
  }

  #distrust(error: unknown): void {
    this.#losses += 1
    this.#openedSession = undefined
    if (this.#isClosed) return
    const cause = error instanceof Error ? error.message : String(error)
    if (cause !== this.#cause) this.#report({ kind: 'untrusted', cause, waiting: this.#waiting })
    this.#cause = cause
    this.#retry?.cancel()
    this.#retry = this.#clock.after(retryDelay, () => void this.recover())
  }

  /** One ZMSCORE; undefined when it proves nothing. */
  async #ask(labels: readonly Label[]): Promise<{ epoch: string; seq: number; scores: number[] } | undefined> {
    if (!this.#isTrusted()) return undefined
    const losses = this.#losses
    const session = this.#connection.session
    const seen = this.#seen
    let reply: unknown
    try {
      reply = await this.#connection.send((redis) => redis.zmscore(this.#key, membersOf(labels)))
    } catch (error) {
      // Out of reach heals by itself; an answer that is an error, such as WRONGTYPE, is not the ledger's.
      if (isRefusal(error)) this.#distrust(error)
      return undefined
    }
    if (losses !== this.#losses || session !== this.#connection.session) return undefined
    const [minusEpoch = 0, seq = 0, ...scores] = (reply as ReadonlyArray<string | null>).map(Number)
    const epoch = String(-minusEpoch)
    // Compared with what was seen when it was sent: replies may be taken up in another order than they came in.
    if (minusEpoch >= 0 || (seen?.epoch === epoch && seq < seen.number)) {
      this.#distrust(new Error('The ledger is not there any more'))
      void this.recover()
      return undefined
    }
    this.#see(epoch, seq)
    return { epoch, seq, scores }
  }

  async #run(operation: Operation, labels: readonly Label[]): Promise<ScriptReply> {
    const call = { operation, labels, seen: this.#seen, bounds: this.#bounds(), now: this.#clock.now() }
    const reply = parseReply(await this.#connection.send((redis) => runScript(redis, this.#key, scriptArguments(call))))
    this.#see(reply.epoch, reply.seq)
    this.#labels = reply.labels
    if (reply.folded > 0) {
      this.#folds += reply.folded
      this.#report({ kind: 'folded', labels: reply.folded, age: reply.foldedAge })
    }
    return reply
  }

  #see(epoch: string, number: number): void {
    if (this.#seen?.epoch === epoch) {
      if (number > this.#seen.number) this.#seen = { epoch, number }
      return
    }
    this.#seen = { epoch, number }
    this.#report({ kind: 'epoch', epoch })
  }
}

/** By digest; whole where Redis does not know it (a restart, SCRIPT FLUSH), and then nothing has run before. */
async function runScript(redis: RedisCommands, key: string, values: readonly string[]): Promise<unknown> {
  try {
    return await redis.evalsha(sha1, 1, key, ...values)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return await redis.eval(ledgerScript, 1, key, ...values)
  }
}

/** Whether Redis answered with an error, rather than not at all. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError'
}

/**
 * A worker's place: the process that fills it, and the next one when that ends. Whoever ends at once again and again is started more and more
 * slowly.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { askingOperator, type WorkerOperator } from '../admin/worker-operator.ts'
import { StartRefused } from '../app.ts'
import type { HubMember, SiblingHub } from '../ledger/sibling-hub.ts'
import type { Log } from '../observe/log.ts'
import { type Clock, milliseconds, type Timer } from '../time.ts'
import { type FromWorker, type ToWorker, type WorkerStart, workerVariable } from './worker-messages.ts'

export interface WorkerPlan {
  readonly number: number
  readonly env: Readonly<Record<string, string | undefined>>
  /** Asked at every start, since a reload changes it. */
  readonly start: () => WorkerStart
  /** Where purges are exchanged. */
  readonly hub: SiblingHub
  readonly log: Pick<Log, 'event'>
  readonly clock: Clock
}

export interface Ready {
  readonly address: string
  readonly store: 'memory' | 'redis'
}

const firstPause = 100
const longestPause = 10_000
/** Who lives so long did not fail at its start. */
const longEnough = milliseconds(10_000)

export class WorkerProcess {
  readonly #plan: WorkerPlan
  readonly #ready = Promise.withResolvers<Ready>()
  readonly #gone = Promise.withResolvers<void>()
  readonly #questions = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #asking: WorkerOperator
  #asked = 0
  #child: ChildProcess | undefined
  #isRunning = false
  #isStopping = false
  #pause = firstPause
  #restart: Timer | undefined

  constructor(plan: WorkerPlan) {
    this.#plan = plan
    this.#asking = askingOperator((question) => this.#ask(question))
    // Rejects for whoever waits; when nobody does, the place is simply empty.
    this.#ready.promise.catch(() => {})
    this.#fork()
  }

  /** The first process that listens. Rejects when the first one ends before. */
  get ready(): Promise<Ready> {
    return this.#ready.promise
  }

  /** Undefined while there is none that listens. */
  get operator(): WorkerOperator | undefined {
    return this.#isRunning ? this.#asking : undefined
  }

  reload(text: string): void {
    this.#say({ kind: 'rules', text })
  }

  /** Resolves when the process has ended; no other takes its place. */
  stop(): Promise<void> {
    this.#isStopping = true
    this.#restart?.cancel()
    if (this.#child === undefined) this.#gone.resolve()
    else this.#say({ kind: 'stop' })
    return this.#gone.promise
  }

  kill(): void {
    this.#isStopping = true
    this.#restart?.cancel()
    this.#child?.kill('SIGKILL')
  }

  #fork(): void {
    const { env, clock, hub } = this.#plan
    const [script = '', ...args] = process.argv.slice(1)
    const child = fork(script, args, {
      env: { ...env, [workerVariable]: String(this.#plan.number) },
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const startedAt = clock.monotonic()
    // What comes late from this process must not be answered to the next one.
    const member = hub.join((message) => say(child, { kind: 'hub', message }))
    this.#child = child
    let refusal: string | undefined
    child.on('message', (message: FromWorker) => {
      if (message.kind === 'refused') refusal = message.message
      else this.#take(message, member)
    })
    // A process that could not be started, or a channel that broke: its end is what counts.
    child.on('error', () => {})
    child.once('close', (status, signal) => {
      member.leave()
      if (clock.monotonic() - startedAt > longEnough) this.#pause = firstPause
      this.#ended({ status, signal, refusal })
    })
    this.#say({ kind: 'start', start: this.#plan.start() })
  }

  #take(message: Exclude<FromWorker, { kind: 'refused' }>, member: HubMember): void {
    switch (message.kind) {
      case 'ready':
        this.#isRunning = true
        this.#ready.resolve(message)
        break
      case 'hub':
        member.take(message.message)
        break
      case 'answer':
        this.#settle(message.id)?.resolve(message.value)
        break
      case 'fault':
        this.#settle(message.id)?.reject(new Error(`Worker ${this.#plan.number}: ${message.message}`))
    }
  }

  #ended({ status, signal, refusal }: { status: number | null; signal: string | null; refusal: string | undefined }): void {
    const { number, log, clock } = this.#plan
    this.#child = undefined
    this.#isRunning = false
    for (const id of this.#questions.keys()) this.#settle(id)?.reject(new Error(`Worker ${number} has ended`))
    const cause = refusal ?? `Worker ${number} ended with ${signal ?? `status ${status}`}`
    this.#ready.reject(refusal === undefined ? new Error(cause) : new StartRefused(refusal))
    this.#gone.resolve()
    if (this.#isStopping) return
    const pause = this.#pause
    this.#pause = Math.min(2 * pause, longestPause)
    log.event('error', 'worker-ended', { worker: number, status, signal, refusal, startsAgainInMs: pause })
    this.#restart = clock.after(milliseconds(pause), () => this.#fork())
  }

  #ask(question: Extract<ToWorker, { kind: 'question' }>['question']): Promise<unknown> {
    this.#asked += 1
    const answer = Promise.withResolvers<unknown>()
    this.#questions.set(this.#asked, answer)
    this.#say({ kind: 'question', id: this.#asked, question })
    return answer.promise
  }

  #settle(id: number): PromiseWithResolvers<unknown> | undefined {
    const question = this.#questions.get(id)
    this.#questions.delete(id)
    return question
  }

  #say(message: ToWorker): void {
    if (this.#child !== undefined) say(this.#child, message)
  }
}

/** Whoever has ended needs to be told nothing. */
function say(child: ChildProcess, message: ToWorker): void {
  if (child.connected) child.send(message, () => {})
}

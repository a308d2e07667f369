/**
 * One of several processes on one port: the whole proxy but for the operator's edge. It is told what to do by the process that started it, and
 * ends when that one does.
 */
import { answerQuestion } from '../admin/worker-operator.ts'
import { type App, StartRefused, start } from '../app.ts'
import type { FromHub } from '../ledger/siblings.ts'
import { createLog } from '../observe/log.ts'
import { parseRules } from '../rules/parse.ts'
import type { RuleSet } from '../rules/rule.ts'
import { obeySignals } from './signals.ts'
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts'

/** Resolves with the exit status when it was told to stop and everything in flight has ended. */
export function work(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(env, resolve)
    process.on('message', (message: ToWorker) => void worker.take(message).catch(reject))
    // Nobody would tell it what the others purge, nor start it again.
    process.on('disconnect', () => void worker.stop().catch(reject))
    // Told by the other process, which hears of a hang-up too.
    obeySignals({ stop: () => void worker.stop().catch(reject), reload: () => {} })
  })
}

class Worker {
  readonly #env: Readonly<Record<string, string | undefined>>
  readonly #ended: (status: number) => void
  #app: App | undefined
  #rules: WorkerStart['rules'] | undefined
  #isStopped = false
  #hear: (message: FromHub) => void = () => {}

  constructor(env: Readonly<Record<string, string | undefined>>, ended: (status: number) => void) {
    this.#env = env
    this.#ended = ended
  }

  async take(message: ToWorker): Promise<void> {
    switch (message.kind) {
      case 'start':
        return this.#start(message.start)
      case 'hub':
        return this.#hear(message.message)
      case 'rules':
        return this.#reload(message.text)
      case 'stop':
        return this.stop()
      case 'question':
        return this.#answer(message)
    }
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    await this.#app?.close()
    this.#end(0)
  }

  async #start({ settings, rules, number }: WorkerStart): Promise<void> {
    this.#rules = rules
    const hub = {
      send: (message: Extract<FromWorker, { kind: 'hub' }>['message']) => say({ kind: 'hub', message }),
      listen: (hear: (message: FromHub) => void) => {
        this.#hear = hear
      },
    }
    try {
      const log = createLog({ ...settings.log, worker: number })
      this.#app = await start({ settings, rules: rulesOf(rules), env: this.#env, log, worker: { hub } })
    } catch (error) {
      if (!(error instanceof StartRefused)) throw error
      say({ kind: 'refused', message: error.message })
      return this.#end(2)
    }
    const { address, store } = this.#app
    if (this.#isStopped) return this.#app.close().then(() => this.#end(0))
    // They may have changed meanwhile.
    if (this.#rules.text !== rules.text) this.#reload(this.#rules.text)
    say({ kind: 'ready', address, store })
  }

  #reload(text: string): void {
    if (this.#rules === undefined) return
    this.#rules = { ...this.#rules, text }
    this.#app?.reload(rulesOf(this.#rules))
  }

  async #answer({ id, question }: Extract<ToWorker, { kind: 'question' }>): Promise<void> {
    if (this.#app === undefined) return say({ kind: 'fault', id, message: 'It has not started yet' })
    try {
      say({ kind: 'answer', id, value: await answerQuestion(this.#app.operator, question) })
    } catch (error) {
      this.#app.log.event('error', 'admin-fault', { error })
      say({ kind: 'fault', id, message: String(error) })
    }
  }

  #end(status: number): void {
    // The channel would keep the process alive.
    if (process.connected) process.disconnect?.()
    this.#ended(status)
  }
}

/** The other process has read the same text before it was sent. */
function rulesOf({ text, name, defaults }: WorkerStart['rules']): RuleSet {
  const parsed = parseRules(text, name, defaults)
  if (parsed.kind === 'rules') return parsed.rules
  throw new Error(`The rules cannot be read here: ${parsed.problems.map(({ what }) => what).join('; ')}`)
}

/** Nobody listens once the other process has ended, and then there is nobody to miss it. */
function say(message: FromWorker): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}

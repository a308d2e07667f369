/**
 * Whether one node may be asked. It opens at the first command that was not answered in time, since until its socket is given up every other
 * would wait as long; then one question at a time goes out, and the answer to it closes it. A lost connection is the client's to bring back.
 */
import type { Redis } from 'ioredis'

/** `silent`: connected, but the last command was not answered in time; asked again until it is. */
export type CircuitState = 'ready' | 'silent' | 'down'

export class Circuit {
  readonly #node: Redis
  readonly #changed: () => void
  #state: CircuitState = 'down'
  #connects = 0
  #cause: string | undefined

  constructor(node: Redis, changed: () => void) {
    this.#node = node
    this.#changed = changed
    node.on('error', (error) => {
      this.#cause = error.message
    })
    node.on('ready', () => {
      this.#connects += 1
      this.#enter('ready')
    })
    for (const event of ['close', 'end']) node.on(event, () => this.#enter('down'))
  }

  get state(): CircuitState {
    return this.#state
  }

  /** Counts connections that got ready. */
  get connects(): number {
    return this.#connects
  }

  /** What was last heard of the trouble; undefined when ready. */
  get cause(): string | undefined {
    return this.#cause
  }

  /** A command that was sent on that connection was not answered in time. */
  open(connects: number, cause: string): void {
    if (this.#state !== 'ready' || connects !== this.#connects) return
    this.#cause = cause
    this.#enter('silent')
    void this.#askUntilAnswered(connects)
  }

  /** Ends with an answer, or with the connection. Each question lasts as long as the command timeout, so this does not spin. */
  async #askUntilAnswered(connects: number): Promise<void> {
    const isOver = (): boolean => this.#state !== 'silent' || connects !== this.#connects
    while (!isOver() && this.#node.status === 'ready') {
      const outcome = await this.#node.ping().then(
        () => 'answered',
        (error: Error) => (error.name === 'ReplyError' ? 'answered' : error.message),
      )
      if (isOver()) return
      if (outcome === 'answered') this.#enter('ready')
      else if (!isTimeout(outcome)) return
    }
  }

  #enter(state: CircuitState): void {
    const isNews = state === 'ready' || this.#state !== state
    this.#state = state
    if (state === 'ready') this.#cause = undefined
    if (isNews) this.#changed()
  }
}

/** What ioredis says of a command that was not answered in time, and what is said of one here. */
export const timedOut = 'Command timed out'

export function isTimeout(message: string): boolean {
  return message === timedOut
}

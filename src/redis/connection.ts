/**
 * The one connection to Redis that the store and the ledger share, so that what both ask in one turn leaves in one write. It queues nothing,
 * sends nothing twice, and answers within the command timeout or rejects; after the first command that timed out it rejects at once, until
 * Redis has answered again. ioredis is loaded only by whoever connects.
 */
import type { Redis } from 'ioredis'
import type { Milliseconds } from '../time.ts'

/** `silent`: connected, but the last command was not answered in time; asked again until it is. */
export type ConnectionState = 'ready' | 'silent' | 'down' | 'closed'

export interface ConnectionEvent {
  readonly kind: 'redis'
  readonly state: ConnectionState
  /** What was last heard of the trouble; undefined when ready. */
  readonly cause: string | undefined
}

export interface ConnectionOptions {
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly db: number
  readonly tls: boolean
  readonly connectTimeout: Milliseconds
  /** What one command may cost a request. A connection that gives no answer for five times as long is given up. */
  readonly commandTimeout: Milliseconds
  /** Every change of state, for the log. */
  readonly report: (event: ConnectionEvent) => void
}

/** Nothing was sent: there is no connection, or Redis does not answer on it. */
export class RedisUnavailable extends Error {
  constructor(state: ConnectionState) {
    super(`Redis is ${state}`)
    this.name = 'RedisUnavailable'
  }
}

/** Resolves when the first attempt has succeeded or failed, so that a start without Redis is known as one. Heals later. */
export async function connectRedis(options: ConnectionOptions): Promise<RedisConnection> {
  const { Redis } = await import('ioredis')
  const redis = new Redis({
    host: options.host,
    port: options.port,
    ...(options.username !== undefined && { username: options.username }),
    ...(options.password !== undefined && { password: options.password }),
    db: options.db,
    ...(options.tls && { tls: { servername: options.host } }),
    lazyConnect: true,
    // The defaults queue without a bound, and after a reconnect send again a SET that purges have overtaken.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: options.connectTimeout,
    commandTimeout: options.commandTimeout,
    socketTimeout: 5 * options.commandTimeout,
    enableAutoPipelining: true,
    retryStrategy: (attempt) => Math.random() * Math.min(1000, 50 * 2 ** Math.min(attempt, 10)),
    // 1: reconnect, to reach the new primary. 2 would also send the command again.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 1 : false),
  })
  const connection = new RedisConnection(redis, options.report)
  // The outcome arrives as a change of state; a failed first attempt is followed by others.
  await redis.connect().catch(() => {})
  return connection
}

export class RedisConnection {
  readonly #redis: Redis
  readonly #report: (event: ConnectionEvent) => void
  readonly #listeners = new Set<() => void>()
  #state: ConnectionState = 'down'
  #session = 0
  #cause: string | undefined

  constructor(redis: Redis, report: (event: ConnectionEvent) => void) {
    this.#redis = redis
    this.#report = report
    redis.on('error', (error) => {
      this.#cause = error.message
    })
    redis.on('ready', () => {
      this.#session += 1
      this.#enter('ready')
    })
    redis.on('close', () => this.#enter('down'))
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Counts connections: what was learnt on one, such as which ledger lies there, is not known on the next. */
  get session(): number {
    return this.#session
  }

  /**
   * Sends what `command` sends. Rejects with `RedisUnavailable` where nothing was sent, and with the client's error otherwise; after a timeout
   * Redis may still run it, even behind later commands of another connection.
   */
  async send<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    if (this.#state !== 'ready') throw new RedisUnavailable(this.#state)
    const session = this.#session
    try {
      return await command(this.#redis)
    } catch (error) {
      if (isTimeout(error) && session === this.#session && this.#state === 'ready') {
        this.#cause = (error as Error).message
        this.#enter('silent')
        void this.#askUntilAnswered(session)
      }
      throw error
    }
  }

  /** Runs `listener` after every change of state; the returned function ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** At once and for good; what is under way rejects. */
  close(): void {
    this.#enter('closed')
    this.#redis.disconnect()
  }

  /** Ends with an answer, or with the connection. Each question lasts as long as the command timeout, so this does not spin. */
  async #askUntilAnswered(session: number): Promise<void> {
    while (this.#state === 'silent' && session === this.#session && this.#redis.status === 'ready') {
      try {
        await this.#redis.ping()
        if (this.#state === 'silent' && session === this.#session) this.#enter('ready')
      } catch (error) {
        if (!isTimeout(error)) return
      }
    }
  }

  #enter(state: ConnectionState): void {
    if (this.#state === state || this.#state === 'closed') return
    this.#state = state
    this.#report({ kind: 'redis', state, cause: state === 'ready' ? undefined : this.#cause })
    if (state === 'ready') this.#cause = undefined
    for (const listener of this.#listeners) listener()
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Command timed out'
}

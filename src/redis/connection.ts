/**
 * One connection to Redis, whatever stands behind it: a server, the primary that Sentinels name, a Cluster. It queues nothing, sends nothing
 * twice, and answers within the command timeout or rejects; after the first command that timed out the node rejects at once, until it has
 * answered again. Its state and its session are those of the node that holds the ledger: without that one, nothing stored may be used.
 */
import type { Redis } from 'ioredis'
import { type Milliseconds, milliseconds, systemClock } from '../time.ts'
import { Circuit, type CircuitState, isTimeout } from './circuit.ts'
import {
  type Client,
  type ClientOptions,
  type ClientWatch,
  commandTimeoutOf,
  type NodeCommands,
  openSingle,
  type RedisCommands,
} from './client.ts'
import { openCluster } from './cluster.ts'
import { Deadlines } from './deadlines.ts'
import { ledgerTag } from './slot.ts'

export type ConnectionState = CircuitState | 'closed'

export interface ConnectionEvent {
  /** `redis-node`: one of a Cluster that does not hold the ledger; said when it goes, and when it is back. */
  readonly kind: 'redis' | 'redis-node'
  readonly state: ConnectionState
  /** What was last heard of the trouble; undefined when ready. */
  readonly cause: string | undefined
  /** Which node of a Cluster; else undefined. */
  readonly node?: string
}

export interface ConnectionOptions extends ClientOptions {
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
  const { Cluster, Redis } = await import('ioredis')
  const { target } = options
  const open = (watch: ClientWatch): Client =>
    target.kind === 'cluster'
      ? openCluster(Cluster, { ...options, target }, watch)
      : openSingle(Redis, { ...options, target }, watch)
  const connection = new RedisConnection(open, options)
  await connection.connect(milliseconds(options.connectTimeout + commandTimeoutOf(options)))
  return connection
}

export class RedisConnection {
  readonly #client: Client
  readonly #commandTimeout: Milliseconds
  readonly #deadlines: Deadlines
  readonly #report: (event: ConnectionEvent) => void
  readonly #listeners = new Set<() => void>()
  readonly #circuits = new Map<Redis, Circuit>()
  /** Nodes of a Cluster whose trouble was said. */
  readonly #troubled = new Set<string>()
  #state: ConnectionState = 'down'
  #session = 0
  /** What `session` counts changes of: the node that held the ledger, and the connection to it. */
  #home: { readonly circuit: Circuit; readonly connects: number } | undefined
  #cause: string | undefined

  constructor(open: (watch: ClientWatch) => Client, options: Pick<ConnectionOptions, 'use' | 'commandTimeout' | 'report'>) {
    this.#commandTimeout = commandTimeoutOf(options)
    this.#deadlines = new Deadlines(this.#commandTimeout, systemClock)
    this.#report = options.report
    this.#client = open({
      added: (node) => this.#circuits.set(node, new Circuit(node, () => this.#changed(node))),
      removed: (node) => {
        this.#circuits.delete(node)
        this.#look()
      },
      moved: () => this.#look(),
      failed: (error) => {
        this.#cause = error.message
      },
    })
  }

  /** Its outcome is a change of state. Resolves after `patience` at the latest; attempts go on. */
  connect(patience: Milliseconds): Promise<void> {
    return new Deadlines(patience, systemClock).within(async () => this.#client.connect()).catch(() => {})
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** What was last heard of its trouble; undefined when ready. */
  get cause(): string | undefined {
    const node = this.#client.nodeOf(ledgerTag)
    return (node && this.#circuits.get(node)?.cause) ?? this.#cause
  }

  /** Grows whenever another Redis may hold the ledger: what was learnt of one, such as which ledger lies there, is not known of the next. */
  get session(): number {
    return this.#session
  }

  /**
   * Sends what `command` sends, to whoever holds `key`. Rejects with `RedisUnavailable` where nothing was sent, and with the client's error
   * otherwise; after a timeout Redis may still run it, even behind later commands of another connection.
   */
  send<T>(command: (redis: RedisCommands) => Promise<T>, key: string = ledgerTag): Promise<T> {
    return this.#ask(this.#client.nodeOf(key), () => command(this.#client.commands))
  }

  /** Names of those that hold keys, in an order that stays; of a single server, one. */
  members(): string[] {
    return [...this.#client.members().keys()].toSorted()
  }

  /** `send` for what has no key and concerns one member. */
  sendTo<T>(member: string, command: (node: NodeCommands) => Promise<T>): Promise<T> {
    const node = this.#client.members().get(member)
    return this.#ask(node, () => command(node as Redis))
  }

  /**
   * Whether what was written to the ledger on this connection, in that session, lies on that many replicas too; waits for them no longer than
   * `patience`, and holds up what is sent behind it meanwhile. False when it cannot be known. Never rejects.
   */
  async isReplicated(session: number, replicas: number, patience: Milliseconds): Promise<boolean> {
    if (session !== this.#session) return false
    const node = this.#client.nodeOf(ledgerTag)
    // To Redis 0 means for ever.
    const wait = Math.max(1, Math.min(Math.floor(patience), Math.floor(this.#commandTimeout / 2)))
    try {
      const count = await this.#ask(node, () => (node as Redis).wait(replicas, wait))
      return session === this.#session && count >= replicas
    } catch {
      return false
    }
  }

  /** Runs `listener` after every change of state or session; the returned function ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** At once and for good; what is under way rejects. */
  close(): void {
    this.#enter('closed', this.#cause)
    this.#client.disconnect()
  }

  async #ask<T>(node: Redis | undefined, command: () => Promise<T>): Promise<T> {
    if (this.#state === 'closed') throw new RedisUnavailable('closed')
    const circuit = node && this.#circuits.get(node)
    if (circuit?.state !== 'ready') throw new RedisUnavailable(circuit?.state ?? 'down')
    const { connects } = circuit
    try {
      // The client's own timeout starts again for what waits behind a pipeline, and for what is redirected.
      return await this.#deadlines.within(command)
    } catch (error) {
      if (error instanceof Error && isTimeout(error.message)) circuit.open(connects, error.message)
      throw error
    } finally {
      // A redirection leaves no other trace than that the slot is another's now, and the answer was that one's.
      this.#look()
    }
  }

  #changed(node: Redis): void {
    this.#look()
    if (node === this.#client.nodeOf(ledgerTag)) return
    const circuit = this.#circuits.get(node)
    for (const [name, member] of this.#client.members()) {
      if (member === node && circuit !== undefined) this.#tell(name, circuit)
    }
  }

  #tell(node: string, { state, cause, connects }: Circuit): void {
    if (this.#state === 'closed' || connects === 0 || this.#troubled.has(node) === (state !== 'ready')) return
    if (state === 'ready') this.#troubled.delete(node)
    else this.#troubled.add(node)
    this.#report({ kind: 'redis-node', node, state, cause })
  }

  #look(): void {
    const node = this.#client.nodeOf(ledgerTag)
    const circuit = node && this.#circuits.get(node)
    const isReady = circuit?.state === 'ready'
    const isOther = isReady && (circuit !== this.#home?.circuit || circuit.connects !== this.#home.connects)
    if (isOther) {
      this.#home = { circuit, connects: circuit.connects }
      this.#session += 1
    }
    if (!this.#enter(circuit?.state ?? 'down', circuit?.cause ?? this.#cause) && isOther) this.#notify()
  }

  /** False when it is in that state already. */
  #enter(state: ConnectionState, cause: string | undefined): boolean {
    if (this.#state === state || this.#state === 'closed') return false
    this.#state = state
    this.#report({ kind: 'redis', state, cause: state === 'ready' ? undefined : cause })
    if (state === 'ready') this.#cause = undefined
    this.#notify()
    return true
  }

  #notify(): void {
    for (const listener of this.#listeners) listener()
  }
}

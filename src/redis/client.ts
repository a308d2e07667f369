/**
 * The client library, told to do what we want of it: queue nothing, send nothing twice, answer or reject in bounded time, never give up. One
 * server and the primary behind Sentinels are one node; a Cluster is in `cluster.ts`. ioredis is loaded only by whoever connects.
 */
import type { Redis, RedisOptions, SentinelConnectionOptions } from 'ioredis'
import { type Milliseconds, milliseconds } from '../time.ts'
import { leaveReplaced, watchSentinels } from './sentinel-watch.ts'
import type { Access, RedisTarget, SentinelTarget, StandaloneTarget } from './target.ts'

/**
 * entries: many small commands, gathered into one write per turn. ledger: scripts and reads of numbers, in no one's queue. stream: reads that
 * block, for at most `longestBlock`.
 */
export type RedisUse = 'entries' | 'ledger' | 'stream'

/** What is sent by key, as a server and a Cluster both take it. Each goes to the node that holds its key, and all its keys are of one slot. */
export type RedisCommands = Pick<
  Redis,
  | 'get'
  | 'getBuffer'
  | 'set'
  | 'pexpire'
  | 'unlink'
  | 'exists'
  | 'zmscore'
  | 'eval'
  | 'evalsha'
  | 'xread'
  | 'xreadBuffer'
  | 'xrange'
  | 'xrevrange'
  | 'xadd'
  | 'ping'
>

/** What has no key and concerns one node. */
export type NodeCommands = Pick<Redis, 'scan' | 'wait' | 'ping' | 'info' | 'time'>

export interface Client {
  readonly commands: RedisCommands
  /** Who holds the key, as far as is known. */
  nodeOf(key: string): Redis | undefined
  /** Whoever holds keys, by a name that stays. */
  members(): ReadonlyMap<string, Redis>
  /** Resolves when the first attempt has succeeded or failed; others follow by themselves. Never rejects. */
  connect(): Promise<void>
  disconnect(): void
}

/** What a client tells of itself. A node's own events are listened to at the node. */
export interface ClientWatch {
  added(node: Redis): void
  removed(node: Redis): void
  /** Another node may hold a key now. */
  moved(): void
  failed(error: Error): void
}

export interface ClientOptions<Target extends RedisTarget = RedisTarget> {
  readonly target: Target
  readonly use: RedisUse
  readonly connectTimeout: Milliseconds
  /** What one command may cost a request; a read that blocks has its own. */
  readonly commandTimeout: Milliseconds
}

/** The BLOCK of a read on the stream's connection, at most. */
export const longestBlock: Milliseconds = milliseconds(1500)

/** A read that blocks is answered late although all is well. ioredis's own `blockingTimeout` would answer for a dead server: nothing new. */
export function commandTimeoutOf({ use, commandTimeout }: Pick<ClientOptions, 'use' | 'commandTimeout'>): Milliseconds {
  return use === 'stream' ? milliseconds(longestBlock + Math.max(1000, commandTimeout)) : commandTimeout
}

type NodeOptions = Pick<
  RedisOptions,
  | 'username'
  | 'password'
  | 'tls'
  | 'autoResendUnfulfilledCommands'
  | 'maxRetriesPerRequest'
  | 'connectTimeout'
  | 'disconnectTimeout'
  | 'commandTimeout'
  | 'socketTimeout'
  | 'reconnectOnError'
>

/** For every connection to a node, however it was found. */
export function nodeOptions(options: ClientOptions): NodeOptions {
  const { use, connectTimeout } = options
  const commandTimeout = commandTimeoutOf(options)
  return {
    ...accessOptions(options.target),
    // The defaults queue without a bound, and after a reconnect send again a SET that purges have overtaken.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout,
    // How long a server that does not answer may delay that it is left.
    disconnectTimeout: options.commandTimeout,
    commandTimeout,
    socketTimeout: use === 'stream' ? commandTimeout + 500 : 5 * commandTimeout,
    // 1: reconnect, to reach the new primary. 2 would also send the command again.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 1 : false),
  }
}

/** Full jitter: those who lost the same server do not come back to it together. */
export function reconnectDelay(attempt: number): number {
  return Math.random() * Math.min(1000, 50 * 2 ** Math.min(attempt, 10))
}

export function openSingle(
  make: typeof Redis,
  options: ClientOptions<StandaloneTarget | SentinelTarget>,
  watch: ClientWatch,
): Client {
  const { target } = options
  const redis = new make({
    ...nodeOptions(options),
    ...(target.kind === 'standalone' ? { host: target.host, port: target.port } : sentinelOptions(target, options)),
    db: target.db,
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: options.use === 'entries',
    retryStrategy: reconnectDelay,
  })
  watch.added(redis)
  const sentinels = target.kind === 'sentinel' ? watchSentinels(make, target, leaveReplaced(redis)) : undefined
  return {
    commands: redis,
    nodeOf: () => redis,
    members: () => new Map([['', redis]]),
    connect: () =>
      new Promise((resolve) => {
        // Where no Sentinel answers, the attempt goes on for ever and only says so.
        redis.once('error', () => resolve())
        redis.connect().then(resolve, () => resolve())
      }),
    disconnect() {
      sentinels?.close()
      redis.disconnect()
    },
  }
}

type SentinelOptions = Omit<SentinelConnectionOptions, 'path' | 'tls' | 'replyMapping'>

function sentinelOptions(target: SentinelTarget, { connectTimeout, commandTimeout }: ClientOptions): SentinelOptions {
  const { username, password, tls } = accessOptions(target.sentinelAccess)
  return {
    sentinels: target.sentinels.map(({ host, port }) => ({ host, port })),
    name: target.name,
    role: 'master',
    // Its connections have no listener for errors: `sentinel-watch.ts` does that work.
    failoverDetector: false,
    updateSentinels: true,
    sentinelRetryStrategy: reconnectDelay,
    sentinelCommandTimeout: Math.min(connectTimeout, 5 * commandTimeout),
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
    ...(tls !== undefined && { sentinelTLS: tls }),
    ...(target.tls !== undefined && { enableTLSForSentinelMode: true }),
  }
}

export function accessOptions({ username, password, tls }: Access): Pick<RedisOptions, 'username' | 'password' | 'tls'> {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && {
      tls: {
        ...(tls.ca !== undefined && { ca: tls.ca }),
        ...(tls.servername !== undefined && { servername: tls.servername }),
        rejectUnauthorized: tls.rejectUnauthorized,
      },
    }),
  }
}

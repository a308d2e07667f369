/** A connection to a test's own Redis, with what it reported, and ways to wait. */
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import type { RedisUse } from '../../src/redis/client.ts'
import { type ConnectionEvent, type ConnectionState, connectRedis, type RedisConnection } from '../../src/redis/connection.ts'
import type { Access, RedisTarget } from '../../src/redis/target.ts'
import { milliseconds } from '../../src/time.ts'

export interface TestConnection {
  readonly connection: RedisConnection
  readonly events: readonly ConnectionEvent[]
  /** Resolves when the connection is in the state. */
  reached(state: ConnectionState): Promise<void>
}

/** To a server on that port, or to another target. */
export async function connect(
  t: Test,
  to: number | RedisTarget,
  { use = 'entries', commandTimeout = 200 }: { readonly use?: RedisUse; readonly commandTimeout?: number } = {},
): Promise<TestConnection> {
  const events: ConnectionEvent[] = []
  const connection = await connectRedis({
    target: typeof to === 'number' ? standalone(to) : to,
    use,
    connectTimeout: milliseconds(500),
    commandTimeout: milliseconds(commandTimeout),
    report: (event) => events.push(event),
  })
  t.teardown(() => connection.close())
  const reached = (state: ConnectionState): Promise<void> =>
    new Promise((resolve) => {
      if (connection.state === state) return resolve()
      const stop = connection.onChange(() => {
        if (connection.state !== state) return
        stop()
        resolve()
      })
    })
  return { connection, events, reached }
}

export const anybody: Access = { username: undefined, password: undefined, tls: undefined }

export function standalone(port: number, access: Partial<Access> = {}): RedisTarget {
  return { kind: 'standalone', host: '127.0.0.1', port, db: 0, ...anybody, ...access }
}

/** A plain client beside the tested one, for what an operator or a fault does. */
export function outsider(t: Test, port: number): Redis {
  const redis = new Redis({ host: '127.0.0.1', port })
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  return redis
}

/** Asks again, as fast as the answers come, until there is one; the test's own timeout is the deadline. */
export async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/**
 * A fleet as it stands in production, on this machine: real springhouse processes, each with its own way to one Redis, in front of one origin,
 * with clients that read and write all the time.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { type RedisServer, startRedis } from '../fixtures/redis.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import type { History, Outcome } from './history.ts'
import { type Instance, startInstance } from './instance.ts'
import { type Load, startLoad } from './load.ts'
import { campaignRules } from './rules.ts'
import { type SelfDescribingOrigin, startSelfDescribingOrigin } from './self-describing-origin.ts'
import { dice } from './traffic.ts'
import { startWatch, type Watch } from './watch.ts'

export interface FleetOptions {
  readonly seed: number
  readonly instances?: number
  readonly clients?: number
  readonly redis?: readonly string[]
  /** The rules of the instance with this index. */
  readonly rules?: (index: number) => string
  /** Whether clients leave an instance that says it is not ready; else they go on as long as it runs. */
  readonly isReadinessHeeded?: boolean
}

export interface Fleet {
  readonly instances: readonly Instance[]
  /** The way from the instance with this index to Redis. */
  readonly ways: readonly FaultProxy[]
  readonly redis: RedisServer
  readonly origin: SelfDescribingOrigin
  readonly load: Load
  readonly watch: Watch
  /** An operator's connection to Redis, past the ways. */
  command(name: string, ...args: (string | number)[]): Promise<unknown>
  /** Runs when the fleet is stopped. */
  atEnd(end: () => Promise<unknown>): void
  /** What happened so far. */
  history(): History
  stop(): Promise<void>
}

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const random = dice(options.seed)
  const count = options.instances ?? 3
  const stops: Array<() => Promise<unknown>> = []
  // Each is tried, whatever became of the one before: nothing that runs may be left.
  const stop = async (): Promise<void> => {
    const failures: unknown[] = []
    for (const end of stops.splice(0).toReversed()) await end().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw new AggregateError(failures, 'The fleet did not stop')
  }
  try {
    const folder = await mkdtemp(join(tmpdir(), 'springhouse-fleet-'))
    stops.push(() => rm(folder, { recursive: true, force: true }))
    const redis = await startRedis(options.redis)
    stops.push(() => redis.stop())
    const origin = await startSelfDescribingOrigin(random)
    stops.push(() => origin.close())
    const ways = await Promise.all(Array.from({ length: count }, () => startFaultProxy(redis.port)))
    stops.push(() => Promise.all(ways.map((way) => way.close())))
    const rules = options.rules ?? (() => campaignRules())
    const instances = await Promise.all(
      ways.map(async ({ port }, index) => {
        const redis = `redis://127.0.0.1:${port}`
        const instance = await startInstance({ index, folder, origin: origin.url, redis, rules: rules(index) })
        stops.push(async () => {
          if (instance.isUp) await instance.kill()
        })
        return instance
      }),
    )
    const watch = startWatch(instances)
    stops.push(() => watch.stop())
    const isTarget = (instance: Instance): boolean =>
      instance.isUp && (options.isReadinessHeeded !== true || watch.latest(instance)?.isReady !== false)
    const targets = (): Instance[] => instances.filter(isTarget)
    const load = startLoad({ random, clients: options.clients ?? 12, breath: 30, writes: 0.06, targets })
    stops.push(() => load.stop())
    const operator = new Redis(redis.port, { retryStrategy: () => 20, maxRetriesPerRequest: null })
    operator.on('error', () => {})
    stops.push(async () => operator.disconnect())
    return {
      instances,
      ways,
      redis,
      origin,
      load,
      watch,
      command: (name, ...args) => operator.call(name, ...args),
      atEnd: (end) => void stops.push(end),
      history: () => ({
        reads: load.reads,
        writes: load.writes,
        outcomes: outcomesOf(origin),
        trustedAfter: watch.trustedAfter,
      }),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function outcomesOf({ arrivals, commits }: SelfDescribingOrigin): Map<string, Outcome> {
  return new Map([...arrivals].map(([id, count]) => [id, { arrivals: count, version: commits.get(id)?.version }]))
}

/** A Redis that can be treated badly, an origin whose every thing has a version that a PUT counts up, and houses between them. */
import type { Test } from 'tap'
import { type Asked, type House, openHouse, type Reply } from '../fixtures/house.ts'
import { type RedisServer, startRedis } from '../fixtures/redis.ts'
import { type ScriptedOrigin, startOrigin } from '../fixtures/scripted-origin.ts'
import { until } from '../fixtures/until.ts'

const rules = `rules:
  - { name: things, match: "GET /things/:id", cache: { key: "thing:{params.id}", ttl: 1h } }
  - { name: strict, match: "GET /strict/:id", cache: { key: "strict:{params.id}", ttl: 1h, consistency: strict } }
  - { name: written, match: "PUT /things/:id", purge: { keys: ["thing:{params.id}"] } }`

/** What a silent Redis may cost one request, where that is what a test is about. */
export const commandTimeout = 200

export interface Setting {
  /** Text of settings below `redis`; left out: commands are waited for `commandTimeout`. */
  readonly redis?: string
  /** Text of other settings. */
  readonly more?: string
  /** Of the way to Redis; left out: straight. */
  readonly port?: number
}

/** For tests in which the lease runs out before a connection that is silent is given up, which is after five commands' time. */
export const outlasting = 'command_timeout: 500ms'

/** For tests without a silent Redis: on a busy machine one that is slow is waited for. */
export const patient = 'command_timeout: 10s'

export interface Ground {
  readonly redis: RedisServer
  readonly origin: ScriptedOrigin
  readonly versions: Map<string, number>
  /** Another house over the same Redis and origin; all of them answer for one host. */
  house(setting?: Setting): Promise<House>
}

export async function prepare(t: Test): Promise<Ground> {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const versions = new Map<string, number>()
  const origin = await startOrigin(({ request, reply }) => {
    const version = (versions.get(request.target) ?? 0) + (request.method === 'PUT' ? 1 : 0)
    versions.set(request.target, version)
    reply({ body: String(version) })
  })
  t.teardown(() => origin.close())
  const house = ({ redis: settings = `command_timeout: ${commandTimeout}ms`, more = '', port = redis.port }: Setting = {}) =>
    openHouse(t, {
      rules,
      origin: origin.url,
      redis: `redis://127.0.0.1:${port}`,
      config: `redis: { ${settings} }\n${more}`,
    })
  return { redis, origin, versions, house }
}

export function ask(house: House, target: string, asked: Asked = {}): Promise<Reply> {
  return house.ask(target, { ...asked, headers: { Host: 'api.example' } })
}

/** Asks until the store answers: on a busy machine a command may time out without any fault. */
export async function becomesHit(house: House, target: string): Promise<string> {
  const end = performance.now() + 10_000
  for (;;) {
    const { cacheStatus } = await ask(house, target)
    await house.app.parts.background.drain()
    if (cacheStatus.startsWith('hit') || performance.now() > end) return cacheStatus
  }
}

/** Asks until the answer is this: what others purge is heard of within a moment. */
export async function becomes(house: House, target: string, wanted: string): Promise<string> {
  const end = performance.now() + 10_000
  for (;;) {
    const { text } = await ask(house, target)
    if (text === wanted || performance.now() > end) return text
  }
}

export function isAttached({ app }: House): boolean {
  return app.parts.ledger.status().isConnected
}

export function healed(house: House): Promise<void> {
  return until('the ledger to be attached', () => isAttached(house))
}

export function detached(house: House): Promise<void> {
  return until('the ledger to be detached', () => !isAttached(house))
}

export interface Health {
  readonly status: number
  readonly body: {
    readonly reasons: readonly string[]
    readonly store: { readonly isConnected: boolean }
    readonly ledger: { readonly isAttached: boolean; readonly waiting: number }
  }
}

export async function healthOf({ admin }: House): Promise<Health> {
  const response = await fetch(`${admin}/health/ready`)
  return { status: response.status, body: (await response.json()) as Health['body'] }
}

/** The first sample of a metric, whatever its labels are; `where` is one of them. */
export async function metricOf({ admin }: House, name: string, where = ''): Promise<number | undefined> {
  const text = await (await fetch(`${admin}/metrics`)).text()
  const line = text.split('\n').find((line) => line.startsWith(`${name}{`) && line.includes(where))
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1))
}

/** States that were said of `what`, in order. */
export function changes({ lines }: House, what: string): unknown[] {
  return lines.filter((line) => line['msg'] === 'change' && line['what'] === what).map((line) => line['state'])
}

export function said({ lines }: House, msg: string): ReadonlyArray<Readonly<Record<string, unknown>>> {
  return lines.filter((line) => line['msg'] === msg)
}

/** Redis away, from the start or in the middle: every answer comes, from the origin, and nothing from before is served when it is back. */
import t, { type Test } from 'tap'
import { type Asked, type House, openHouse, type Reply } from '../fixtures/house.ts'
import { type RedisServer, startRedis } from '../fixtures/redis.ts'
import { type ScriptedOrigin, startOrigin } from '../fixtures/scripted-origin.ts'
import { until } from '../fixtures/until.ts'

const rules = `rules:
  - { name: things, match: "GET /things/:id", cache: { key: "thing:{params.id}", ttl: 1h } }
  - { name: written, match: "PUT /things/:id", purge: { keys: ["thing:{params.id}"] } }`

/** What a silent Redis may cost one request. */
const commandTimeout = 200

interface Ground {
  readonly redis: RedisServer
  readonly origin: ScriptedOrigin
  /** Another house over the same Redis and origin; all of them answer for one host. */
  house(): Promise<House>
}

/** An origin whose every thing has a version that a PUT counts up. */
async function prepare(t: Test): Promise<Ground & { readonly versions: Map<string, number> }> {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const versions = new Map<string, number>()
  const origin = await startOrigin(({ request, reply }) => {
    const version = (versions.get(request.target) ?? 0) + (request.method === 'PUT' ? 1 : 0)
    versions.set(request.target, version)
    reply({ body: String(version) })
  })
  t.teardown(() => origin.close())
  const config = `redis: { command_timeout: ${commandTimeout}ms }`
  return { redis, origin, versions, house: () => openHouse(t, { rules, origin: origin.url, redis: redis.url, config }) }
}

function ask(house: House, target: string, asked: Asked = {}): Promise<Reply> {
  return house.ask(target, { ...asked, headers: { Host: 'api.example' } })
}

/** Asks until the store answers: on a busy machine a command may time out without any fault. */
async function becomesHit(house: House, target: string): Promise<string> {
  const end = performance.now() + 10_000
  for (;;) {
    const { cacheStatus } = await ask(house, target)
    if (cacheStatus.startsWith('hit') || performance.now() > end) return cacheStatus
    await house.app.parts.background.drain()
  }
}

function healed({ app }: House): Promise<void> {
  return until('the ledger to be trusted', () => app.parts.ledger.status().isConnected)
}

async function health({
  admin,
}: House): Promise<{ status: number; body: { reasons: string[]; store: { isConnected: boolean } } }> {
  const response = await fetch(`${admin}/health/ready`)
  return { status: response.status, body: (await response.json()) as never }
}

function changes({ lines }: House, what: string): unknown[] {
  return lines.filter((line) => line['msg'] === 'change' && line['what'] === what).map((line) => line['state'])
}

const direct = 'fwd=bypass; fwd-status=200; detail=ledger-unavailable'

t.test('down at the start: it starts, says so, answers from the origin, and heals', async (t) => {
  const { redis, house: open } = await prepare(t)
  await redis.kill()
  const house = await open()
  t.match(await ask(house, '/things/1'), { status: 200, text: '0', cacheStatus: direct })
  t.match(await ask(house, '/things/1'), { status: 200, cacheStatus: direct })
  t.match(await health(house), {
    status: 200,
    body: { reasons: ['Redis is away: everything is answered by the origin'], store: { isConnected: false } },
  })
  t.match(await (await fetch(`${house.admin}/metrics`)).text(), /cache_connected\{[^}]*tier="redis"[^}]*\} 0/)
  await redis.restart()
  await healed(house)
  t.match(await becomesHit(house, '/things/1'), /^hit/)
  t.match(await health(house), { status: 200, body: { reasons: [], store: { isConnected: true } } })
  t.match(await (await fetch(`${house.admin}/metrics`)).text(), /cache_connected\{[^}]*tier="redis"[^}]*\} 1/)
  t.same(changes(house, 'redis').at(-1), 'ready', 'said when it ended')
})

t.test('silent at the start: what lies in it is not read before everything was purged', async (t) => {
  const { redis, house: open } = await prepare(t)
  const before = await open()
  t.match(await becomesHit(before, '/things/1'), /^hit/)
  redis.pause()
  const house = await open()
  t.match(await ask(house, '/things/1'), { status: 200, cacheStatus: direct })
  redis.resume()
  await healed(house)
  t.match(
    await ask(house, '/things/1'),
    { status: 200, cacheStatus: /^fwd=miss;.* detail=purged$/ },
    'who knows which purge was lost',
  )
  await healed(before)
  t.match(await becomesHit(before, '/things/1'), /^hit/, 'for both')
})

t.test('a purge that Redis does not take is not called done, and nothing is read before it is made good', async (t) => {
  const { redis, house: open } = await prepare(t)
  const house = await open()
  t.match(await becomesHit(house, '/things/1'), /^hit/)
  t.match(await becomesHit(house, '/things/2'), /^hit/)
  redis.pause()
  const written = await ask(house, '/things/1', { method: 'PUT' })
  t.match(written, { status: 200, text: '1' }, 'the writer gets his answer')
  t.equal(written.field('springhouse-purge'), 'queued')
  t.match(await ask(house, '/things/1'), { text: '1', cacheStatus: direct })
  redis.resume()
  await healed(house)
  t.match(await ask(house, '/things/1'), { text: '1', cacheStatus: /detail=purged$/ })
  t.match(await ask(house, '/things/2'), { text: '0', cacheStatus: /detail=purged$/ }, 'which means everything')
})

t.test('silent: every answer comes within the command timeout, and after the first nobody waits at all', async (t) => {
  const { redis, house: open } = await prepare(t)
  const house = await open()
  t.match(await becomesHit(house, '/things/1'), /^hit/)
  redis.pause()
  const began = performance.now()
  const first = await Promise.all(Array.from({ length: 20 }, () => ask(house, '/things/1')))
  const patience = performance.now() - began
  for (const { status, cacheStatus } of first) t.match({ status, cacheStatus }, { status: 200, cacheStatus: direct })
  t.ok(patience < 10 * commandTimeout, `${Math.round(patience)} ms`)
  // Each of these would wait its whole timeout if it asked: 100 of them for 20 s.
  const later = performance.now()
  for (let i = 0; i < 100; i += 1) t.match(await ask(house, '/things/1'), { status: 200, cacheStatus: direct })
  t.ok(performance.now() - later < 20 * commandTimeout, `${Math.round(performance.now() - later)} ms for 100`)
  t.ok(changes(house, 'redis').includes('silent'))
  redis.resume()
  await healed(house)
  t.match(await becomesHit(house, '/things/1'), /^hit/, 'and what was stored is used again')
})

t.test('killed and paused under load: no client sees an error, and nobody anything older than the last write', async (t) => {
  const { redis, versions, house: open } = await prepare(t)
  const house = await open()
  const ids = Array.from({ length: 10 }, (_, i) => `/things/${i}`)
  const wrong: string[] = []
  let [isOver, asked, hits] = [false, 0, 0]

  async function reader(): Promise<void> {
    while (!isOver) {
      const target = ids[asked++ % ids.length] as string
      const least = versions.get(target) ?? 0
      const { status, text, cacheStatus } = await ask(house, target)
      if (cacheStatus.startsWith('hit')) hits += 1
      // A write that is under way may show or not; one that was answered must.
      if (status !== 200 || Number(text) < least - 1) wrong.push(`${target}: ${status} ${text}, not ${least} (${cacheStatus})`)
    }
  }

  async function writer(): Promise<void> {
    for (let i = 0; !isOver; i += 1) {
      const target = ids[i % ids.length] as string
      const written = await ask(house, target, { method: 'PUT' })
      const read = await ask(house, target)
      if (written.status !== 200 || Number(read.text) < Number(written.text))
        wrong.push(`${target}: ${read.text} after ${written.text} (${read.cacheStatus})`)
    }
  }

  const more = async (count: number): Promise<void> => {
    const from = asked
    await until(`${count} more answers`, () => asked - from >= count, 30_000)
  }
  const load = Promise.all([...Array.from({ length: 8 }, reader), writer()])
  for (const fault of ['pause', 'kill'] as const) {
    const before = hits
    await until('hits', () => hits > before + 50, 30_000)
    await redis[fault]()
    await more(200)
    if (fault === 'pause') redis.resume()
    else await redis.restart()
    await healed(house)
    await more(200)
  }
  isOver = true
  await load
  t.same(wrong, [])
  for (const target of ids) t.equal((await ask(house, target)).text, String(versions.get(target)), target)
  t.same(
    house.lines.filter(({ msg }) => msg === 'fault'),
    [],
  )
})

t.test('emptied, as by FLUSHALL: what comes after is fetched anew, by every instance', async (t) => {
  const { redis, house: open } = await prepare(t)
  const [one, other] = [await open(), await open()]
  t.match(await becomesHit(one, '/things/1'), /^hit/)
  t.match(await ask(other, '/things/1'), { cacheStatus: /^hit/ }, 'shared')
  await command(redis, 'FLUSHALL')
  for (const house of [one, other]) {
    t.match(await ask(house, '/things/1'), { status: 200, text: '0' })
    await healed(house)
    t.match(await becomesHit(house, '/things/1'), /^hit/)
  }
})

t.test('a stored value that cannot be read is a miss, counted and replaced', async (t) => {
  const { redis, house: open } = await prepare(t)
  const house = await open()
  for (const [i, value] of ['garbage', '', '\u0001{}', 'x'.repeat(10_000)].entries()) {
    const target = `/things/${i}`
    t.match(await becomesHit(house, target), /^hit/)
    const { keys } = await house.app.parts.store.list(`test:thing:${i}|*`, '0', 1000)
    t.equal(keys.length, 1)
    await command(redis, 'SET', keys[0] as string, value)
    t.match(await ask(house, target), { status: 200, text: '0', cacheStatus: /^fwd=uri-miss; stored/ })
    await house.app.parts.background.drain()
    t.match(await ask(house, target), { cacheStatus: /^hit/ })
    t.equal(house.app.parts.store.status().undecodable, i + 1)
  }
  t.match(
    await (await fetch(`${house.admin}/metrics`)).text(),
    /cache_errors_total\{[^}]*tier="redis"[^}]*reason="undecodable"[^}]*\} 4/,
  )
  t.equal(house.lines.filter(({ msg }) => msg === 'undecodable').length, 4)
})

/** As another client would send it. */
async function command(redis: RedisServer, name: string, ...args: string[]): Promise<void> {
  const { Redis } = await import('ioredis')
  const client = new Redis(redis.port)
  await client.call(name, ...args)
  client.disconnect()
}

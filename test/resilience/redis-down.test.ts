/**
 * Redis away from every instance, from the start or in the middle: every answer comes, from the origin or a memory of the instance's own, and
 * nothing from before is served when it is back.
 */
import t from 'tap'
import { startFaultProxy } from '../faults/fault-proxy.ts'
import type { House } from '../fixtures/house.ts'
import { until } from '../fixtures/until.ts'
import { outsider } from '../redis/fixture.ts'
import {
  ask,
  becomes,
  becomesHit,
  changes,
  commandTimeout,
  detached,
  healed,
  healthOf,
  isAttached,
  metricOf,
  outlasting,
  patient,
  prepare,
  said,
} from './ground.ts'

t.test('down at the start: it starts, says so, answers from the origin and its own memory, and heals', async (t) => {
  const { redis, house: open } = await prepare(t)
  await redis.kill()
  const house = await open()
  t.match(await ask(house, '/things/1'), { status: 200, text: '0', cacheStatus: /^fwd=uri-miss; stored/ })
  t.match(await becomesHit(house, '/things/1'), /^hit/)
  t.match(await healthOf(house), {
    status: 200,
    body: {
      reasons: ['Detached from Redis: answers come from the origin, and from a memory of this process alone'],
      store: { isConnected: false },
      ledger: { isAttached: false, waiting: 0 },
    },
  })
  t.equal(await metricOf(house, 'cache_connected', 'tier="redis"'), 0)
  t.equal(await metricOf(house, 'ledger_attached'), 0)
  await redis.restart()
  await healed(house)
  // Each connection comes back in its own time.
  await until('entries to be in reach', () => house.app.parts.store.status().isConnected)
  const after = await ask(house, '/things/1')
  t.match(after.cacheStatus, /^fwd=/, 'what was fetched alone is not used any more')
  t.match(await becomesHit(house, '/things/1'), /^hit/)
  t.match(await healthOf(house), {
    status: 200,
    body: { reasons: [], store: { isConnected: true }, ledger: { isAttached: true } },
  })
  t.equal(await metricOf(house, 'cache_connected', 'tier="redis"'), 1)
  t.equal(await metricOf(house, 'ledger_attached'), 1)
  t.same(changes(house, 'redis').at(-1), 'ready', 'said when it ended')
  t.same(changes(house, 'ledger').slice(-2), ['detached', 'attached'])
})

t.test(
  'silent at the start, and for longer than a second: what lies in it is not read before everything was purged',
  async (t) => {
    const { redis, house: open } = await prepare(t)
    const before = await open()
    t.match(await becomesHit(before, '/things/1'), /^hit/)
    redis.pause()
    // It waits for a connection longer than that.
    const house = await open()
    t.match(await ask(house, '/things/1'), { status: 200, cacheStatus: /^fwd=uri-miss/ })
    redis.resume()
    await healed(house)
    t.match(
      await ask(house, '/things/1'),
      { status: 200, cacheStatus: /^fwd=miss;.* detail=purged$/ },
      'who knows which purge was lost',
    )
    await healed(before)
    t.match(await becomesHit(before, '/things/1'), /^hit/, 'for both')
  },
)

t.test(
  'silent for longer than a second: a purge it did not take is not called done, and everything is purged when it is back',
  async (t) => {
    const { redis, house: open } = await prepare(t)
    const [house, other] = [await open({ redis: outlasting }), await open({ redis: outlasting })]
    t.match(await becomesHit(house, '/things/1'), /^hit/)
    t.match(await becomesHit(house, '/things/2'), /^hit/)
    redis.pause()
    const written = await ask(house, '/things/1', { method: 'PUT' })
    t.match(written, { status: 200, text: '1' }, 'the writer gets his answer')
    t.equal(written.field('springhouse-purge'), 'queued')
    t.notOk(isAttached(house), 'at once')
    t.match(await ask(house, '/things/1'), { text: '1', cacheStatus: /^fwd=/ })
    const { body } = await healthOf(house)
    t.ok(body.ledger.waiting > 0)
    t.match(body.reasons, [
      'Detached from Redis: answers come from the origin, and from a memory of this process alone',
      /yet: \d+$/,
    ])
    t.equal(await metricOf(house, 'ledger_waiting_labels'), body.ledger.waiting)
    t.match(
      said(house, 'change').findLast(({ what }) => what === 'ledger'),
      { level: 40, state: 'detached' },
    )
    // Its lease ends two seconds after Redis last answered it.
    await detached(other)
    redis.resume()
    await Promise.all([healed(house), healed(other)])
    for (const target of ['/things/1', '/things/2']) {
      t.match(await ask(house, target), { cacheStatus: /^fwd=miss;.* detail=purged$/ }, 'not only what the write names')
    }
    t.equal(await becomes(other, '/things/1', '1'), '1')
    t.equal(await metricOf(house, 'ledger_waiting_labels'), 0)
  },
)

t.test('cut off from everybody for longer than a second: all is purged when the first is back, which is said', async (t) => {
  const { redis, house: open } = await prepare(t)
  const way = await startFaultProxy(redis.port)
  t.teardown(() => way.close())
  const houses = [await open({ redis: patient, port: way.port }), await open({ redis: patient, port: way.port })]
  for (const house of houses) t.match(await becomesHit(house, '/things/1'), /^hit/)
  way.set({ kind: 'reset' })
  const client = outsider(t, redis.port)
  for (let silence = 0; silence <= 1000; ) {
    const [[seconds, micros], members] = await Promise.all([client.time(), client.hgetall('test:{ledger}:members')])
    const ticks = Object.entries(members).filter(([field]) => field.startsWith('i:'))
    silence = Number(seconds) * 1000 + Number(micros) / 1000 - Math.max(...ticks.map(([, at]) => Number(at)))
  }
  way.set({ kind: 'pass' })
  await Promise.all(houses.map(healed))
  const [first, second] = houses as [House, House]
  t.match(await ask(first, '/things/1'), { text: '0', cacheStatus: /^fwd=miss;.* detail=purged$/ })
  t.match(await ask(second, '/things/1'), { text: '0' })
  t.match([...said(first, 'all-silent'), ...said(second, 'all-silent')], [{ level: 40, fix: /all was purged$/ }])
  for (const house of houses) t.same(changes(house, 'ledger'), ['detached', 'attached'])
})

t.test('silent: every answer comes within the command timeout, and after the first nobody waits at all', async (t) => {
  const { redis, house: open } = await prepare(t)
  const house = await open()
  t.match(await becomesHit(house, '/things/1'), /^hit/)
  redis.pause()
  const began = performance.now()
  // What memory does not have is asked of Redis.
  const first = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(house, `/things/first${i}`)))
  const patience = performance.now() - began
  for (const { status, cacheStatus } of first) t.match({ status, cacheStatus }, { status: 200, cacheStatus: /^fwd=/ })
  t.ok(patience < 10 * commandTimeout, `${Math.round(patience)} ms`)
  // Each of these would wait its whole timeout if it asked: 100 of them for 20 s.
  const later = performance.now()
  for (let i = 0; i < 100; i += 1) t.match(await ask(house, `/things/later${i}`), { status: 200, cacheStatus: /^fwd=/ })
  t.ok(performance.now() - later < 20 * commandTimeout, `${Math.round(performance.now() - later)} ms for 100`)
  t.ok(changes(house, 'redis').includes('silent'))
  redis.resume()
  await healed(house)
  t.match(await becomesHit(house, '/things/1'), /^hit/, 'and what is shared is used again')
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
  t.same(said(house, 'fault'), [])
  await until('all of it to be purged', () => house.app.parts.ledger.status().waiting === 0)
})

t.test(
  'emptied, as by FLUSHALL: what was stored is not used any more, what comes after is fetched anew and shared',
  async (t) => {
    const { redis, origin, house: open } = await prepare(t)
    const houses = [await open({ redis: patient }), await open({ redis: patient })]
    for (const house of houses) t.match(await becomesHit(house, '/things/1'), /^hit/)
    t.equal(origin.count('/things/1'), 1, 'shared')
    await outsider(t, redis.port).flushall()
    await until('everybody to hear of it', () => houses.every((house) => said(house, 'epoch').length === 1))
    for (const house of houses) {
      await healed(house)
      t.match(await becomesHit(house, '/things/1'), /^hit/)
    }
    t.equal(origin.count('/things/1'), 2)
    for (const house of houses) t.match(said(house, 'epoch'), [{ level: 40 }])
  },
)

t.test('a stored value that cannot be read is a miss, counted and replaced', async (t) => {
  const { redis, house: open } = await prepare(t)
  const client = outsider(t, redis.port)
  const house = await open({ redis: patient })
  // One whose memory has none of it.
  const other = await open({ redis: patient })
  for (const [i, value] of ['garbage', '', '\u0001{}', 'x'.repeat(10_000)].entries()) {
    const target = `/things/${i}`
    t.match(await becomesHit(house, target), /^hit/)
    const { keys } = await house.app.parts.store.list(`test:thing:${i}|*`, '0', 1000)
    t.equal(keys.length, 1)
    const key = keys[0] as string
    await client.set(key, value)
    t.match(await ask(other, target), { status: 200, text: '0', cacheStatus: /^fwd=uri-miss; stored/ })
    await other.app.parts.background.drain()
    t.not(await client.get(key), value)
    t.match(await ask(other, target), { cacheStatus: /^hit/ })
    t.equal(other.app.parts.store.status().undecodable, i + 1)
  }
  t.match(
    await (await fetch(`${other.admin}/metrics`)).text(),
    /cache_errors_total\{[^}]*tier="redis"[^}]*reason="undecodable"[^}]*\} 4/,
  )
  t.equal(said(other, 'undecodable').length, 4)
})

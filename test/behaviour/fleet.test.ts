/** Several instances over one Redis: of all of them one asks the origin. */
import t, { type Test } from 'tap'
import { makeClock, type TestClock } from '../fixtures/clock.ts'
import { type Gate, makeGate } from '../fixtures/gate.ts'
import { type House, openHouse, type Reply } from '../fixtures/house.ts'
import { startRedis } from '../fixtures/redis.ts'
import { type ScriptedOrigin, startOrigin } from '../fixtures/scripted-origin.ts'
import { until } from '../fixtures/until.ts'

const rules = `defaults: { ttl: 1m, stale_while_revalidate: 1h }
rules:
  - { name: page, match: GET /page, cache: { scope: public, key: page } }
  - { name: shared, match: GET /shared, cache: { scope: public, key: shared, collapse: fleet } }`

interface Fleet {
  readonly houses: readonly House[]
  readonly origin: ScriptedOrigin
  readonly clock: TestClock
  /** Asks every house so often, of one host, so that they mean the same. */
  ask(target: string, times: number): Promise<Reply>[]
  /** The origin answers `#n`, and that only once the gate is open. */
  hold(gate: Gate): void
  /** Resolves when nothing goes on behind any answer, while the time goes on. */
  settled(): Promise<void>
}

async function openFleet(t: Test, size: number): Promise<Fleet> {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const origin = await startOrigin()
  t.teardown(() => origin.close())
  const clock = makeClock(Math.floor(Date.now() / 1000) * 1000)
  const open = (): Promise<House> => openHouse(t, { rules, origin: origin.url, redis: redis.url, clock })
  const houses = await Promise.all(Array.from({ length: size }, open))
  const fleet: Fleet = {
    houses,
    origin,
    clock,
    ask(target, times) {
      const asked = { headers: { host: 'shop.example' } }
      return houses.flatMap((house) => Array.from({ length: times }, () => house.ask(target, asked)))
    },
    hold(gate) {
      origin.script(async ({ reply }) => {
        const body = `#${origin.count()}`
        await gate.wait()
        reply({ body, headers: { Date: new Date(clock.now()).toUTCString() } })
      })
    },
    async settled() {
      let isSettled = false
      void Promise.all(houses.map((house) => house.app.parts.background.drain())).then(() => {
        isSettled = true
      })
      await until('everything behind the answers', () => {
        clock.advance(10)
        return isSettled
      })
    },
  }
  const wide = makeGate()
  wide.open()
  fleet.hold(wide)
  return fleet
}

function texts(replies: readonly Reply[]): string[] {
  return [...new Set(replies.map(({ text }) => text))]
}

t.test('1,000 clients of three instances at the moment an entry expires: one fetch, and nobody waits for it', async (t) => {
  const { houses, origin, clock, ask, hold, settled } = await openFleet(t, 3)
  await (houses[0] as House).ask('/page', { headers: { host: 'shop.example' } })
  await settled()
  t.same(texts(await Promise.all(ask('/page', 1))), ['#1'], 'on every instance')
  clock.advance(60_001)
  const gate = makeGate()
  hold(gate)
  const answered = await Promise.all(ask('/page', 334))
  t.same(texts(answered), ['#1'])
  t.ok(answered.every(({ cacheStatus }) => /^hit; .*detail=stale-while-revalidate$/.test(cacheStatus)))
  await gate.arrived(1)
  await Promise.all(ask('/page', 10))
  t.equal(origin.count(), 2)
  gate.open()
  await settled()
  const after = await Promise.all(ask('/page', 10))
  t.same(texts(after), ['#2'])
  t.ok(after.every(({ cacheStatus }) => cacheStatus.endsWith('detail=fresh')))
  t.equal(origin.count(), 2)
})

t.test('collapse: fleet, 1,000 clients of three instances ask for what nobody has: one fetch, and all wait once', async (t) => {
  const { houses, origin, clock, ask, hold, settled } = await openFleet(t, 3)
  const gate = makeGate()
  hold(gate)
  const asked = ask('/shared', 334)
  await gate.arrived(1)
  const waiting = (): number =>
    houses.filter(({ app }) => app.parts.flights.find('test:shared|h=shop.example')?.waiting?.isWaiting === true).length
  await until('the two others to wait', () => waiting() === 2)
  gate.open()
  const leading = houses.find(({ app }) => app.parts.flights.find('test:shared|h=shop.example')?.waiting?.isWaiting === false)
  await leading?.app.parts.background.drain()
  const start = clock.monotonic()
  clock.advance(50)
  t.same(texts(await Promise.all(asked)), ['#1'])
  t.equal(clock.monotonic() - start, 50, 'as soon as they look again')
  t.equal(origin.count(), 1)
  await settled()
  t.same(texts(await Promise.all(ask('/shared', 1))), ['#1'])
})

t.test('without it each instance asks once for what nobody has', async (t) => {
  const { origin, ask, hold } = await openFleet(t, 2)
  const gate = makeGate()
  hold(gate)
  const asked = ask('/page', 20)
  await gate.arrived(2)
  gate.open()
  await Promise.all(asked)
  t.equal(origin.count(), 2)
})

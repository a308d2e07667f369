/** What an answer costs in Redis: a hit in memory nothing, a hit in Redis one write and one reply. Redis itself says what it was asked. */
import t from 'tap'
import { startFaultProxy } from '../faults/fault-proxy.ts'
import { openHouse } from '../fixtures/house.ts'
import { startRedis } from '../fixtures/redis.ts'
import { startOrigin } from '../fixtures/scripted-origin.ts'
import { until } from '../fixtures/until.ts'
import { outsider } from '../redis/fixture.ts'

const rules = `rules:
  - { name: things, match: "GET /things/:id", cache: { key: "thing:{params.id}", ttl: 1h, tags: ["thing:{params.id}", things] } }`

/** What the commands of ticks, streams and leases are not. */
const ofEntries = new Set(['get', 'getbuffer', 'set', 'zmscore', 'pexpire', 'mget'])

t.test('a hit in Redis is one round trip, and a hit in memory none', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const origin = await startOrigin(({ reply }) => reply({ body: 'thing' }))
  t.teardown(() => origin.close())
  const network = await startFaultProxy(redis.port)
  t.teardown(() => network.close())
  const [one, other] = [
    await openHouse(t, { rules, origin: origin.url, redis: redis.url }),
    await openHouse(t, { rules, origin: origin.url, redis: `redis://127.0.0.1:${network.port}` }),
  ]
  const ask = (house: typeof one) => house.ask('/things/1', { headers: { host: 'shop.example' } })
  t.match(await ask(one), { cacheStatus: /^fwd=uri-miss; stored/ })
  await one.app.parts.background.drain()

  const asked: { readonly name: string; readonly by: string }[] = []
  const watching = await outsider(t, redis.port).monitor()
  t.teardown(() => watching.disconnect())
  watching.on('monitor', (_time: string, [name = '']: string[], by: string) => {
    if (ofEntries.has(name.toLowerCase())) asked.push({ name: name.toLowerCase(), by })
  })
  // A reply delayed: what were a second question would be asked after it.
  network.set({ kind: 'delay', milliseconds: 300 })
  const began = performance.now()
  t.match(await ask(other), { text: 'thing', cacheStatus: /^hit/ })
  const took = performance.now() - began
  await until('Redis to have said what it was asked', () => asked.length >= 2)
  t.same(asked.map(({ name }) => name).sort(), ['get', 'zmscore'])
  t.equal(new Set(asked.map(({ by }) => by)).size, 1, 'on one connection')
  t.ok(took < 600, `${Math.round(took)} ms: less than two delays`)

  network.set({ kind: 'pass' })
  t.match(await ask(other), { text: 'thing', cacheStatus: /^hit/ })
  t.match(await ask(one), { text: 'thing', cacheStatus: /^hit/ })
  t.equal(asked.length, 2)
  t.equal(origin.count(), 1)
})

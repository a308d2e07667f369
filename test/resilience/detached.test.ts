/** An instance that hears nothing from Redis: for how long it believes what it knows, what it has on its own, and what it owes the others. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type FaultProxy, startFaultProxy } from '../faults/fault-proxy.ts'
import type { House } from '../fixtures/house.ts'
import { until } from '../fixtures/until.ts'
import {
  ask,
  becomes,
  becomesHit,
  changes,
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

t.test('Redis silent: hits come from memory until the lease runs out, and then from one of its own', async (t) => {
  const { redis, origin, house: open } = await prepare(t)
  const house = await open({ redis: outlasting })
  t.match(await becomesHit(house, '/things/1'), /^hit/)
  const fetched = origin.count('/things/1')
  redis.pause()
  const began = performance.now()
  const wrong: string[] = []
  let hits = 0
  while (isAttached(house)) {
    const { status, text, cacheStatus } = await ask(house, '/things/1')
    // In between it may have run out.
    if (!isAttached(house)) break
    if (status === 200 && text === '0' && cacheStatus.startsWith('hit')) hits += 1
    else wrong.push(`${status} ${text} ${cacheStatus}`)
  }
  t.same(wrong, [])
  t.ok(hits > 0, `${hits} hits`)
  t.ok(performance.now() - began > 1000, 'of the two seconds that the lease is given for')
  await until('that to be said', () => changes(house, 'ledger').includes('detached'))
  t.match(
    said(house, 'change').findLast(({ what }) => what === 'ledger'),
    { level: 40, cause: /silent|timed out/ },
  )
  t.ok(changes(house, 'redis').includes('silent'), 'which was known meanwhile')
  t.match(await becomesHit(house, '/things/1'), /^hit/, 'of its own')
  t.ok(origin.count('/things/1') > fetched)
  t.same(changes(house, 'ledger'), ['detached'])
  redis.resume()
  await healed(house)
  t.same(changes(house, 'ledger'), ['detached', 'attached'])
})

t.test('detached: what the instance fetches itself is used, and for no longer than detached_ttl', async (t) => {
  const { redis, versions, house: open } = await prepare(t)
  const ttl = 300
  const house = await open({ redis: `${patient}, detached_ttl: ${ttl}ms` })
  t.match(await becomesHit(house, '/things/1'), /^hit/)
  await redis.kill()
  await detached(house)
  t.match(await becomesHit(house, '/things/1'), /^hit/)
  // Nobody tells of this one.
  versions.set('/things/1', 7)
  const changed = performance.now()
  let [asked, text] = [changed, '0']
  while (text === '0' && asked - changed < 10_000) {
    const now = performance.now()
    text = (await ask(house, '/things/1')).text
    if (text === '0') asked = now
  }
  t.equal(text, '7')
  t.ok(asked - changed <= ttl, `last used ${Math.round(asked - changed)} ms after`)
})

t.test('detached: a write purges what it names and nothing else, and nothing crosses when Redis is back', async (t) => {
  const { redis, house: open } = await prepare(t)
  // So long that nothing goes by itself.
  const house = await open({ redis: `${patient}, detached_ttl: 1m` })
  await redis.kill()
  await detached(house)
  for (const target of ['/things/1', '/things/2']) t.match(await becomesHit(house, target), /^hit/)
  const written = await ask(house, '/things/1', { method: 'PUT' })
  t.match(written, { status: 200, text: '1' })
  t.equal(written.field('springhouse-purge'), 'queued')
  t.match(await ask(house, '/things/1'), { text: '1', cacheStatus: /^fwd=miss;.* detail=purged$/ })
  t.match(await ask(house, '/things/1'), { text: '1', cacheStatus: /^hit/ })
  t.match(await ask(house, '/things/2'), { text: '0', cacheStatus: /^hit/ })
  t.ok((await healthOf(house)).body.ledger.waiting > 0)
  await redis.restart()
  await healed(house)
  t.match(await ask(house, '/things/1'), { text: '1', cacheStatus: /^fwd=/ })
  t.match(await ask(house, '/things/2'), { text: '0', cacheStatus: /^fwd=/ })
  t.equal((await healthOf(house)).body.ledger.waiting, 0)
})

t.test('detached: under consistency: strict nothing stored is used, which is said, and it is when Redis is back', async (t) => {
  const { redis, origin, house: open } = await prepare(t)
  const house = await open({ redis: patient })
  t.match(await becomesHit(house, '/strict/1'), /^hit/)
  await redis.kill()
  await detached(house)
  const fetched = origin.count('/strict/1')
  for (let i = 0; i < 3; i += 1) {
    const { status, cacheStatus } = await ask(house, '/strict/1')
    t.match({ status, cacheStatus }, { status: 200, cacheStatus: 'fwd=bypass; fwd-status=200; detail=ledger-unavailable' })
  }
  t.equal(origin.count('/strict/1'), fetched + 3)
  await redis.restart()
  await healed(house)
  t.match(await becomesHit(house, '/strict/1'), /^hit/)
})

/** The network between the test's Redis and one instance alone. */
async function wayTo(t: Test, port: number): Promise<FaultProxy> {
  const way = await startFaultProxy(port)
  t.teardown(() => way.close())
  return way
}

async function share(houses: readonly House[], t: Test): Promise<void> {
  for (const house of houses) for (const target of ['/things/1', '/things/2']) t.match(await becomesHit(house, target), /^hit/)
}

t.test('one instance cut off: what it could not purge is purged for all when it is back, and nothing else', async (t) => {
  const { redis, origin, house: open } = await prepare(t)
  const way = await wayTo(t, redis.port)
  const [cut, other] = [await open({ redis: patient, port: way.port }), await open({ redis: patient })]
  await share([other, cut], t)
  way.set({ kind: 'reset' })
  await detached(cut)
  t.equal((await ask(cut, '/things/1', { method: 'PUT' })).field('springhouse-purge'), 'queued')
  t.match(await ask(cut, '/things/1'), { text: '1', cacheStatus: /^fwd=/ })
  const { waiting } = (await healthOf(cut)).body.ledger
  t.ok(waiting > 0)
  t.equal(await metricOf(cut, 'ledger_waiting_labels'), waiting)
  t.match(await ask(other, '/things/2'), { cacheStatus: /^hit/ }, 'the others notice nothing')
  t.match((await healthOf(other)).body, { reasons: [], ledger: { isAttached: true, waiting: 0 } })
  const fetched = origin.count('/things/2')
  way.set({ kind: 'pass' })
  await healed(cut)
  t.equal((await healthOf(cut)).body.ledger.waiting, 0)
  t.match(await ask(cut, '/things/1'), { text: '1', cacheStatus: /detail=purged$/ })
  t.equal(await becomes(other, '/things/1', '1'), '1')
  for (const house of [cut, other]) t.match(await ask(house, '/things/2'), { text: '0', cacheStatus: /^hit/ })
  t.equal(origin.count('/things/2'), fetched)
  t.same([...said(cut, 'all-silent'), ...said(other, 'all-silent'), ...said(cut, 'epoch')], [])
})

t.test('an instance that ends while it is cut off leaves what it owes in data_dir, for the next one', async (t) => {
  const { redis, house: open } = await prepare(t)
  const folder = await mkdtemp(join(tmpdir(), 'springhouse-data-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const more = `data_dir: ${JSON.stringify(folder)}`
  const way = await wayTo(t, redis.port)
  const [cut, other] = [await open({ redis: patient, more, port: way.port }), await open({ redis: patient })]
  await share([other, cut], t)
  way.set({ kind: 'reset' })
  await detached(cut)
  t.equal((await ask(cut, '/things/1', { method: 'PUT' })).field('springhouse-purge'), 'queued')
  await cut.close()
  t.match(await ask(other, '/things/1'), { text: '0' }, 'it was not called done')
  const next = await open({ redis: patient, more })
  await healed(next)
  t.match(await ask(next, '/things/1'), { text: '1' })
  t.equal(await becomes(other, '/things/1', '1'), '1')
  t.match(await ask(other, '/things/2'), { cacheStatus: /^hit/ })
})

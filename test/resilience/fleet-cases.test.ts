/** What happens to Redis while purges matter: away from everybody, restarted from before, replaced, full, its stream made anew. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startFaultProxy } from '../faults/fault-proxy.ts'
import { ask, attached, caughtUp, openGround, thingRules } from '../fixtures/fleet-ground.ts'
import type { House } from '../fixtures/house.ts'
import { startRedisSentinel } from '../fixtures/redis-sentinel.ts'
import { until } from '../fixtures/until.ts'
import { outsider, until as untilTold } from '../redis/fixture.ts'

// A process outlives what it asked of a Redis that has died by the time that a command may take.
const hasty = 'redis: { command_timeout: 1s, detached_ttl: 1m }'
const hit = { cacheStatus: /^hit;.*detail=fresh/ }

async function folderOf(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'springhouse-cases-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const said = (house: House, msg: string): boolean => house.lines.some((line) => line['msg'] === msg)

t.test('three journals, and the first who reads owns none of them', async (t) => {
  const { redis, open } = await openGround(t)
  const way = await startFaultProxy(redis.port)
  t.teardown(() => way.close())
  const config = async (): Promise<string> =>
    `redis: { command_timeout: 1s, detached_ttl: 1s }\ndata_dir: ${join(await folderOf(t), 'data')}`
  const houses: House[] = []
  for (let i = 0; i < 3; i += 1) houses.push(await open({ redis: `redis://127.0.0.1:${way.port}`, config: await config() }))
  const targets = houses.map((_, i) => `/things/${i}`)
  for (const house of houses) for (const target of targets) t.match(await ask(house, target), { text: '0' })
  way.set({ kind: 'reset' })
  for (const [i, house] of houses.entries()) {
    await until('it to be away', () => !house.app.parts.ledger.status().isConnected)
    const written = await ask(house, `/things/${i}`, { method: 'PUT' })
    t.match([written.text, written.field('springhouse-purge')], ['1', 'queued'])
    t.equal(house.app.parts.ledger.status().waiting > 0, true)
  }
  const away = performance.now()
  await until('all to be silent for long', () => performance.now() - away > 1100)
  const fourth = await open({ config: await config() })
  await attached(fourth)
  for (const target of targets) t.match(await ask(fourth, target), { text: '1', cacheStatus: /detail=purged$/ })
  t.ok(said(fourth, 'all-silent'))
  way.set({ kind: 'pass' })
  for (const house of houses) {
    await attached(house)
    t.equal(house.app.parts.ledger.status().waiting, 0)
    for (const target of targets) t.match(await ask(house, target), { text: '1' })
  }
})

t.test('Redis restarted from a snapshot that is older than a purge: a cold cache, and nothing from before', async (t) => {
  const { redis, open } = await openGround(t)
  const [here, there] = [await open(), await open()]
  await ask(here, '/things/1')
  t.match(await ask(there, '/things/1'), { text: '0', ...hit })
  await outsider(t, redis.port).save()
  t.match(await ask(here, '/things/1', { method: 'PUT' }), { text: '1' })
  await caughtUp(there, here)
  await redis.restart()
  t.ok(await outsider(t, redis.port).exists('test:thing:1|h=shop.example'), 'the old entry lies in Redis again')
  // It has seen nothing of what was lost.
  const stranger = await open()
  for (const house of [stranger, there, here]) {
    await attached(house)
    t.match(await ask(house, '/things/1'), { text: '1' })
  }
  t.match(await ask(stranger, '/things/1'), { text: '1', ...hit })
  t.ok(said(stranger, 'epoch') || said(here, 'epoch') || said(there, 'epoch'))
})

t.test('the same, when everybody who knew of the purge is gone', async (t) => {
  const { redis, open } = await openGround(t)
  const here = await open({ config: hasty })
  await ask(here, '/things/1')
  await outsider(t, redis.port).save()
  t.match(await ask(here, '/things/1', { method: 'PUT' }), { text: '1' })
  await redis.kill()
  await here.close()
  await redis.restart()
  const stranger = await open()
  await attached(stranger)
  t.match(await ask(stranger, '/things/1'), { text: '1', cacheStatus: /^fwd=.*detail=purged$/ })
})

t.test('a replica without the purge becomes primary, and the instance that acknowledged it is dead', async (t) => {
  const sentinel = await startRedisSentinel()
  t.teardown(() => sentinel.stop())
  const { open } = await openGround(t)
  const env = { REDIS_URL: '', REDIS_SENTINEL_HOSTS: `127.0.0.1:${sentinel.ports[0]}`, REDIS_SENTINEL_NAME: sentinel.name }
  const here = await open({ env, config: hasty })
  t.match(await ask(here, '/things/1'), { text: '0' })
  const [primary, replica] = [outsider(t, sentinel.primary.port), outsider(t, sentinel.replica.port)]
  await untilTold(async () => ((await replica.exists('test:thing:1|h=shop.example')) === 1 ? true : undefined))
  // It cannot come back to the primary, and Sentinel sees no more in that than a replica that is behind.
  await replica.config('SET', 'masterauth', 'wrong')
  await primary.call('CLIENT', 'KILL', 'TYPE', 'replica')
  await untilTold(async () => ((await replica.info('replication')).includes('master_link_status:down') ? true : undefined))
  const written = await ask(here, '/things/1', { method: 'PUT' })
  t.match([written.text, written.field('springhouse-purge')], ['1', undefined])
  await sentinel.primary.kill()
  await here.close()
  await untilTold(async () => ((await replica.info('replication')).includes('role:master') ? true : undefined))
  t.ok(await replica.exists('test:thing:1|h=shop.example'), 'what was stored before lies there')
  const stranger = await open({ env })
  await attached(stranger)
  t.match(await ask(stranger, '/things/1'), { text: '1', cacheStatus: /^fwd=/ })
  t.match(await ask(stranger, '/things/1'), { text: '1', ...hit })
})

t.test('a full Redis takes purges of every kind, though it takes no entry', async (t) => {
  const rules = thingRules.replace('ttl: 1h }', 'ttl: 1h, tags: ["about:{params.id}"] }')
  const kinds = ['keys: ["thing:1"]', 'tags: ["about:1"]', 'patterns: ["thing:*"]', 'all: true']
  const more = kinds.map((kind, i) => `\n  - { name: by-${i}, match: POST /by-${i}, purge: { ${kind} } }`).join('')
  const { redis, open } = await openGround(t, {
    rules: rules + more,
    redis: ['--maxmemory', '4mb', '--maxmemory-policy', 'noeviction'],
  })
  const [here, there] = [await open(), await open()]
  const operator = outsider(t, redis.port)
  await t.rejects(
    (async () => {
      for (let i = 0; ; i += 1) await operator.set(`filler:${i}`, 'x'.repeat(10_000))
    })(),
    /OOM/,
  )
  for (const target of [...kinds.map((_, i) => `/by-${i}`), '/things/1']) {
    for (const house of [here, there]) await ask(house, '/things/1')
    t.match(await ask(there, '/things/1'), hit, 'memory has it all the same')
    const written = await ask(here, target, { method: target === '/things/1' ? 'PUT' : 'POST' })
    t.equal(written.field('springhouse-purge'), undefined, target)
    await caughtUp(there, here)
    for (const house of [here, there]) t.match(await ask(house, '/things/1'), { cacheStatus: /^fwd=.*detail=(purged|uri-miss)$/ })
  }
})

t.test('a ledger and stream that begin anew under a reader that waits: purges reach it as before', async (t) => {
  const { redis, open } = await openGround(t)
  const [here, there] = [await open(), await open()]
  const operator = outsider(t, redis.port)
  for (let i = 0; i < 5; i += 1) await ask(here, '/things/1', { method: 'PUT' })
  await caughtUp(there, here)
  for (const lose of [() => operator.unlink('test:{ledger}:stream'), () => operator.flushall()]) {
    const { epoch } = here.app.parts.ledger.status()
    await lose()
    if (lose.toString().includes('flushall')) {
      const isNew = ({ app }: House): boolean => app.parts.ledger.status().epoch !== epoch
      await until('the new epoch', () => isNew(here) && isNew(there))
    }
    for (const house of [here, there]) await attached(house)
    for (let i = 0; i < 2; i += 1) {
      const { text } = await ask(there, '/things/1')
      t.match(await ask(there, '/things/1'), { text, ...hit })
      t.match(await ask(here, '/things/1', { method: 'PUT' }), { text: String(Number(text) + 1) })
      await caughtUp(there, here)
      t.match(await ask(there, '/things/1'), { text: String(Number(text) + 1), cacheStatus: /detail=purged$/ })
    }
  }
})

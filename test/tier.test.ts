import t, { type Test } from 'tap'
import { allLabel, keyLabel, rulesLabel } from '../src/cache/label.ts'
import { createLog } from '../src/observe/log.ts'
import { loadSettings } from '../src/settings/load.ts'
import { MemoryStore } from '../src/store/memory.ts'
import { openTier, openTieredStore, type Tier } from '../src/tier.ts'
import { milliseconds, seconds, systemClock } from '../src/time.ts'
import { makeClock } from './fixtures/clock.ts'
import { FleetLedger } from './fixtures/fleet-ledger.ts'
import { startRedis } from './fixtures/redis.ts'
import { until } from './fixtures/until.ts'
import { outsider } from './redis/fixture.ts'
import { stored } from './store/contract.ts'

interface Opened {
  readonly tier: Tier
  readonly lines: ReadonlyArray<Readonly<Record<string, unknown>>>
  /** Changes of state of `what`, in order. */
  states(what: string): unknown[]
}

/** A Redis that is slow on a busy machine is waited for, and is not away. */
const patience = 'redis: { command_timeout: 10s, detached_ttl: 1m }'

async function open(t: Test, env: Record<string, string> = {}, config: string = patience): Promise<Opened> {
  const loaded = loadSettings({ env, flags: {}, readFile: () => config, cwd: '/', environmentName: 'test' })
  if (loaded.kind === 'problems') throw new Error(loaded.problems.map(({ problem }) => problem).join('\n'))
  const lines: Record<string, unknown>[] = []
  const log = createLog({ level: 'debug', sampleHits: 1 }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const tier = await openTier({
    settings: loaded.settings,
    prefix: 'test',
    rules: () => rulesLabel('one'),
    clock: systemClock,
    log,
  })
  t.teardown(() => tier.close())
  const states = (what: string): unknown[] => lines.filter((line) => line['what'] === what).map(({ state }) => state)
  return { tier, lines, states }
}

/** What every tier does, wherever it keeps things. */
async function keepsAndPurges(t: Test, { store, ledger }: Tier): Promise<void> {
  const label = keyLabel('a')
  const stamp = await ledger.stamp()
  t.equal(await store.put('test:a', stored({ stamp: stamp as NonNullable<typeof stamp> }), seconds(60)), true)
  t.match(await store.get('test:a'), { entry: { stamp } })
  t.match(await ledger.purge([label], 'hard'), { kind: 'done', number: 1 })
  t.match((await ledger.read([label]))?.purges.get(label), { hard: 1 })
}

t.test('openTier without Redis keeps both in this process, and says nothing', async (t) => {
  const { tier, lines } = await open(t)
  t.match(tier, { kind: 'memory', local: { store: tier.store, ledger: tier.ledger } })
  t.match(
    [tier.store.status(), tier.ledger.status()],
    [
      { kind: 'memory', isConnected: true, keys: 0 },
      { kind: 'memory', isConnected: true },
    ],
  )
  await keepsAndPurges(t, tier)
  t.same(lines, [])
  await tier.close()
  t.match(tier.store.status(), { keys: 0, bytes: 0 }, 'and lets go of it at the end')
})

t.test('openTier without Redis keeps to the limit of the settings', async (t) => {
  const limit = 1024 * 1024
  const { tier } = await open(t, {}, 'store: { memory_limit: 1MiB, max_entry: 64KiB }')
  const body = Buffer.alloc(50_000)
  for (let i = 0; i < 100; i += 1) await tier.store.put(`test:${i}`, stored({ body, bodyLength: body.length }), seconds(60))
  const { bytes = 0, evictions } = tier.store.status()
  t.ok(bytes > limit / 2 && bytes <= limit, `${bytes}`)
  t.ok(evictions > 50, `${evictions}`)
})

t.test('openTier over Redis keeps both there, with memory in front, until it is closed', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { tier, states } = await open(t, { REDIS_URL: redis.url })
  t.match(tier, { kind: 'redis', isShared: true, local: { ledger: tier.ledger } })
  t.match(
    [tier.store.status(), tier.ledger.status()],
    [
      { kind: 'redis', isConnected: true },
      { kind: 'redis', isConnected: true, labels: 0 },
    ],
  )
  await keepsAndPurges(t, tier)

  const other = outsider(t, redis.port)
  t.same(
    (await other.keys('*')).sort(),
    ['test:a', 'test:{ledger}', 'test:{ledger}:members', 'test:{ledger}:stream'],
    'under the prefix',
  )
  const clients = async (): Promise<number> => Number(/connected_clients:(\d+)/.exec(await other.info('clients'))?.[1])
  t.equal(await clients(), 4, 'three of ours and the one that looks')
  t.same(states('redis'), ['ready'])
  t.same(states('ledger'), [], 'that it is attached is what a start is for')

  await tier.close()
  let left = await clients()
  while (left > 1) left = await clients()
  t.equal(left, 1)
  t.same(states('redis'), ['ready', 'closed'])
  t.equal(await tier.store.get('test:a'), undefined)
  t.equal(tier.ledger.status().isConnected, false)
})

t.test('openTier over Redis: what cannot be decoded is a miss, counted and said', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { tier, lines } = await open(t, { REDIS_URL: redis.url })
  await outsider(t, redis.port).set('test:a', 'garbage')
  t.equal(await tier.store.get('test:a'), undefined)
  t.equal(tier.store.status().undecodable, 1)
  t.match(
    lines.filter(({ msg }) => msg === 'undecodable'),
    [{ level: 40, keyHash: /^[0-9a-f]{16}$/ }],
  )
})

t.test('openTier: Redis absent at start is said once, and it is there when it comes', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  await redis.kill()
  const { tier, lines, states } = await open(t, { REDIS_URL: redis.url })
  t.same(states('redis'), ['down'])
  t.match(
    lines.find(({ what }) => what === 'redis'),
    { level: 40, msg: 'change', where: `127.0.0.1:${redis.port}` },
  )
  t.equal(tier.store.status().isConnected, false)
  t.equal(await tier.store.get('test:a'), undefined)
  t.match(await tier.ledger.purge([allLabel], 'hard'), { kind: 'queued' })

  await redis.restart()
  await until('Redis to be trusted', () => tier.ledger.status().isConnected)
  t.same(states('redis'), ['down', 'ready'], 'not at every attempt')
  t.equal(states('ledger').at(-1), 'attached')
  t.match(await tier.ledger.stamp(), { number: 1 }, 'all was purged first')
})

t.test('openTier: Redis that goes and comes back is said each time', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { tier, lines, states } = await open(t, { REDIS_URL: redis.url })
  await redis.kill()
  await until('the loss to be noticed', () => !tier.store.status().isConnected)
  await redis.restart()
  await until('Redis to be trusted', () => tier.ledger.status().isConnected)
  t.same(states('redis'), ['ready', 'down', 'ready'])
  t.equal(lines.filter(({ msg }) => msg === 'epoch').length, 1, 'a new history is another epoch')
})

t.test('openTieredStore keeps in memory and in the shared store, as long as the ledger says that this is shared', async (t) => {
  const loaded = loadSettings({ env: {}, flags: {}, readFile: () => '{}', cwd: '/', environmentName: 'test' })
  if (loaded.kind === 'problems') throw new Error(loaded.problems.map(({ problem }) => problem).join('\n'))
  const { settings } = loaded
  const clock = makeClock()
  const ledger = new FleetLedger(clock)
  const shared = new MemoryStore({ clock, limit: 1_000_000 })
  const tier = openTieredStore({ settings, clock, shared, ledger, detachedTtl: milliseconds(2000) })
  t.teardown(() => tier.store.close())
  t.match(tier, { ledger, local: { ledger }, isShared: true, compressAbove: Number.POSITIVE_INFINITY })
  const body = Buffer.alloc(2000, 'springhouse ')
  await tier.store.put(
    'a',
    stored({ body, bodyLength: 2000, fields: ['Content-Type', 'text/plain'], stamp: ledger.stampNow() }),
    seconds(60),
  )
  t.match(tier.local?.store.peek('a'), { entry: { atRest: 'identity' } })
  t.match(shared.peek('a'), { entry: { atRest: 'zstd' } })
  ledger.detach()
  await tier.store.put('b', stored({ stamp: ledger.stampNow() }), seconds(60))
  t.match([tier.local?.store.peek('b'), shared.peek('b')], [{ kind: 'entry' }, undefined])
  clock.advance(2000)
  t.equal(tier.local?.store.peek('b'), undefined)
  t.match(tier.statuses(), [{ keys: 1 }, { keys: 1 }])
})

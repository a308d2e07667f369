import t from 'tap'
import type { Stored } from '../../src/cache/entry.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Store } from '../../src/store/store.ts'
import { TieredStore, type TieredStoreOptions } from '../../src/store/tiered.ts'
import { seconds } from '../../src/time.ts'
import { makeClock } from '../fixtures/clock.ts'
import { storeContract, stored } from './contract.ts'

const hour = seconds(3600)
const ours = 'e1'

/** What the shared store is asked goes through `gate` first. */
function open(options: Partial<TieredStoreOptions> = {}) {
  const clock = makeClock()
  const memory = new MemoryStore({ clock, limit: 4_000_000 })
  const shared = new MemoryStore({ clock, limit: 4_000_000 })
  const asked: string[] = []
  const fleet: { epoch: string | undefined; gate: Promise<void> } = { epoch: ours, gate: Promise.resolve() }
  const watched: Store = {
    async get(key) {
      asked.push(`get ${key}`)
      await fleet.gate
      return shared.get(key)
    },
    async put(key, value, keepFor) {
      asked.push(`put ${key}`)
      await fleet.gate
      return shared.put(key, value, keepFor)
    },
    async renew(key, keepFor) {
      asked.push(`renew ${key}`)
      return shared.renew(key, keepFor)
    },
    delete: (key) => shared.delete(key),
    list: (...page) => shared.list(...page),
    status: () => ({ ...shared.status(), kind: 'redis' }),
    close: () => shared.close(),
  }
  const store = new TieredStore({
    memory,
    shared: watched,
    sharedEpoch: () => fleet.epoch,
    detachedTtl: seconds(2),
    compressAbove: 1024,
    memoryCompressAbove: Number.POSITIVE_INFINITY,
    ...options,
  })
  return { clock, memory, shared, asked, fleet, store }
}

const by = (epoch: string, given: Parameters<typeof stored>[0] = {}): Stored => stored({ stamp: { epoch, number: 7 }, ...given })
const variants: Stored = { kind: 'variants', selectors: [['accept-language']] }

t.test('TieredStore keeps the contract', async (t) => {
  await storeContract(t, async () => {
    const { clock, fleet, store } = open({ memoryCompressAbove: 1024 })
    const epoch = (stored() as Extract<Stored, { kind: 'entry' }>).entry.stamp.epoch
    fleet.epoch = epoch
    return { store, pass: async (milliseconds) => clock.advance(milliseconds) }
  })
})

t.test('put: memory has it when the call returns, however long the shared store takes', async (t) => {
  const { memory, shared, fleet, store } = open()
  const gate = Promise.withResolvers<void>()
  fleet.gate = gate.promise
  const putting = store.put('k', by(ours), hour)
  t.same(memory.peek('k'), by(ours))
  t.equal(shared.peek('k'), undefined)
  gate.resolve()
  t.equal(await putting, true)
  t.same(shared.peek('k'), by(ours))
})

t.test('put: each tier for its own time, and what memory cannot take is shared all the same', async (t) => {
  const { clock, memory, shared, store } = open()
  await store.put('k', by(ours), { memory: seconds(30), shared: hour })
  clock.advance(30_000)
  t.equal(memory.peek('k'), undefined)
  t.ok(shared.peek('k'))
  await store.renew('k', { memory: seconds(0), shared: seconds(7200) })
  clock.advance(3_600_000)
  t.ok(await store.get('k'), 'renewed where it is shared')
  await store.put('r', by(ours), seconds(30))
  await store.renew('r', { memory: hour, shared: seconds(0) })
  clock.advance(30_000)
  t.same([shared.peek('r'), memory.peek('r')], [undefined, by(ours)])
  const small = open({ memory: new MemoryStore({ clock, limit: 8192 }) })
  const large = by(ours, { body: Buffer.alloc(5000), bodyLength: 5000 })
  t.equal(await small.store.put('large', large, hour), true)
  t.same(await small.store.get('large'), large)
})

t.test('put: what is of another epoch stays here, and for a moment', async (t) => {
  const { clock, memory, asked, fleet, store } = open()
  for (const [name, epoch, value] of [
    ['fetched while detached, which is over', ours, by('local')],
    ['fetched while detached', undefined, by('local')],
    ['fetched before, stored while detached', undefined, by(ours)],
    ['fetched under an epoch that is over', 'e2', by(ours)],
    ['a list of variants while detached', undefined, variants],
  ] as const) {
    fleet.epoch = epoch
    t.equal(await store.put('k', value, hour), true, name)
    t.same(memory.peek('k'), value, name)
    t.same(asked, [], name)
    clock.advance(2000)
    t.equal(memory.peek('k'), undefined, name)
    t.equal(await store.put('k', value, { memory: seconds(1), shared: hour }), true)
    clock.advance(1000)
    t.equal(memory.peek('k'), undefined, 'no longer than it would be kept anyway')
  }
  fleet.epoch = ours
  await store.put('k', variants, hour)
  t.same(asked, ['put k'], 'a list of variants is shared otherwise')
})

t.test('get and renew: the shared store first, memory where that has nothing, and memory alone while detached', async (t) => {
  const { memory, shared, asked, fleet, store } = open()
  await memory.put('k', by(ours, { status: 201 }), hour)
  t.match(await store.get('k'), { entry: { status: 201 } })
  await shared.put('k', by(ours, { status: 202 }), hour)
  t.match(await store.get('k'), { entry: { status: 202 } })
  fleet.epoch = undefined
  t.match(await store.get('k'), { entry: { status: 201 } })
  await store.renew('k', hour)
  t.same(asked, ['get k', 'get k'])
})

t.test('bodies are compressed in the shared store, and plain in memory', async (t) => {
  for (const size of [2000, 200_000]) {
    const { memory, shared, store } = open()
    const body = Buffer.alloc(size, 'springhouse ')
    const value = by(ours, { body, bodyLength: size })
    await store.put('k', value, hour)
    t.same(memory.peek('k'), value)
    t.match(shared.peek('k'), { entry: { atRest: 'zstd', bodyLength: size } })
    t.same(await store.get('k'), value, 'and had back as memory keeps them')
    await memory.delete('k')
    const { entry } = shared.peek('k') as Extract<Stored, { kind: 'entry' }>
    await shared.put('k', { kind: 'entry', entry: { ...entry, body: entry.body.subarray(4) } }, hour)
    t.equal(await store.get('k'), undefined, 'one that cannot be had back is none')
  }
})

t.test('tiers: both, nearest first', async (t) => {
  const { memory, store } = open()
  await memory.put('k', by(ours), hour)
  t.match(store.tiers(), [{ kind: 'memory', keys: 1 }, { kind: 'redis' }])
  t.match(store.status(), { kind: 'redis' })
  await store.close()
  t.equal(memory.status().keys, 0)
})

import t from 'tap'
import { MemoryStore } from '../../src/store/memory.ts'
import { seconds } from '../../src/time.ts'
import { makeClock } from '../fixtures/clock.ts'
import { listAll, storeContract, stored } from './contract.ts'

const hour = seconds(3600)

t.test('MemoryStore keeps the contract', async (t) => {
  await storeContract(t, async () => {
    const clock = makeClock()
    return { store: new MemoryStore({ clock, limit: 4_000_000 }), pass: async (milliseconds) => clock.advance(milliseconds) }
  })
})

const make = (limit: number) => {
  const clock = makeClock()
  return { clock, store: new MemoryStore({ clock, limit }) }
}
const sized = (size: number) => stored({ body: Buffer.alloc(size), bodyLength: size })

t.test('peek says at once what get says later', async (t) => {
  const { clock, store } = make(100_000)
  t.equal(store.peek('k'), undefined)
  await store.put('k', stored(), seconds(1))
  t.same(store.peek('k'), stored())
  clock.advance(1000)
  t.equal(store.peek('k'), undefined)
  t.equal(store.status().keys, 0, 'and it is gone')
})

t.test('keys and bytes are exact: nothing is left when everything has gone', async (t) => {
  const { store } = make(1_000_000)
  for (let i = 0; i < 20; i += 1) await store.put(`k${i}`, sized(100 * i), hour)
  const { bytes = 0 } = store.status()
  t.equal(store.status().keys, 20)
  await store.put('k3', sized(5300), hour)
  const grown = (store.status().bytes ?? 0) - bytes
  t.ok(grown > 4700 && grown < 5500, `a replaced entry counts once: ${grown}`)
  for (let i = 0; i < 20; i += 1) await store.delete(`k${i}`)
  t.match(store.status(), { keys: 0, bytes: 0 })
})

t.test('the limit holds after every put, by eviction', async (t) => {
  const { store } = make(100_000)
  for (let i = 0; i < 500; i += 1) {
    await store.put(`k${i % 300}`, sized((i * 37) % 9000), hour)
    t.ok((store.status().bytes ?? 0) <= 100_000)
  }
  const { keys = 0, evictions } = store.status()
  t.ok(keys > 10 && evictions > 300, `${keys} keys, ${evictions} evictions`)
})

t.test('what is used survives a scan of what is asked for once', async (t) => {
  const { store } = make(100_000)
  const hot = Array.from({ length: 10 }, (_, i) => `hot${i}`)
  for (const key of hot) await store.put(key, sized(1000), hour)
  for (let i = 0; i < 2000; i += 1) {
    if (i % 10 === 0) for (const key of hot) store.peek(key)
    await store.put(`scan${i}`, sized(1000), hour)
  }
  t.equal(hot.filter((key) => store.peek(key) !== undefined).length, 10)
})

t.test('entries whose time is over make room before any other', async (t) => {
  const { clock, store } = make(100_000)
  for (let i = 0; i < 20; i += 1) await store.put(`old${i}`, sized(1000), seconds(1))
  for (let i = 0; i < 20; i += 1) store.peek(`old${i}`)
  clock.advance(1000)
  let put = 0
  while ((store.status().keys ?? 0) === 20 + put) await store.put(`new${put++}`, sized(1000), hour)
  t.equal(store.status().evictions, 0, 'what was over is not counted as evicted')
  for (let i = 0; i < put; i += 1) t.ok(store.peek(`new${i}`))
})

t.test('an entry above an eighth of the limit is refused, and what lay there goes', async (t) => {
  const { store } = make(80_000)
  t.equal(await store.put('k', sized(10_000), hour), false)
  await store.put('k', sized(10), hour)
  t.equal(await store.put('k', sized(10_000), hour), false)
  t.equal(store.peek('k'), undefined, 'it was about to be replaced')
  t.match(store.status(), { keys: 0, bytes: 0 })
})

t.test('what was given out stays as it was, whatever takes its place', async (t) => {
  const { store } = make(100_000)
  const given = []
  for (let i = 0; i < 300; i += 1) {
    const body = Buffer.alloc(1 + ((i * 997) % 5000), i)
    await store.put(`k${i % 20}`, stored({ body, bodyLength: body.length }), hour)
    given.push({ body, out: store.peek(`k${i % 20}`) })
  }
  for (const { body, out } of given) t.same(out?.kind === 'entry' && out.entry.body, body)
})

t.test('what is used again is the same object: nothing is decoded twice', async (t) => {
  const { store } = make(1_000_000)
  await store.put('k', sized(1000), hour)
  const once = store.peek('k')
  t.equal(store.peek('k'), once)
  await store.put('k', sized(1001), hour)
  t.not(store.peek('k'), once, 'a replaced one is not')
  t.match(store.peek('k'), { entry: { bodyLength: 1001 } })
})

t.test('opening counts, inside a share of its own', async (t) => {
  const { store } = make(800_000)
  for (let i = 0; i < 100; i += 1) await store.put(`k${i}`, sized(3000), hour)
  const { bytes = 0, evictions } = store.status()
  for (let i = 0; i < 100; i += 1) t.match(store.peek(`k${i}`), sized(3000))
  const opened = (store.status().bytes ?? 0) - bytes
  t.ok(opened > 50_000 && opened <= 100_000, `${opened}`)
  t.equal(store.status().evictions, evictions, 'nothing is evicted for it')
  for (let i = 0; i < 100; i += 1) await store.delete(`k${i}`)
  t.equal(store.status().bytes, 0)
})

t.test('a listing goes on where it was, whatever went meanwhile', async (t) => {
  const { store } = make(1_000_000)
  for (let i = 0; i < 30; i += 1) await store.put(`k${i}`, sized(1), hour)
  const first = await store.list('*', '', 10)
  t.same(first.keys, ['k29', 'k28', 'k27', 'k26', 'k25', 'k24', 'k23', 'k22', 'k21', 'k20'])
  await store.delete('k19')
  await store.put('late', sized(1), hour)
  const second = await store.list('*', first.cursor as string, 100)
  t.equal(second.keys[0], 'k18')
  t.equal(second.keys.length, 19)
  t.equal(second.cursor, undefined)
})

t.test('one page looks at a bounded number of keys', async (t) => {
  const { store } = make(100_000_000)
  for (let i = 0; i < 10_001; i += 1) await store.put(`k${i}`, sized(1), hour)
  const page = await store.list('nothing', '', 10)
  t.same(page.keys, [])
  t.ok(page.cursor, 'the rest is for the next one')
  t.same(await listAll(store, 'k0', 10), ['k0'])
})

t.test('close lets go of everything', async (t) => {
  const { store } = make(100_000)
  await store.put('k', stored(), hour)
  await store.close()
  t.match(store.status(), { keys: 0, bytes: 0 })
  t.equal(await store.get('k'), undefined)
})

t.test('memory: says once that half of its limit is taken', async (t) => {
  let told = 0
  const store = new MemoryStore({ clock: makeClock(), limit: 1024 * 1024, halfFull: () => told++ })
  const put = (serial: number): Promise<boolean> => store.put(`k${serial}`, sized(64 * 1024), seconds(60))
  for (let i = 0; i < 7; i++) await put(i)
  t.equal(told, 0)
  for (let i = 7; i < 14; i++) await put(i)
  t.equal(told, 1)
})

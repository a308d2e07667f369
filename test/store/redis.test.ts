import t, { type Test } from 'tap'
import { RedisStore, type StoreEvent } from '../../src/store/redis.ts'
import { seconds } from '../../src/time.ts'
import { startRedis } from '../fixtures/redis.ts'
import { connect, outsider, until } from '../redis/fixture.ts'
import { storeContract, stored } from './contract.ts'

const hour = seconds(3600)

async function open(t: Test, extra: readonly string[] = []) {
  const server = await startRedis(extra)
  t.teardown(() => server.stop())
  const to = await connect(t, server.port)
  const said: StoreEvent[] = []
  const store = new RedisStore({ connection: to.connection, report: (event) => said.push(event) })
  return { ...to, server, store, said, other: outsider(t, server.port) }
}

t.test('RedisStore keeps the contract', async (t) => {
  const { store, other } = await open(t)
  await storeContract(t, async () => {
    await other.flushall()
    const pass = async (milliseconds: number): Promise<void> => {
      const start = performance.now()
      await until(async () => (performance.now() - start > milliseconds ? true : undefined))
    }
    return { store, pass }
  })
})

t.test('everything has an expiry, in whole milliseconds', async (t) => {
  const { store, other } = await open(t)
  await store.put('p:k', stored(), seconds(0.0001))
  await store.put('p:long', stored(), seconds(1e300))
  await store.put('p:day', stored(), seconds(86_400.5))
  t.ok((await other.pttl('p:long')) > 1e13)
  const left = await other.pttl('p:day')
  t.ok(left > 86_390_000 && left <= 86_400_500, `${left}`)
  await store.renew('p:day', hour)
  t.ok((await other.pttl('p:day')) > 86_390_000, 'a shorter time shortens nothing')
  await store.renew('p:day', seconds(172_800))
  t.ok((await other.pttl('p:day')) > 172_790_000)
})

t.test('a value that nobody here wrote is a miss, counted and reported', async (t) => {
  const { store, other, said } = await open(t)
  await other.set('p:k', 'garbage')
  t.equal(await store.get('p:k'), undefined)
  await other.hset('p:hash', 'f', 'v')
  t.equal(await store.get('p:hash'), undefined)
  t.equal(store.status().undecodable, 1)
  t.match(said, [
    { kind: 'undecodable', key: 'p:k' },
    { kind: 'failed', operation: 'get', cause: /WRONGTYPE/ },
  ])
})

t.test('without Redis nothing is kept, nothing rejects, and each failure is reported', async (t) => {
  const { store, server, reached, said } = await open(t)
  await store.put('p:k', stored(), hour)
  await server.kill()
  await reached('down')
  t.equal(await store.get('p:k'), undefined)
  t.equal(await store.put('p:k', stored(), hour), false)
  await store.renew('p:k', hour)
  t.equal(await store.delete('p:k'), false)
  t.same(await store.list('*', '', 10), { keys: [], cursor: undefined })
  t.equal(store.status().isConnected, false)
  t.same(
    said.map((event) => event.kind === 'failed' && event.operation),
    ['get', 'put', 'renew', 'delete', 'list'],
  )
  await server.restart()
  await reached('ready')
  t.equal(await store.put('p:k', stored(), hour), true)
})

t.test('a stopped Redis costs one timeout; a put that ran late is harmless and whole', async (t) => {
  const { store, server, reached } = await open(t)
  server.pause()
  t.equal(await store.put('p:k', stored(), hour), false)
  t.equal(await store.get('p:k'), undefined)
  server.resume()
  await reached('ready')
  t.same(await until(() => store.get('p:k')), stored())
})

t.test('a full Redis refuses an entry, not the answer', async (t) => {
  const { store, other, said } = await open(t, ['--maxmemory-policy', 'noeviction'])
  await store.put('p:k', stored(), hour)
  await other.config('SET', 'maxmemory', '1')
  t.equal(await store.put('p:more', stored(), hour), false)
  t.match(said, [{ kind: 'failed', operation: 'put', cause: /OOM/ }])
  t.ok(await store.get('p:k'))
})

t.test('reads of one turn leave in one write', async (t) => {
  const { store, other } = await open(t)
  await store.put('p:k', stored(), hour)
  const before = await reads(other)
  await Promise.all(Array.from({ length: 50 }, () => store.get('p:k')))
  t.ok((await reads(other)) - before < 10, 'fewer socket reads than commands')

  async function reads(redis: typeof other): Promise<number> {
    return Number(/total_reads_processed:(\d+)/.exec(await redis.info('stats'))?.[1])
  }
})

t.test('other types under the same glob are not listed', async (t) => {
  const { store, other } = await open(t)
  await store.put('p:k', stored(), hour)
  await other.zadd('p:{ledger}', 1, '#seq')
  t.same((await store.list('p:*', '0', 100)).keys, ['p:k'])
})

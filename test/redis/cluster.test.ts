import t from 'tap'
import { allLabel, keyLabel } from '../../src/cache/label.ts'
import { judge, type Stamp } from '../../src/cache/validity.ts'
import { RedisUnavailable } from '../../src/redis/connection.ts'
import { ledgerTag, slotOf } from '../../src/redis/slot.ts'
import type { RedisTarget } from '../../src/redis/target.ts'
import { RedisStore } from '../../src/store/redis.ts'
import { seconds } from '../../src/time.ts'
import type { RedisServer } from '../fixtures/redis.ts'
import { type RedisCluster, startRedisCluster } from '../fixtures/redis-cluster.ts'
import { openFleet } from '../ledger/fleet-fixture.ts'
import { listAll, stored } from '../store/contract.ts'
import { anybody, connect, until } from './fixture.ts'

const hour = seconds(3600)
// One for all tests: it takes two seconds until a Cluster has found itself.
const cluster: RedisCluster = await startRedisCluster()
t.teardown(() => cluster.stop())
const home = cluster.memberOf(slotOf(ledgerTag))
const others = cluster.members.filter((member) => member !== home)
const [other, third] = others as [RedisServer, RedisServer]

function target(members: readonly RedisServer[] = cluster.members): RedisTarget {
  return { kind: 'cluster', nodes: members.map(({ port }) => ({ host: '127.0.0.1', port })), ...anybody }
}

/** A key that this member holds. */
function keyOf(member: RedisServer): string {
  for (let i = 0; ; i++) if (cluster.memberOf(slotOf(`p:${i}`)) === member) return `p:${i}`
}

t.test('slotOf is what the Cluster says', async (t) => {
  for (const key of [
    '',
    'a',
    'p:experience:42',
    '{ledger}',
    'p:{ledger}:x',
    'p:{}:x',
    'p:{a',
    '}{a}',
    '{{a}}',
    'ñ\u{1f600}',
    'x'.repeat(999),
  ]) {
    t.equal(slotOf(key), await cluster.ask(home, 'CLUSTER', 'KEYSLOT', key), key.slice(0, 20))
  }
})

t.test(
  'entries of every slot are put, read, renewed, listed and deleted through one connection, which learns the Cluster from one node',
  async (t) => {
    const { connection, events } = await connect(t, target([other]), { commandTimeout: 1000 })
    t.equal(connection.state, 'ready')
    t.equal(connection.session, 1)
    const store = new RedisStore({ connection })
    const keys = Array.from({ length: 300 }, (_, i) => `p:experience:${i}`)
    t.ok((await Promise.all(keys.map((key) => store.put(key, stored(), hour)))).every(Boolean))
    t.ok((await Promise.all(keys.map((key) => store.get(key)))).every((found) => found !== undefined))
    await store.renew(keys[0] as string, hour)
    for (const member of cluster.members) t.ok(Number(await cluster.ask(member, 'DBSIZE')) > 50, 'they lie on every member')
    t.same(new Set(await listAll(store, 'p:experience:*', 20)), new Set(keys))
    t.equal(new Set(await listAll(store, 'p:experience:*7', 1000)).size, 30)
    t.same((await Promise.all(keys.map((key) => store.delete(key)))).filter(Boolean).length, 300)
    t.same(await listAll(store, '*', 1000), [])
    t.same(events, [{ kind: 'redis', state: 'ready', cause: undefined }], 'one line for all of its nodes')
  },
)

t.test('the ledger is one slot: stamps, purges and readings', async (t) => {
  const { ledger } = await openFleet(t, target(), { commandTimeout: 1000 })
  const stamp = (await ledger.stamp()) as Stamp
  t.match(await ledger.purge([keyLabel('a')], 'hard'), { kind: 'done', number: stamp.number + 1 })
  const labels = [keyLabel('a'), allLabel]
  t.same(judge(stamp, labels, (await ledger.read(labels)) as NonNullable<Awaited<ReturnType<typeof ledger.read>>>), {
    kind: 'purged',
  })
})

t.test('a member that stops costs its own keys one command timeout, and nobody else anything', async (t) => {
  const { connection, events } = await connect(t, target())
  const [theirs, ours] = [keyOf(third), keyOf(home)]
  third.pause()
  const start = performance.now()
  await t.rejects(
    connection.send((redis) => redis.get(theirs), theirs),
    /timed out/,
  )
  t.ok(performance.now() - start < 500, 'bounded')
  await t.rejects(
    connection.send((redis) => redis.get(theirs), theirs),
    RedisUnavailable,
    'nothing more is sent to it',
  )
  t.equal(await connection.send((redis) => redis.get(ours), ours), null)
  t.equal(connection.state, 'ready')
  third.resume()
  await until(() => connection.send((redis) => redis.set(theirs, 'v', 'PX', 1000), theirs).catch(() => undefined))
  t.equal(connection.session, 1)
  const node = `127.0.0.1:${third.port}`
  t.match(events.slice(1), [
    { kind: 'redis-node', node, state: 'silent', cause: /timed out/ },
    { kind: 'redis-node', node, state: 'ready', cause: undefined },
  ])
})

t.test('the member that holds the ledger decides: silent with it, and another session after its restart', async (t) => {
  const { connection, events, reached } = await connect(t, target())
  const key = `p:${ledgerTag}`
  home.pause()
  await t.rejects(
    connection.send((redis) => redis.zmscore(key, 'm')),
    /timed out/,
  )
  t.equal(connection.state, 'silent')
  home.resume()
  await reached('ready')
  t.equal(connection.session, 1, 'the same connection')
  const cut = connection.send((redis) => redis.eval('while true do end', 1, key))
  const rejected = t.rejects(cut)
  await home.kill()
  await reached('down')
  await rejected
  await t.rejects(
    connection.send((redis) => redis.get(key)),
    RedisUnavailable,
  )
  await home.restart()
  await reached('ready')
  t.equal(connection.session, 2)
  await until(() => connection.send((redis) => redis.set(key, 'v', 'PX', 1)).catch(() => undefined))
  // Until the Cluster is well again a command may be late once more.
  const states = events.filter(({ kind }) => kind === 'redis').map(({ state }) => state)
  t.same(states.slice(0, 3), ['ready', 'silent', 'ready'])
  t.equal(states.filter((state) => state === 'down').length, 1)
  await reached('ready')
})

t.test('a command under way when its member dies rejects, and is not sent again', async (t) => {
  const { connection } = await connect(t, target(), { use: 'ledger', commandTimeout: 3000 })
  const key = keyOf(third)
  third.pause()
  const counted = connection.send((redis) => redis.eval("return redis.call('INCR', KEYS[1])", 1, key), key)
  const rejected = t.rejects(counted)
  await third.restart()
  await rejected
  t.equal(await until(() => connection.send((redis) => redis.set(key, 'first', 'NX'), key).catch(() => undefined)), 'OK')
  await connection.send((redis) => redis.unlink(key), key)
})

t.test('the slot of the ledger moves: the session grows before anything of the new holder is believed', async (t) => {
  const { connection } = await connect(t, target(), { use: 'ledger', commandTimeout: 1000 })
  const key = `p:${ledgerTag}:moved`
  await connection.send((redis) => redis.set(key, 'v', 'PX', 60_000))
  const before = connection.session
  const slot = slotOf(key)
  await cluster.moveSlot(slot, home, other)
  t.teardown(() => cluster.moveSlot(slot, other, home))
  t.equal(await connection.send((redis) => redis.get(key)), 'v')
  t.ok(connection.session > before)
  t.equal(connection.state, 'ready')
  let changes = 0
  connection.onChange(() => changes++)
  await cluster.moveSlot(slot, other, home)
  t.equal(await connection.send((redis) => redis.get(key)), 'v')
  t.ok(changes > 0, 'listeners hear of it')
  await cluster.moveSlot(slot, home, other)
})

t.test('without any member nothing is sent, and it heals', async (t) => {
  const { connection, reached } = await connect(t, target())
  await Promise.all(cluster.members.map((member) => member.kill()))
  await reached('down')
  await t.rejects(
    connection.send((redis) => redis.get(ledgerTag)),
    RedisUnavailable,
  )
  const late = await connect(t, target())
  t.equal(late.connection.state, 'down')
  await Promise.all(cluster.members.map((member) => member.restart()))
  await Promise.all([reached('ready'), late.reached('ready')])
  for (const one of [connection, late.connection]) {
    for (const member of cluster.members) {
      const key = keyOf(member)
      await until(() => one.send((redis) => redis.set(key, 'v', 'PX', 1000), key).catch(() => undefined))
    }
  }
})

t.test('a closed connection leaves nothing open', async (t) => {
  const { connection } = await connect(t, target())
  connection.close()
  t.equal(connection.state, 'closed')
  await t.rejects(
    connection.send((redis) => redis.get('k'), 'k'),
    RedisUnavailable,
  )
})

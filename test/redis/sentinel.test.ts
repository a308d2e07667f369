import { EventEmitter } from 'node:events'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { leaveReplaced, watchSentinels } from '../../src/redis/sentinel-watch.ts'
import type { SentinelTarget } from '../../src/redis/target.ts'
import { milliseconds } from '../../src/time.ts'
import { startRedis } from '../fixtures/redis.ts'
import { type RedisSentinel, startRedisSentinel } from '../fixtures/redis-sentinel.ts'
import { openFleet } from '../ledger/fleet-fixture.ts'
import { anybody, connect, outsider, until } from './fixture.ts'

const patience = milliseconds(100)

async function start(t: Test, count: 1 | 3 = 1): Promise<{ sentinel: RedisSentinel; target: SentinelTarget }> {
  const sentinel = await startRedisSentinel(count)
  t.teardown(() => sentinel.stop())
  return { sentinel, target: targetOf(sentinel.ports, sentinel.name) }
}

function targetOf(ports: readonly number[], name: string): SentinelTarget {
  const sentinels = ports.map((port) => ({ host: '127.0.0.1', port }))
  return { kind: 'sentinel', sentinels, name, db: 0, ...anybody, sentinelAccess: anybody }
}

t.test(
  'the primary is found, and left for the replica that replaced it: another session, and another epoch of the ledger',
  async (t) => {
    const { sentinel, target } = await start(t)
    const { connection, events, reached } = await connect(t, target, { commandTimeout: 1000 })
    t.equal(connection.state, 'ready')
    const { ledger, became } = await openFleet(t, target, { commandTimeout: 1000 })
    const before = await ledger.stamp()
    await connection.send((redis) => redis.set('k', 'old primary'))
    t.equal(await outsider(t, sentinel.primary.port).get('k'), 'old primary')

    await sentinel.failover()
    await until(() =>
      connection.session > 1 ? connection.send((redis) => redis.set('k', 'new primary')).catch(() => undefined) : later(),
    )
    t.equal(await outsider(t, sentinel.replica.port).get('k'), 'new primary')
    await reached('ready')
    await until(async () => (ledger.stampNow().epoch !== before?.epoch ? true : undefined))
    await became('attached')
    const after = ledger.stampNow()
    t.not(after.epoch, before?.epoch)
    t.equal(events.at(-1)?.state, 'ready')
  },
)

t.test('a primary that is killed: commands fail at once until the replica is primary, and work again', async (t) => {
  const { sentinel, target } = await start(t, 3)
  const { connection, reached } = await connect(t, target)
  const { session } = connection
  await sentinel.primary.kill()
  await reached('down')
  const began = performance.now()
  await t.rejects(connection.send((redis) => redis.get('k')))
  t.ok(performance.now() - began < 100, 'nothing waits for a reconnect')
  await reached('ready')
  await until(() => connection.send((redis) => redis.set('k', 'v')).catch(() => undefined))
  t.ok(connection.session > session)
})

t.test('Sentinels that are away keep nobody from Redis, and a start without them heals', async (t) => {
  const { sentinel, target } = await start(t)
  const { connection } = await connect(t, target, { commandTimeout: 1000 })
  await sentinel.killSentinels()
  t.equal(await connection.send((redis) => redis.set('k', 'v')), 'OK')
  const began = performance.now()
  const late = await connect(t, target)
  t.equal(late.connection.state, 'down')
  t.ok(performance.now() - began < 2000, 'the start is not held up')
  late.connection.close()
  t.equal(late.connection.state, 'closed')
})

t.test('isReplicated: whether as many replicas have what was written in that session', async (t) => {
  const { sentinel, target } = await start(t)
  const { connection } = await connect(t, target, { use: 'ledger', commandTimeout: 1000 })
  await connection.send((redis) => redis.set('k', 'v'))
  // A replica that has just come gets nothing before it has spoken, once a second.
  const has = (): Promise<boolean> => connection.isReplicated(connection.session, 1, milliseconds(500))
  t.equal(await until(async () => (await has()) || undefined), true)
  t.equal(await connection.isReplicated(connection.session, 2, patience), false, 'there are not so many')
  t.equal(
    await connection.isReplicated(connection.session - 1, 1, patience),
    false,
    'what an earlier connection wrote is not known',
  )
  sentinel.replica.pause()
  await connection.send((redis) => redis.set('k', 'w'))
  const began = performance.now()
  t.equal(await connection.isReplicated(connection.session, 1, patience), false, 'it has not got this one')
  t.ok(performance.now() - began < 500)
  t.equal(connection.state, 'ready')
  sentinel.replica.resume()
  connection.close()
  t.equal(await connection.isReplicated(connection.session, 1, patience), false)
})

t.test('watchSentinels tells which primary a Sentinel names: the present one, and each that replaces it', async (t) => {
  // Stands in for a Sentinel: it publishes, and knows no primary.
  const server = await startRedis()
  const { sentinel, target } = await start(t)
  t.teardown(() => server.stop())
  const speaker = outsider(t, server.port)
  const named: string[] = []
  let heard: () => void = () => {}
  const hearing = new Promise<void>((resolve) => {
    heard = resolve
  })
  const watch = watchSentinels(Redis, targetOf([server.port], 'main'), (address) => {
    named.push(address)
    heard()
  })
  t.teardown(() => watch.close())
  await until(async () => ((await speaker.pubsub('NUMSUB', '+switch-master'))[1] === 1 ? true : undefined))
  await speaker.publish('+switch-master', 'other 10.0.0.1 6379 10.0.0.2 6379')
  await speaker.publish('+switch-master', 'main 10.0.0.1 6379 10.0.0.3 6379')
  await hearing
  t.same(named, ['10.0.0.3:6379'])

  await new Promise<void>((resolve) => {
    const real = watchSentinels(Redis, target, (address) => {
      t.equal(address, `127.0.0.1:${sentinel.primary.port}`)
      resolve()
    })
    t.teardown(() => real.close())
  })
})

t.test('leaveReplaced leaves another primary than the one that was named, once, and never while it connects', async (t) => {
  let left = 0
  const redis = Object.assign(new EventEmitter(), {
    status: 'ready',
    stream: { remoteAddress: '10.0.0.1', remotePort: 6379 },
    disconnect: () => {
      left += 1
    },
  })
  const named = leaveReplaced(redis as unknown as Redis)
  named('10.0.0.1:6379')
  named('redis.example:6379')
  t.equal(left, 0)
  named('10.0.0.2:6379')
  t.equal(left, 1)
  redis.emit('ready')
  t.equal(left, 1, 'once for each time')
  redis.status = 'connecting'
  named('10.0.0.3:6379')
  t.equal(left, 1)
  redis.status = 'ready'
  redis.emit('ready')
  t.equal(left, 2)
})

async function later(): Promise<undefined> {
  return undefined
}

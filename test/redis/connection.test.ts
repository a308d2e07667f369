import t from 'tap'
import { RedisUnavailable } from '../../src/redis/connection.ts'
import { startRedis } from '../fixtures/redis.ts'
import { connect, outsider } from './fixture.ts'

t.test('connectRedis resolves with a connection that is ready', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { connection, events } = await connect(t, redis.port)
  t.equal(connection.state, 'ready')
  t.equal(connection.session, 1)
  t.equal(await connection.send((client) => client.ping('hello')), 'hello')
  t.same(events, [{ kind: 'redis', state: 'ready', cause: undefined }])
})

t.test('connectRedis resolves without Redis too, sends nothing meanwhile, and heals', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  await redis.kill()
  const { connection, reached } = await connect(t, redis.port)
  t.equal(connection.state, 'down')
  let isCalled = false
  await t.rejects(
    connection.send(async () => {
      isCalled = true
    }),
    RedisUnavailable,
  )
  t.equal(isCalled, false)
  await redis.restart()
  await reached('ready')
  t.equal(await connection.send((client) => client.ping()), 'PONG')
})

t.test('a wrong password is a connection that is down, with the reason', async (t) => {
  const redis = await startRedis(['--requirepass', 'secret'])
  t.teardown(() => redis.stop())
  const { connection, events, reached } = await connect(t, redis.port)
  t.not(connection.state, 'ready')
  await reached('down')
  t.notMatch(events, [{ state: 'ready' }])
})

t.test('the first timeout makes the connection silent: commands reject at once until Redis answers again', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { connection, events, reached } = await connect(t, redis.port)
  redis.pause()
  await t.rejects(
    connection.send((client) => client.ping()),
    /timed out/,
  )
  t.equal(connection.state, 'silent')
  await t.rejects(
    connection.send((client) => client.ping()),
    RedisUnavailable,
  )
  redis.resume()
  await reached('ready')
  t.equal(await connection.send((client) => client.ping()), 'PONG')
  t.match(events.slice(0, 2), [{ state: 'ready' }, { state: 'silent', cause: /timed out/ }])
})

t.test('whatever a command does, it is over within the command timeout, and Redis counts as ready once it answers', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { connection, reached } = await connect(t, redis.port)
  await t.rejects(
    connection.send(() => new Promise(() => {})),
    /timed out/,
  )
  await reached('ready')
  await t.rejects(
    connection.send(() => {
      throw new TypeError('of the caller')
    }),
    TypeError,
  )
  t.equal(connection.state, 'ready')
  t.equal(connection.session, 1)
})

t.test('a Redis that stays silent loses its connection, and the next one is another session', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { connection, reached } = await connect(t, redis.port)
  redis.pause()
  await t.rejects(connection.send((client) => client.ping()))
  await reached('down')
  redis.resume()
  await reached('ready')
  t.equal(connection.session, 2)
})

t.test('a command under way when Redis dies rejects and is not sent again', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { connection, reached } = await connect(t, redis.port)
  redis.pause()
  const incremented = connection.send((client) => client.eval("return redis.call('INCR', KEYS[1])", 1, 'n'))
  const rejected = t.rejects(incremented)
  await redis.restart()
  await rejected
  await reached('ready')
  t.equal(await connection.send((client) => client.get('n')), null)
})

t.test('a primary that became a replica is left', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { connection, reached } = await connect(t, redis.port)
  const other = outsider(t, redis.port)
  await other.replicaof('127.0.0.1', 1)
  await t.rejects(
    connection.send((client) => client.set('k', 'v')),
    /READONLY/,
  )
  await reached('down')
  await other.replicaof('NO', 'ONE')
  await reached('ready')
  t.ok(connection.session > 1)
})

t.test('close ends it for good, also while Redis is away, and says so once', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  for (const isAway of [false, true]) {
    const { connection, events, reached } = await connect(t, redis.port)
    if (isAway) {
      await redis.kill()
      await reached('down')
    }
    connection.close()
    connection.close()
    t.equal(connection.state, 'closed')
    await t.rejects(
      connection.send((client) => client.ping()),
      RedisUnavailable,
    )
    t.equal(events.filter(({ state }) => state === 'closed').length, 1)
  }
})

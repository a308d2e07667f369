import t from 'tap'
import { longestBlock } from '../../src/redis/client.ts'
import { startRedis } from '../fixtures/redis.ts'
import { connect, outsider } from './fixture.ts'

t.test('a read that blocks is waited for, and rejects, rather than finding nothing, when the server has stopped', async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const { connection, reached } = await connect(t, server.port, { use: 'stream' })
  const read = (block: number) =>
    connection.send((redis) => redis.xread('COUNT', 10, 'BLOCK', block, 'STREAMS', 'p:{ledger}:stream', '0-0'))
  t.equal(await read(500), null, 'nothing within longer than the command timeout of others')
  t.equal(connection.state, 'ready')
  const [found] = await Promise.all([read(longestBlock), outsider(t, server.port).xadd('p:{ledger}:stream', '1-1', 'f', 'v')])
  t.same(found, [['p:{ledger}:stream', [['1-1', ['f', 'v']]]]])
  server.pause()
  await t.rejects(read(longestBlock), /timed out/)
  t.not(connection.state, 'ready')
  server.resume()
  await reached('ready')
})

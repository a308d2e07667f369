import t from 'tap'
import { defineScript, runScript } from '../../src/redis/script.ts'
import { startRedis } from '../fixtures/redis.ts'
import { connect, outsider } from './fixture.ts'

t.test('a script is sent whole only where Redis does not know it', async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const { connection } = await connect(t, server.port)
  const other = outsider(t, server.port)
  const script = defineScript("return redis.call('INCRBY', KEYS[1], ARGV[1])")
  const run = (): Promise<unknown> => connection.send((redis) => runScript(redis, script, { keys: ['k'], values: ['2'] }))
  const wholes = async (): Promise<string> => /cmdstat_eval:calls=(\d+)/.exec(await other.info('commandstats'))?.[1] ?? '0'
  t.equal(await run(), 2)
  t.equal(await run(), 4)
  t.equal(await wholes(), '1')
  await other.script('FLUSH')
  t.equal(await run(), 6)
  t.equal(await wholes(), '2')
})

t.test('an error of the script is the caller’s', async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const { connection } = await connect(t, server.port)
  const script = defineScript("return redis.call('HGET', KEYS[1])")
  await t.rejects(connection.send((redis) => runScript(redis, script, { keys: ['k'], values: [] })))
})

/** The fake is taken for Redis by the client that the proxy uses, and its errors reach that client as they are. */
import { Redis } from 'ioredis'
import t from 'tap'
import { type MoodName, moods, startFakeRedis } from './fake-redis.ts'

const expected: Readonly<Partial<Record<MoodName, RegExp>>> = {
  busy: /^BUSY /,
  misconf: /^MISCONF /,
  oom: /^OOM /,
  readonly: /^READONLY /,
  noscript: /^NOSCRIPT /,
  moved: /^MOVED 1 127\.0\.0\.1:\d+$/,
  denied: /^NOPERM /,
  unauthenticated: /^NOAUTH /,
  truncated: /timed out/,
  hanging: /timed out/,
  closing: /closed|ECONNRESET|max retries/i,
}

for (const [mood, message] of Object.entries(expected) as [MoodName, RegExp][]) {
  t.test(`startFakeRedis: ${mood}`, async (t) => {
    const fake = await startFakeRedis(moods[mood])
    t.teardown(() => fake.close())
    const redis = new Redis(fake.port, { commandTimeout: 500, maxRetriesPerRequest: 0, retryStrategy: () => null })
    t.teardown(() => redis.disconnect())
    redis.on('error', () => {})
    await t.rejects(redis.evalsha('0'.repeat(40), 1, 'key', 'value'), { message })
    t.equal(fake.commands, 1)
  })
}

t.test('startFakeRedis: what is read where only writes are refused is empty', async (t) => {
  const fake = await startFakeRedis(moods.misconf)
  t.teardown(() => fake.close())
  const redis = new Redis(fake.port)
  t.teardown(() => redis.disconnect())
  t.equal(await redis.get('key'), null)
  t.same(await redis.zmscore('ledger', 'a', 'b'), [null, null])
  t.equal(await redis.ping(), 'PONG')
  await t.rejects(redis.set('key', 'ü'), /^Error?:?.*|MISCONF/)
})

t.test('startFakeRedis: another mood from the next command on', async (t) => {
  const fake = await startFakeRedis(moods.busy)
  t.teardown(() => fake.close())
  const redis = new Redis(fake.port)
  t.teardown(() => redis.disconnect())
  await t.rejects(redis.get('key'), { message: /^BUSY/ })
  fake.set(moods.nils)
  t.equal(await redis.get('key'), null)
})

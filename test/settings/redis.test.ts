import t from 'tap'
import { loadSettings } from '../../src/settings/load.ts'
import type { RedisSettings } from '../../src/settings/settings.ts'

function redisFrom(env: Record<string, string>, file = ''): RedisSettings | undefined {
  const loaded = loadSettings({ env, flags: {}, environmentName: undefined, cwd: '/srv', readFile: () => file })
  if (loaded.kind === 'problems') throw new Error(JSON.stringify(loaded.problems))
  return loaded.settings.redis
}

t.test('resolveRedis: no URL and no host, or switched off: no Redis', async (t) => {
  t.equal(redisFrom({}), undefined)
  t.equal(redisFrom({ REDIS_PASSWORD: 'x', REDIS_PORT: '7' }), undefined)
  t.equal(redisFrom({ REDIS_URL: 'redis://h', CACHE_REDIS_ENABLED: 'false' }), undefined)
})

t.test('resolveRedis reads a URL', async (t) => {
  const timeouts = { commandTimeout: 200, connectTimeout: 2000 }
  t.same(redisFrom({ REDIS_URL: 'redis://h' }), {
    ...timeouts,
    host: 'h',
    port: 6379,
    username: undefined,
    password: undefined,
    db: 0,
    tls: false,
  })
  t.same(redisFrom({ REDIS_URL: 'rediss://me:p%40ss@[::1]:7000/3' }), {
    ...timeouts,
    host: '::1',
    port: 7000,
    username: 'me',
    password: 'p@ss',
    db: 3,
    tls: true,
  })
})

t.test('resolveRedis reads single variables', async (t) => {
  const env = { REDIS_HOST: 'h', REDIS_PORT: '7', REDIS_PASSWORD: 'x', REDIS_DB: '2', REDIS_TLS: 'true' }
  t.match(redisFrom(env), { host: 'h', port: 7, password: 'x', db: 2, tls: true })
})

t.test(
  'resolveRedis: a part given by the same or a later layer replaces that part of the URL, an earlier one does not',
  async (t) => {
    t.match(redisFrom({ REDIS_URL: 'redis://h:7/1', REDIS_PASSWORD: 'x' }), { host: 'h', port: 7, password: 'x', db: 1 })
    t.match(redisFrom({ REDIS_HOST: 'other' }, 'redis: { url: "redis://h:7" }'), { host: 'other', port: 7 })
    t.match(redisFrom({ REDIS_URL: 'redis://h' }, 'redis: { host: other, port: 9, password: old }'), {
      host: 'h',
      port: 9,
      password: 'old',
    })
    t.match(redisFrom({ REDIS_URL: 'redis://h:7' }, 'redis: { host: other, port: 9 }'), { host: 'h', port: 7 })
  },
)

t.test('resolveRedis: TLS that the URL asks for is not taken back', async (t) => {
  t.match(redisFrom({ REDIS_URL: 'rediss://h', REDIS_TLS: 'false' }), { tls: true })
})

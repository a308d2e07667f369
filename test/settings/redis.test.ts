import t from 'tap'
import type { RedisTarget } from '../../src/redis/target.ts'
import { loadSettings } from '../../src/settings/load.ts'
import type { RedisSettings } from '../../src/settings/settings.ts'

function redisFrom(env: Record<string, string>, file = ''): RedisSettings | undefined {
  const readFile = (path: string): string => (path.endsWith('.pem') ? 'PEM' : file)
  const loaded = loadSettings({ env, flags: {}, environmentName: undefined, cwd: '/srv', readFile })
  if (loaded.kind === 'problems') throw new Error(JSON.stringify(loaded.problems))
  return loaded.settings.redis
}

function targetFrom(...from: Parameters<typeof redisFrom>): RedisTarget | undefined {
  return redisFrom(...from)?.target
}

t.test('resolveRedis: no URL and no host, or switched off: no Redis', async (t) => {
  t.equal(redisFrom({}), undefined)
  t.equal(redisFrom({ REDIS_PASSWORD: 'x', REDIS_PORT: '7' }), undefined)
  t.equal(redisFrom({ REDIS_URL: 'redis://h', CACHE_REDIS_ENABLED: 'false' }), undefined)
  t.equal(
    redisFrom({ REDIS_CLUSTER_NODES: 'a:1', REDIS_DB: '3', CACHE_REDIS_ENABLED: 'false' }),
    undefined,
    'also what would not do',
  )
})

const nobody = { username: undefined, password: undefined, tls: undefined }
const tls = { ca: undefined, servername: undefined, rejectUnauthorized: true }

t.test('resolveRedis reads a URL', async (t) => {
  t.same(redisFrom({ REDIS_URL: 'redis://h' }), {
    commandTimeout: 200,
    connectTimeout: 2000,
    detachedTtl: 2000,
    minReplicas: 0,
    target: { kind: 'standalone', host: 'h', port: 6379, db: 0, ...nobody },
  })
  t.same(targetFrom({ REDIS_URL: 'rediss://me:p%40ss@[::1]:7000/3' }), {
    kind: 'standalone',
    host: '::1',
    port: 7000,
    username: 'me',
    password: 'p@ss',
    db: 3,
    tls,
  })
})

t.test('resolveRedis reads single variables', async (t) => {
  const env = { REDIS_HOST: 'h', REDIS_PORT: '7', REDIS_PASSWORD: 'x', REDIS_DB: '2', REDIS_TLS: 'true' }
  t.match(targetFrom(env), { host: 'h', port: 7, password: 'x', db: 2, tls })
})

t.test(
  'resolveRedis: a part given by the same or a later layer replaces that part of the URL, an earlier one does not',
  async (t) => {
    t.match(targetFrom({ REDIS_URL: 'redis://h:7/1', REDIS_PASSWORD: 'x' }), { host: 'h', port: 7, password: 'x', db: 1 })
    t.match(targetFrom({ REDIS_HOST: 'other' }, 'redis: { url: "redis://h:7" }'), { host: 'other', port: 7 })
    t.match(targetFrom({ REDIS_URL: 'redis://h' }, 'redis: { host: other, port: 9, password: old }'), {
      host: 'h',
      port: 9,
      password: 'old',
    })
    t.match(targetFrom({ REDIS_URL: 'redis://h:7' }, 'redis: { host: other, port: 9 }'), { host: 'h', port: 7 })
  },
)

t.test('resolveRedis: TLS that the URL asks for is not taken back', async (t) => {
  t.match(targetFrom({ REDIS_URL: 'rediss://h', REDIS_TLS: 'false' }), { tls })
})

t.test('resolveRedis: TLS as one word or as a section, with the text of the certificates', async (t) => {
  t.same(targetFrom({ REDIS_HOST: 'h' }, 'redis: { tls: on }'), {
    kind: 'standalone',
    host: 'h',
    port: 6379,
    db: 0,
    ...nobody,
    tls,
  })
  const section = 'redis: { tls: { enabled: on, ca: ca.pem, servername: redis.example, reject_unauthorized: off } }'
  t.match(targetFrom({ REDIS_HOST: 'h' }, section), {
    tls: { ca: 'PEM', servername: 'redis.example', rejectUnauthorized: false },
  })
})

t.test('resolveRedis reads Sentinels', async (t) => {
  const env = { REDIS_SENTINEL_HOSTS: 'a:26379, [::1]:26380', REDIS_SENTINEL_NAME: 'main', REDIS_PASSWORD: 'x', REDIS_DB: '2' }
  const sentinels = [
    { host: 'a', port: 26_379 },
    { host: '::1', port: 26_380 },
  ]
  const expected = { kind: 'sentinel', name: 'main', sentinels, username: undefined, password: 'x', db: 2, tls: undefined }
  t.same(targetFrom(env), { ...expected, sentinelAccess: nobody })
  const file = 'redis: { tls: on, sentinel: { username: watch, password: y, tls: on } }'
  t.same(targetFrom(env, file), { ...expected, tls, sentinelAccess: { username: 'watch', password: 'y', tls } })
})

t.test('resolveRedis reads a Cluster', async (t) => {
  t.same(targetFrom({ REDIS_CLUSTER_NODES: 'a:7000,b:7001', REDIS_TLS: 'on' }, 'redis: { username: me, password: x }'), {
    kind: 'cluster',
    nodes: [
      { host: 'a', port: 7000 },
      { host: 'b', port: 7001 },
    ],
    username: 'me',
    password: 'x',
    tls,
  })
})

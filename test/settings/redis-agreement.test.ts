import t from 'tap'
import { loadSettings } from '../../src/settings/load.ts'
import { formatProblem } from '../../src/settings/problem.ts'

function problemsFrom(env: Record<string, string>, file = ''): string[] {
  const readFile = (path: string): string => (path.endsWith('.pem') ? 'PEM' : file)
  const loaded = loadSettings({ env, flags: {}, environmentName: undefined, cwd: '/srv', readFile })
  return loaded.kind === 'settings' ? [] : loaded.problems.map(formatProblem)
}

t.test('checkRedis names the key, where both were said, and what to write', async (t) => {
  const cases: Array<[Parameters<typeof problemsFrom>, string]> = [
    [
      [{ REDIS_CLUSTER_NODES: 'a:1', REDIS_URL: 'redis://h' }],
      'REDIS_CLUSTER_NODES and REDIS_URL: redis.cluster_nodes: redis.url would be another Redis. Write redis.cluster_nodes alone, or leave it out',
    ],
    [
      [{ REDIS_CLUSTER_NODES: 'a:1', REDIS_SENTINEL_HOSTS: 'b:2', REDIS_SENTINEL_NAME: 'm', REDIS_HOST: 'h' }],
      'redis.cluster_nodes: redis.sentinel.hosts and redis.host would be another Redis',
    ],
    [
      [{ REDIS_SENTINEL_HOSTS: 'b:2', REDIS_SENTINEL_NAME: 'm' }, 'redis: { url: "redis://h" }'],
      'REDIS_SENTINEL_HOSTS and config/development.yaml:1:15: redis.sentinel.hosts: redis.url would be another Redis',
    ],
    [
      [{ REDIS_CLUSTER_NODES: 'a:1', REDIS_DB: '3' }],
      'REDIS_DB: redis.db: A Cluster has no database 3. Leave it out; the prefix keeps keys apart',
    ],
    [
      [{ REDIS_SENTINEL_HOSTS: 'b:2' }],
      'REDIS_SENTINEL_HOSTS: redis.sentinel.name: Sentinels are named, but not which primary they should be asked for. Write the name, as in "mymaster"',
    ],
    [
      [{ REDIS_SENTINEL_NAME: 'm', REDIS_HOST: 'h' }],
      'REDIS_SENTINEL_NAME: redis.sentinel.hosts: Something is said of Sentinels, but not where they are. Write "host:port" for each',
    ],
    [
      [{}, 'redis: { sentinel: { username: u, password: hush, tls: on } }'],
      'redis.sentinel.hosts: Something is said of Sentinels',
    ],
    [
      [{ REDIS_HOST: 'h' }, 'redis: { tls: { ca: ca.pem } }'],
      'redis.tls.ca: It is for TLS, which is off. Set redis.tls.enabled (REDIS_TLS) to "on", or leave it out',
    ],
    [[{ REDIS_URL: 'redis://h' }, 'redis: { tls: { servername: s } }'], 'redis.tls.servername: It is for TLS, which is off'],
    [
      [{ REDIS_HOST: 'h' }, 'redis: { command_timeout: 0s }'],
      'redis.command_timeout: Whoever waits for Redis must stop waiting some time, and not at once. Write "200ms"',
    ],
    [[{ REDIS_HOST: 'h' }, 'redis: { connect_timeout: 0s }'], 'redis.connect_timeout: Whoever waits'],
    [[{ REDIS_CLUSTER_NODES: 'a' }], 'redis.cluster_nodes: "a" is not a host with a port. Write "host:port"'],
  ]
  for (const [given, expected] of cases) {
    const problems = problemsFrom(...given)
    t.equal(problems.length, 1, expected)
    t.ok(problems[0]?.includes(expected), `${expected} ← ${problems[0]}`)
    t.notMatch(problems[0], /hush/)
  }
})

t.test('checkRedis lets through what goes together, and what is switched off', async (t) => {
  t.same(problemsFrom({}), [])
  t.same(problemsFrom({ REDIS_URL: 'redis://h', REDIS_HOST: 'other', REDIS_DB: '3' }), [])
  t.same(problemsFrom({ REDIS_CLUSTER_NODES: 'a:1,b:2', REDIS_DB: '0', REDIS_PASSWORD: 'x', REDIS_TLS: 'on' }), [])
  t.same(problemsFrom({ REDIS_SENTINEL_HOSTS: 'a:1', REDIS_SENTINEL_NAME: 'm', REDIS_DB: '3' }), [])
  t.same(problemsFrom({ REDIS_URL: 'rediss://h' }, 'redis: { tls: { ca: ca.pem } }'), [])
  t.same(problemsFrom({ CACHE_REDIS_ENABLED: 'off', REDIS_URL: 'redis://h', REDIS_CLUSTER_NODES: 'a:1', REDIS_DB: '3' }), [])
})

import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import type { OriginSettings } from '../../src/origin/origin-settings.ts'
import { type LoadedSettings, loadSettings, type SettingsInput } from '../../src/settings/load.ts'
import { formatProblem } from '../../src/settings/problem.ts'
import type { Settings } from '../../src/settings/settings.ts'

interface Given extends Partial<Pick<SettingsInput, 'env' | 'flags' | 'environmentName'>> {
  readonly files?: Record<string, string>
}

function load({ files = {}, env = {}, flags = {}, environmentName }: Given): LoadedSettings {
  return loadSettings({ env, flags, environmentName, cwd: '/srv', readFile: (path) => files[path] })
}

function settingsFrom(given: Given): Settings {
  const loaded = load(given)
  if (loaded.kind === 'problems') throw new Error(loaded.problems.map(formatProblem).join('\n'))
  return loaded.settings
}

function problemsFrom(given: Given): string[] {
  const loaded = load(given)
  return loaded.kind === 'settings' ? [] : loaded.problems.map(formatProblem)
}

const yaml = (text: string): Given => ({ files: { '/srv/config/development.yaml': text } })

t.test('loadSettings without anything gives the defaults', async (t) => {
  const settings = settingsFrom({})
  t.match(settings, {
    server: { host: '0.0.0.0', port: 8080, trustedProxies: [], via: true, forwarded: false },
    admin: { host: '127.0.0.1', port: 8081, token: undefined },
    redis: undefined,
    store: { memoryLimit: 268_435_456, maxEntry: 8_388_608, compressAbove: 1024, memoryCompressAbove: 0 },
    rules: './rules.yaml',
    prefix: undefined,
    defaultTtl: undefined,
    drainTimeout: 10_000,
    service: 'springhouse',
  })
  t.match(settings.server.limits, { headerSize: 16_384, headerCount: 100, targetSize: 8192, bodySize: 10_485_760 })
  t.match(settings.server.limits, { connections: 10_000, idleTimeout: 65_000, headerTimeout: 10_000, requestTimeout: 300_000 })
})

t.test('loadSettings: the origin section fits the origin client and has its defaults', async (t) => {
  const origin: OriginSettings = settingsFrom({}).origin
  t.match(origin, {
    addresses: [],
    host: 'keep',
    framing: 'strict',
    maxConnections: 128,
    maxHeaderBytes: 32_768,
    connectTimeout: 5000,
    totalTimeout: 120_000,
    idleTimeout: 4000,
    breaker: { consecutiveFailures: 5, failureRatio: 0.5, failureStatuses: [] },
    health: { consecutiveFailures: 3, jitter: 0.2 },
    tls: { ca: undefined, servername: undefined, rejectUnauthorized: true },
  })
})

t.test('loadSettings: the file beats the default, the environment the file, a flag the environment', async (t) => {
  const file = yaml('server:\n  port: 1\n  host: 10.0.0.1\nlog: { level: warn }\n')
  const loaded = load({ ...file, env: { PORT: '2', LOG_LEVEL: 'error' }, flags: { port: '3' } })
  if (loaded.kind === 'problems') return t.fail(JSON.stringify(loaded.problems))
  t.equal(loaded.settings.server.port, 3)
  t.equal(loaded.settings.log.level, 'error')
  t.equal(loaded.settings.server.host, '10.0.0.1')
  t.equal(loaded.sources.get('server.port'), '--port')
  t.equal(loaded.sources.get('log.level'), 'LOG_LEVEL')
  t.equal(loaded.sources.get('server.host'), 'config/development.yaml:3:9')
  t.equal(loaded.sources.get('admin.port'), 'default')
})

t.test('loadSettings: an empty variable, and a key without a value, count as unset', async (t) => {
  t.equal(settingsFrom({ env: { PORT: '', WORKERS: '' } }).server.port, 8080)
  t.equal(settingsFrom(yaml('server:\n  port:\nadmin:\n')).server.port, 8080)
  t.equal(settingsFrom(yaml('# nothing yet\n')).server.port, 8080)
})

t.test('loadSettings: the environment chooses the file, of the working directory first', async (t) => {
  const paths: string[] = []
  const readFile = (path: string): undefined => void paths.push(path)
  loadSettings({ env: {}, flags: {}, environmentName: 'production', cwd: '/srv', readFile })
  t.same(paths, ['/srv/config/production.yaml', resolve('config/production.yaml')])
  const files = { '/srv/config/staging.yaml': 'server: { port: 9 }' }
  t.equal(settingsFrom({ files, environmentName: 'staging' }).server.port, 9)
  t.match(problemsFrom({ environmentName: 'staging' }), [/There is no config\/staging\.yaml/])
  t.match(problemsFrom({ environmentName: '../../etc/x' }), [/Not the name of an environment/])
})

t.test('loadSettings: a file that is there and cannot be read is a problem', async (t) => {
  const readFile = (): never => {
    throw new Error('EACCES: permission denied')
  }
  const loaded = loadSettings({ env: {}, flags: {}, environmentName: undefined, cwd: '/srv', readFile })
  t.match(loaded, { kind: 'problems', problems: [{ source: 'config/development.yaml', problem: /EACCES/ }] })
})

t.test('loadSettings accepts the configuration files that come with it', async (t) => {
  for (const environmentName of ['development', 'test', 'production']) {
    t.ok(existsSync(`config/${environmentName}.yaml`))
    const readFile = (path: string): string => readFileSync(path, 'utf8')
    const loaded = loadSettings({ env: {}, flags: {}, environmentName, cwd: process.cwd(), readFile })
    t.equal(loaded.kind, 'settings', environmentName)
  }
})

t.test('loadSettings reads lists, from text and from YAML', async (t) => {
  const urls = ['http://a:4000', 'https://b']
  t.same(settingsFrom({ env: { ORIGIN_URL: 'http://a:4000, https://b/' } }).origin.addresses, urls)
  t.same(settingsFrom({ flags: { origin: 'http://a:4000,https://b' } }).origin.addresses, urls)
  t.same(settingsFrom(yaml('origin: { url: "http://a:4000" }')).origin.addresses, ['http://a:4000'])
  t.same(settingsFrom(yaml('origin:\n  urls:\n    - http://a:4000\n    - https://b\n')).origin.addresses, urls)
  t.same(settingsFrom(yaml('server: { trusted_proxies: [10.0.0.0/8, "::1"] }')).server.trustedProxies, ['10.0.0.0/8', '::1'])
  t.same(settingsFrom(yaml('origin: { breaker: { failure_statuses: [502, 503] } }')).origin.breaker.failureStatuses, [502, 503])
})

t.test('loadSettings reads the file that origin.tls.ca names', async (t) => {
  const files = { '/srv/ca.pem': 'PEM', '/srv/config/development.yaml': 'origin: { tls: { ca: ca.pem } }' }
  t.equal(settingsFrom({ files }).origin.tls.ca, 'PEM')
  t.match(problemsFrom(yaml('origin: { tls: { ca: gone.pem } }')), [/1:22: origin\.tls\.ca: There is no file "gone\.pem"/])
})

t.test('loadSettings names the key, where it was said, what is wrong and what to write', async (t) => {
  const cases: Array<[Given, string]> = [
    [
      { env: { PORT: 'http' } },
      'PORT: server.port: "http" is not a whole number from 0 to 65535. Write a number from 0 to 65535',
    ],
    [{ flags: { port: '70000' } }, '--port: server.port: "70000" is not a whole number'],
    [{ env: { CACHE_DEFAULT_TTL: '300' } }, 'CACHE_DEFAULT_TTL: default_ttl: "300" has no unit. Write "300s"'],
    [
      yaml('store:\n  memory_limit: 256mb\n'),
      'config/development.yaml:2:17: store.memory_limit: "256mb" is not a size. Write "256MiB"',
    ],
    [yaml('drain_timeout: 30d'), 'longer than a timer can wait. Write "24d" or less'],
    [yaml('log: { level: loud }'), 'log.level: "loud" is not one of trace, debug'],
    [yaml('log: { sample_hits: 10 }'), 'not a number from 0 to 1. Write a part of one'],
    [yaml('server: { via: maybe }'), 'neither on nor off. Write "on" or "off"'],
    [
      { env: { ORIGIN_URL: 'localhost:4000' } },
      'ORIGIN_URL: origin.addresses: "localhost:4000" names no scheme. Write "http://localhost:4000"',
    ],
    [{ env: { ORIGIN_URL: 'http://a/api' } }, '"http://a/api" has a path, and requests keep their own. Write "http://a"'],
    [{ env: { ORIGIN_URL: 'ftp://a' } }, '"ftp://a" is not an address'],
    [{ env: { HOST: 'http://x' } }, '"http://x" is not a host'],
    [yaml('server: { trusted_proxies: [10.0.0.0/33] }'), '"10.0.0.0/33" is neither an address nor a range'],
    [{ env: { CACHE_PREFIX: 'a:b*' } }, '"a:b*" is not a name'],
    [yaml('server:\n  prot: 1\n'), 'config/development.yaml:2:3: server.prot: No such setting. Did you mean "server.port"?'],
    [yaml('port: 1\n'), 'config/development.yaml:1:1: port: No such setting. Did you mean "server.port"?'],
    [yaml('redis: { nonsense: 1 }'), 'No such setting. Write one of enabled, url, host'],
    [yaml('server: 8080'), 'server: Holds settings, not a value'],
    [yaml('server: { port: { at: 1 } }'), 'server.port: A map stands where a value is expected'],
    [yaml('server: { port: [1, 2] }'), 'server.port: A list stands where one value is expected'],
    [yaml('- a\n'), 'config/development.yaml:1:1: Not a map of settings'],
    [yaml('server:\n  port: 1\n  port: 2\n'), 'config/development.yaml:3:3: Not YAML: Map keys must be unique'],
    [yaml('server: {'), 'Not YAML'],
  ]
  for (const [given, expected] of cases) {
    const problems = problemsFrom(given)
    t.equal(
      problems.length > 0 && problems.some((problem) => problem.includes(expected)),
      true,
      `${expected} ← ${problems.join(' | ')}`,
    )
  }
})

t.test('loadSettings reports every problem, not only the first', async (t) => {
  t.equal(problemsFrom({ env: { PORT: 'x', LOG_LEVEL: 'y', WORKERS: 'z' }, ...yaml('prot: 1') }).length, 4)
})

t.test('loadSettings reads how many processes there are', async (t) => {
  t.equal(settingsFrom({}).workers, 1)
  t.equal(settingsFrom({ env: { WORKERS: '4' } }).workers, 4)
  t.equal(settingsFrom({ flags: { workers: '0' } }).workers, 0)
  t.match(problemsFrom({ env: { WORKERS: 'many' } }), [/^WORKERS: workers: "many" is not a whole number/])
})

t.test('loadSettings refuses an admin API beyond loopback without a token', async (t) => {
  t.match(problemsFrom({ env: { ADMIN_HOST: '0.0.0.0' } }), [
    /^ADMIN_HOST: admin\.host: The admin API would listen on "0\.0\.0\.0" without a token/,
  ])
  t.equal(settingsFrom({ env: { ADMIN_HOST: '0.0.0.0', ADMIN_TOKEN: 's3cret' } }).admin.token, 's3cret')
  for (const host of ['127.0.0.1', '127.8.8.8', '::1', '[::1]', 'localhost'])
    t.same(problemsFrom({ env: { ADMIN_HOST: host } }), [], host)
})

t.test('loadSettings refuses settings that contradict each other', async (t) => {
  t.match(problemsFrom({ env: { ADMIN_PORT: '8080' } }), [/admin\.port: .*would share port 8080/])
  t.same(problemsFrom({ env: { ADMIN_PORT: '0', PORT: '0' } }), [])
  t.same(problemsFrom({ env: { ADMIN_PORT: '8080', HOST: '10.0.0.1' } }), [], 'another address')
  t.match(problemsFrom({ flags: { 'memory-limit': '1MiB' } }), [/store\.max_entry: 8MiB is more than store\.memory_limit, 1MiB/])
})

t.test('loadSettings never quotes a secret in a problem', async (t) => {
  const secrets = { ADMIN_TOKEN: 'hush hush', REDIS_URL: 'redis://u:hush@h/db/x' }
  t.notMatch(problemsFrom({ env: secrets }).join(), /hush/)
  t.equal(problemsFrom({ env: secrets }).length, 2)
})

/** Settings of Redis that contradict each other: which of two was meant cannot be guessed, and connecting to the wrong one looks like working. */
import type { SettingProblem } from './problem.ts'
import { parseRedisUrl } from './redis-url.ts'
import type { RedisSection } from './settings.ts'
import type { SettingPath } from './table.ts'

/** `sourceOf` says where a setting was given. */
export function checkRedis(section: RedisSection, sourceOf: (path: SettingPath) => string): SettingProblem[] {
  if (!section.enabled) return []
  const found = [
    ...severalServers(section),
    ...halfSentinel(section),
    ...clusterWithDatabase(section),
    ...tlsWithoutTls(section),
    ...noTime(section),
  ]
  return found.map(({ path, because, problem, fix }) => {
    const sources = [path, ...because].map(sourceOf).filter((source) => source !== 'default')
    return { key: path, source: [...new Set(sources)].join(' and ') || 'default', problem, fix }
  })
}

interface Contradiction {
  readonly path: SettingPath
  /** What else was given that does not go with it. */
  readonly because: readonly SettingPath[]
  readonly problem: string
  readonly fix: string
}

function severalServers({ clusterNodes, sentinel, url, host }: RedisSection): Contradiction[] {
  const ways: SettingPath[] = []
  if (clusterNodes.length > 0) ways.push('redis.cluster_nodes')
  if (sentinel.hosts.length > 0) ways.push('redis.sentinel.hosts')
  if (url !== undefined) ways.push('redis.url')
  else if (host !== undefined) ways.push('redis.host')
  const [path, ...because] = ways
  if (path === undefined || because.length === 0) return []
  const others = because.join(' and ')
  return [{ path, because, problem: `${others} would be another Redis`, fix: `Write ${path} alone, or leave it out` }]
}

function halfSentinel({ sentinel: { hosts, name, username, password, tls } }: RedisSection): Contradiction[] {
  if (hosts.length > 0) {
    if (name !== undefined) return []
    const problem = 'Sentinels are named, but not which primary they should be asked for'
    return [{ path: 'redis.sentinel.name', because: ['redis.sentinel.hosts'], problem, fix: 'Write the name, as in "mymaster"' }]
  }
  const given: SettingPath[] = []
  if (name !== undefined) given.push('redis.sentinel.name')
  if (username !== undefined) given.push('redis.sentinel.username')
  if (password !== undefined) given.push('redis.sentinel.password')
  if (tls) given.push('redis.sentinel.tls')
  const problem = 'Something is said of Sentinels, but not where they are'
  const fix = 'Write "host:port" for each, or leave out every redis.sentinel setting'
  return given.length === 0 ? [] : [{ path: 'redis.sentinel.hosts', because: given, problem, fix }]
}

function clusterWithDatabase({ clusterNodes, db }: RedisSection): Contradiction[] {
  if (clusterNodes.length === 0 || db === 0) return []
  return [
    {
      path: 'redis.db',
      because: [],
      problem: `A Cluster has no database ${db}`,
      fix: 'Leave it out; the prefix keeps keys apart',
    },
  ]
}

function tlsWithoutTls({ tls, url, sentinel }: RedisSection): Contradiction[] {
  const parsed = url === undefined ? undefined : parseRedisUrl(url)
  const isOn = tls.enabled || sentinel.tls || (parsed !== undefined && 'tls' in parsed && parsed.tls)
  const path = tls.ca !== undefined ? 'redis.tls.ca' : tls.servername !== undefined ? 'redis.tls.servername' : undefined
  if (isOn || path === undefined) return []
  return [
    {
      path,
      because: [],
      problem: 'It is for TLS, which is off',
      fix: 'Set redis.tls.enabled (REDIS_TLS) to "on", or leave it out',
    },
  ]
}

function noTime({ commandTimeout, connectTimeout }: RedisSection): Contradiction[] {
  const found: Contradiction[] = []
  const problem = 'Whoever waits for Redis must stop waiting some time, and not at once'
  if (commandTimeout === 0) found.push({ path: 'redis.command_timeout', because: [], problem, fix: 'Write "200ms"' })
  if (connectTimeout === 0) found.push({ path: 'redis.connect_timeout', because: [], problem, fix: 'Write "2s"' })
  return found
}

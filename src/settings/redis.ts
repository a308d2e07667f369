/**
 * Whether there is Redis, and which. A URL says most of it in one go; a part of its own (host, password …) replaces that part of the URL unless
 * the URL was given by a later layer. Sentinels and a Cluster are named in place of a URL: `redis-agreement.ts` refuses both.
 */
import type { Access, RedisTarget, RedisTls } from '../redis/target.ts'
import { type Given, layers } from './given.ts'
import { parseRedisUrl } from './redis-url.ts'
import type { RedisSection, RedisSettings } from './settings.ts'
import type { SettingPath } from './table.ts'

/** `given` says by which layer each setting was given. The section was checked before. */
export function resolveRedis(section: RedisSection, given: ReadonlyMap<SettingPath, Given>): RedisSettings | undefined {
  const target = section.enabled ? targetOf(section, given) : undefined
  if (target === undefined) return undefined
  const { commandTimeout, connectTimeout, detachedTtl, minReplicas } = section
  return { target, commandTimeout, connectTimeout, detachedTtl, minReplicas }
}

function targetOf(section: RedisSection, given: ReadonlyMap<SettingPath, Given>): RedisTarget | undefined {
  const { db, username, password, sentinel, clusterNodes, tls } = section
  const access: Access = { username, password, tls: tls.enabled ? tlsOf(section) : undefined }
  if (clusterNodes.length > 0) return { kind: 'cluster', ...access, nodes: clusterNodes }
  if (sentinel.hosts.length === 0 || sentinel.name === undefined) return standaloneOf(section, given)
  const sentinelAccess: Access = {
    username: sentinel.username,
    password: sentinel.password,
    tls: sentinel.tls ? tlsOf(section) : undefined,
  }
  return { kind: 'sentinel', ...access, db, sentinels: sentinel.hosts, name: sentinel.name, sentinelAccess }
}

function standaloneOf(section: RedisSection, given: ReadonlyMap<SettingPath, Given>): RedisTarget | undefined {
  const { url: text, host, port, username, password, db } = section
  const parsed = text === undefined ? undefined : parseRedisUrl(text)
  const url = parsed === undefined || 'problem' in parsed ? undefined : parsed
  // A URL that asks for TLS gets it: a leftover REDIS_TLS=false must not send the password in the clear.
  const tls = section.tls.enabled || url?.tls === true ? tlsOf(section) : undefined
  if (url === undefined) return host === undefined ? undefined : { kind: 'standalone', host, port, username, password, db, tls }

  const rank = (path: SettingPath): number => layers.indexOf(given.get(path)?.layer ?? 'default')
  const isLater = (path: SettingPath): boolean => rank(path) > 0 && rank(path) >= rank('redis.url')
  return {
    kind: 'standalone',
    host: host !== undefined && isLater('redis.host') ? host : url.host,
    port: isLater('redis.port') ? port : (url.port ?? port),
    username: isLater('redis.username') ? username : (url.username ?? username),
    password: isLater('redis.password') ? password : (url.password ?? password),
    db: isLater('redis.db') ? db : (url.db ?? db),
    tls,
  }
}

function tlsOf({ tls: { ca, servername, rejectUnauthorized } }: RedisSection): RedisTls {
  return { ca, servername, rejectUnauthorized }
}

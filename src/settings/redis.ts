/**
 * Whether there is Redis, and where. A URL says most of it in one go; a part of its own (host, password …) replaces that part of the URL
 * unless the URL was given by a later layer.
 */
import { type Given, layers } from './given.ts'
import { parseRedisUrl } from './redis-url.ts'
import type { RedisSection, RedisSettings } from './settings.ts'
import type { SettingPath } from './table.ts'

/** `given` says by which layer each setting was given. The URL was parsed before and is valid. */
export function resolveRedis(section: RedisSection, given: ReadonlyMap<SettingPath, Given>): RedisSettings | undefined {
  const { enabled, url: text, host, ...parts } = section
  if (!enabled) return undefined
  const parsed = text === undefined ? undefined : parseRedisUrl(text)
  const url = parsed === undefined || 'problem' in parsed ? undefined : parsed
  if (url === undefined) return host === undefined ? undefined : { ...parts, host }

  const rank = (path: SettingPath): number => layers.indexOf(given.get(path)?.layer ?? 'default')
  const isLater = (path: SettingPath): boolean => rank(path) > 0 && rank(path) >= rank('redis.url')
  return {
    ...parts,
    host: host !== undefined && isLater('redis.host') ? host : url.host,
    port: isLater('redis.port') ? parts.port : (url.port ?? parts.port),
    username: isLater('redis.username') ? parts.username : (url.username ?? parts.username),
    password: isLater('redis.password') ? parts.password : (url.password ?? parts.password),
    db: isLater('redis.db') ? parts.db : (url.db ?? parts.db),
    // A URL that asks for TLS gets it: a leftover REDIS_TLS=false must not send the password in the clear.
    tls: url.tls || parts.tls,
  }
}

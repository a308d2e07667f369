/** `redis://user:password@host:port/db`, `rediss://` with TLS. A URL may hold a password, so no problem quotes it. */
import type { UnitProblem } from '../units.ts'

export interface RedisUrl {
  readonly host: string
  readonly tls: boolean
  /** Undefined where the URL does not say. */
  readonly port: number | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  readonly db: number | undefined
}

export function parseRedisUrl(text: string): RedisUrl | UnitProblem {
  const fix = 'Write "redis://host:port", or "rediss://host:port" for TLS; a database follows as "/1"'
  const url = URL.parse(text)
  if (url === null || !/^rediss?:$/.test(url.protocol) || url.hostname === '') return { problem: 'Not a Redis URL', fix }
  const database = /^\/?(\d{0,9})$/.exec(url.pathname)
  if (database === null) return { problem: 'The path of the Redis URL is not the number of a database', fix }
  if (url.search !== '' || url.hash !== '')
    return { problem: 'The Redis URL has options, which are settings of their own here', fix }

  const username = unescaped(url.username)
  const password = unescaped(url.password)
  if (username === undefined || password === undefined) {
    return { problem: 'The user or password in the Redis URL is badly escaped', fix: 'Write a "%" as "%25"' }
  }
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    tls: url.protocol === 'rediss:',
    port: url.port === '' ? undefined : Number(url.port),
    username: username || undefined,
    password: password || undefined,
    db: database[1] ? Number(database[1]) : undefined,
  }
}

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

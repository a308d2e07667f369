/**
 * Which fields end at this hop (RFC 9110 §7.6.1) and which travel on. Connection may name extensions of the hop; a peer that names an
 * end-to-end field wants it lost between here and the origin, and is not obeyed.
 */
import { type Fields, fieldLines, withoutFields } from './fields.ts'
import { splitList } from './list.ts'

const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const endToEndNames: ReadonlySet<string> = new Set([
  'age',
  'allow',
  'authentication-info',
  'authorization',
  'cache-control',
  'cache-status',
  'cdn-cache-control',
  'springhouse-cache-control',
  'cookie',
  'date',
  'etag',
  'expect',
  'expires',
  'forwarded',
  'from',
  'host',
  'last-modified',
  'link',
  'location',
  'max-forwards',
  'origin',
  'pragma',
  'range',
  'referer',
  'retry-after',
  'server',
  'set-cookie',
  'strict-transport-security',
  'surrogate-control',
  'user-agent',
  'vary',
  'via',
  'warning',
  'www-authenticate',
  'x-api-key',
  'x-content-type-options',
  'x-frame-options',
])

const endToEndPrefixes: readonly string[] = ['accept', 'access-control-', 'content-', 'if-', 'sec-fetch-', 'x-forwarded-']

/** The fields that travel on, in order: without the hop's own and without what Connection names, where it may name it. */
export function endToEnd(fields: Fields): string[] {
  const named = connectionTokens(fields).filter((name) => !hopByHop.has(name) && !isEndToEnd(name))
  return withoutFields(fields, named.length === 0 ? hopByHop : new Set([...hopByHop, ...named]))
}

/** Whether a field (lower case) never travels on. */
export function isHopByHop(name: string): boolean {
  return hopByHop.has(name)
}

/** What the Connection lines name, lower case. */
export function connectionTokens(fields: Fields): string[] {
  return fieldLines(fields, 'connection').flatMap((line) => splitList(line.toLowerCase()))
}

/** Whether a field (lower case) always travels on, so that a Connection that names it is an attack. */
export function isEndToEnd(name: string): boolean {
  return endToEndNames.has(name) || endToEndPrefixes.some((prefix) => name.startsWith(prefix))
}

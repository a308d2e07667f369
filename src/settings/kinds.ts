/**
 * The kinds of settings: how the text of each is read, and what to write when it cannot be. File, environment and flags all give text, so
 * one parser serves the three. A text that may be secret is never quoted in a problem.
 */
import { isIP } from 'node:net'
import { parseDuration, parseSize, type UnitProblem } from '../units.ts'
import { parseRedisUrl } from './redis-url.ts'

export type KindName =
  | 'text'
  | 'secret'
  | 'token'
  | 'name'
  | 'host'
  | 'port'
  | 'count'
  | 'positive'
  | 'fraction'
  | 'timeout'
  | 'duration'
  | 'size'
  | 'switch'
  | 'choice'
  | 'addresses'
  | 'endpoints'
  | 'networks'
  | 'statuses'
  | 'file'
  | 'redis-url'

/** A value, or why there is none. */
export type Parsed = { readonly value: unknown } | UnitProblem

export interface Kind {
  /** For the table of settings: what one looks like. */
  readonly shape: string
  readonly isList?: boolean
  /** Every user of the machine can read flags: a secret has none. */
  readonly isSecret?: boolean
  readonly parse: (text: string, choices: readonly string[]) => Parsed
}

/** What a timer can wait for: Node runs anything longer at once. */
const longestTimeout = 24 * 86_400_000

export const kinds: Readonly<Record<KindName, Kind>> = {
  text: { shape: 'text', parse: (text) => ({ value: text }) },
  secret: { shape: 'secret', isSecret: true, parse: (text) => ({ value: text }) },
  token: { shape: 'secret', isSecret: true, parse: parseToken },
  name: { shape: 'name', parse: parseName },
  host: { shape: 'host', parse: parseHost },
  port: { shape: 'port', parse: (text) => parseWhole(text, 0, 65_535) },
  count: { shape: 'number', parse: (text) => parseWhole(text, 0, 1_000_000_000) },
  positive: { shape: 'number', parse: (text) => parseWhole(text, 1, 1_000_000_000) },
  fraction: { shape: '0 to 1', parse: parseFraction },
  timeout: { shape: 'duration', parse: parseTimeout },
  duration: { shape: 'duration', parse: (text) => valueOrProblem(parseDuration(text)) },
  size: { shape: 'size', parse: (text) => valueOrProblem(parseSize(text)) },
  switch: { shape: 'on, off', parse: parseSwitch },
  choice: { shape: 'word', parse: parseChoice },
  addresses: { shape: 'URLs', isList: true, parse: parseAddress },
  endpoints: { shape: 'host:port, …', isList: true, parse: parseEndpoint },
  networks: { shape: 'addresses', isList: true, parse: parseNetwork },
  statuses: { shape: 'statuses', isList: true, parse: (text) => parseWhole(text, 100, 599) },
  file: { shape: 'file', parse: (text) => ({ value: text }) },
  'redis-url': { shape: 'URL', isSecret: true, parse: parseRedis },
}

function valueOrProblem(parsed: number | UnitProblem): Parsed {
  return typeof parsed === 'number' ? { value: parsed } : parsed
}

function parseWhole(text: string, least: number, most: number): Parsed {
  const value = Number(text)
  if (/^\d{1,10}$/.test(text) && value >= least && value <= most) return { value }
  return {
    problem: `${quote(text)} is not a whole number from ${least} to ${most}`,
    fix: `Write a number from ${least} to ${most}`,
  }
}

function parseFraction(text: string): Parsed {
  const value = Number(text)
  if (/^\d(?:\.\d{1,9})?$/.test(text) && value <= 1) return { value }
  return { problem: `${quote(text)} is not a number from 0 to 1`, fix: 'Write a part of one, as in "0.25"' }
}

function parseTimeout(text: string): Parsed {
  const parsed = parseDuration(text)
  if (typeof parsed !== 'number') return parsed
  if (parsed > longestTimeout) return { problem: `${quote(text)} is longer than a timer can wait`, fix: 'Write "24d" or less' }
  return { value: parsed }
}

function parseSwitch(text: string): Parsed {
  const word = text.toLowerCase()
  if (['on', 'true', 'yes', '1'].includes(word)) return { value: true }
  if (['off', 'false', 'no', '0'].includes(word)) return { value: false }
  return { problem: `${quote(text)} is neither on nor off`, fix: 'Write "on" or "off"' }
}

function parseChoice(text: string, choices: readonly string[]): Parsed {
  if (choices.includes(text)) return { value: text }
  return { problem: `${quote(text)} is not one of ${choices.join(', ')}`, fix: `Write one of ${choices.join(', ')}` }
}

function parseToken(text: string): Parsed {
  // RFC 6750 §2.1: what a client could not send would lock everybody out.
  if (/^[A-Za-z0-9._~+/-]+=*$/.test(text)) return { value: text }
  return { problem: 'The token holds characters that a bearer token cannot', fix: 'Use letters, digits and . _ ~ + / - only' }
}

function parseName(text: string): Parsed {
  if (/^[A-Za-z0-9._~-]{1,64}$/.test(text)) return { value: text }
  return { problem: `${quote(text)} is not a name`, fix: 'Write up to 64 letters, digits, ".", "_", "~" and "-"' }
}

function parseHost(text: string): Parsed {
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare) > 0) return { value: bare }
  if (/^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})$/.test(text)) return { value: text }
  return { problem: `${quote(text)} is not a host`, fix: 'Write a host name or an IP address; a port has a setting of its own' }
}

function parseAddress(text: string): Parsed {
  const fix = 'Write "http://host:port" or "https://host:port"'
  if (!/^[a-z]+:\/\//i.test(text)) return { problem: `${quote(text)} names no scheme`, fix: `Write ${quote(`http://${text}`)}` }
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '')
    return { problem: `${quote(text)} is not an address`, fix }
  if (url.username !== '' || url.password !== '') return { problem: 'The address holds credentials', fix }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return { problem: `${quote(text)} has a path, and requests keep their own`, fix: `Write ${quote(url.origin)}` }
  }
  return { value: url.origin }
}

function parseEndpoint(text: string): Parsed {
  const [, host = '', port = ''] = /^(.*):(\d{1,5})$/.exec(text) ?? []
  const parsed = parseHost(host)
  const isWhole = 'value' in parsed && Number(port) > 0 && Number(port) <= 65_535
  // "::1" alone would be read as port 1 of "::".
  if (isWhole && (!host.includes(':') || host.startsWith('['))) return { value: { host: parsed.value, port: Number(port) } }
  return { problem: `${quote(text)} is not a host with a port`, fix: 'Write "host:port", an IPv6 address as "[::1]:6379"' }
}

function parseNetwork(text: string): Parsed {
  const [address = '', prefix, ...rest] = text.split('/')
  const bits = isIP(address) === 4 ? 32 : 128
  const isRange = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits)
  if (isIP(address) > 0 && isRange && rest.length === 0 && !address.includes('%')) return { value: text }
  return {
    problem: `${quote(text)} is neither an address nor a range`,
    fix: 'Write an IP address or a range, as in "10.0.0.0/8"',
  }
}

function parseRedis(text: string): Parsed {
  const parsed = parseRedisUrl(text)
  return 'problem' in parsed ? parsed : { value: text }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}

/**
 * The Host field's grammar (RFC 9110 §7.2), narrower than the RFC's: no user, no percent-encoding, no sub-delims, since an origin that
 * decodes or splits a host reads another name than the one in the key.
 */
import { isIPv6 } from 'node:net'

/** Labels of letters, digits, "-", "_" and "~"; an IPv4 address is such a name too. */
const name = /^[\w~-]+(?:\.[\w~-]+)*\.?$/
/** RFC 3986 §3.2.3 also allows "host:" and "host:080": one more spelling of one host is one more key. */
const port = /^(?:0|[1-9]\d{0,4})$/
const longest = 255

/** The host in lower case, with the port when it was written; undefined when it is none. */
export function parseHost(text: string): string | undefined {
  const host = text.toLowerCase()
  if (host.length > longest) return undefined
  if (name.test(host)) return host
  const end = host.startsWith('[') ? host.indexOf(']') + 1 : host.indexOf(':')
  if (end <= 0) return undefined
  return isHostName(host.slice(0, end)) && isPort(host.slice(end)) ? host : undefined
}

/** Whether two valid hosts are the same for this scheme: its default port may be written or not. */
export function isSameHost(one: string, other: string, scheme: 'http' | 'https'): boolean {
  if (one === other) return true
  const suffix = scheme === 'http' ? ':80' : ':443'
  const plain = (host: string): string =>
    host.endsWith(suffix) && !host.endsWith(`:${suffix}`) ? host.slice(0, -suffix.length) : host
  return plain(one) === plain(other)
}

function isHostName(text: string): boolean {
  return text.startsWith('[') ? isIPv6(text.slice(1, -1)) && !text.includes('%') : name.test(text)
}

/** With its colon; empty when none was written. */
function isPort(text: string): boolean {
  return text === '' || (text.startsWith(':') && port.test(text.slice(1)) && Number(text.slice(1)) <= 65_535)
}

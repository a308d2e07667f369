/**
 * What the origin is told about the client, and what clients may not tell it: fields that steer an origin to another host, path or method
 * are not in the key, so whoever sends one could plant an answer for everybody else.
 */
import { type Fields, fieldValue, withoutFields } from './fields.ts'

/** Fields that never reach the origin from a client, each with the reason. Lower case. */
export const steeringFields: ReadonlyMap<string, string> = new Map([
  ['client-ip', 'claims a client address'],
  ['cf-connecting-ip', 'claims a client address'],
  ['fastly-client-ip', 'claims a client address'],
  ['forwarded', 'RFC 7239: claims address, host and scheme'],
  ['front-end-https', 'claims a scheme'],
  ['true-client-ip', 'claims a client address'],
  ['x-client-ip', 'claims a client address'],
  ['x-cluster-client-ip', 'claims a client address'],
  ['x-envoy-original-path', 'rewrites the path'],
  ['x-forwarded', 'older form of Forwarded'],
  ['x-forwarded-path', 'rewrites the path in generated links'],
  ['x-forwarded-port', 'rewrites the port in generated links'],
  ['x-forwarded-prefix', 'rewrites the path in generated links and redirects'],
  ['x-forwarded-protocol', 'claims a scheme'],
  ['x-forwarded-scheme', 'claims a scheme'],
  ['x-forwarded-server', 'rewrites the host in generated links'],
  ['x-forwarded-ssl', 'claims a scheme'],
  ['x-forwarded-uri', 'rewrites the target'],
  ['x-host', 'rewrites the host'],
  ['x-http-host-override', 'rewrites the host'],
  ['x-http-method', 'rewrites the method'],
  ['x-http-method-override', 'rewrites the method'],
  ['x-method-override', 'rewrites the method'],
  ['x-middleware-subrequest', 'skips the middleware of Next.js'],
  ['x-original-host', 'rewrites the host'],
  ['x-original-uri', 'rewrites the target'],
  ['x-original-url', 'rewrites the target (Symfony, IIS)'],
  ['x-real-ip', 'claims a client address'],
  ['x-rewrite-url', 'rewrites the target (Symfony, IIS)'],
  ['x-scheme', 'claims a scheme'],
  ['x-url-scheme', 'claims a scheme'],
])

const replaced: ReadonlySet<string> = new Set([
  ...steeringFields.keys(),
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
])

/** A request as it reached us. */
export interface Arrival {
  readonly fields: Fields
  /** The peer's address as the socket names it. */
  readonly clientAddress: string
  readonly scheme: 'http' | 'https'
  /** The Host that the request names. */
  readonly host: string
  /** Whether the peer is one of our own proxies, whose word on the client counts. */
  readonly isTrusted: boolean
  /** Whether to say it as RFC 7239 too. */
  readonly sendForwarded: boolean
}

/**
 * The request's fields with X-Forwarded-For, -Proto and -Host as we vouch for them and no other steering field. A trusted peer's addresses
 * are appended to, its scheme and host kept when they are well formed; anybody else's are replaced.
 */
export function forwardedFields(arrival: Arrival): Fields {
  const address = plainAddress(arrival.clientAddress)
  const claim = (name: string): string => (arrival.isTrusted ? (fieldValue(arrival.fields, name) ?? '') : '')
  const fields = withoutFields(arrival.fields, replaced)
  fields.push('X-Forwarded-For', append(claim('x-forwarded-for'), address))
  fields.push('X-Forwarded-Proto', keepIf(/^(?:https?|wss?)$/i, claim('x-forwarded-proto')) ?? arrival.scheme)
  fields.push('X-Forwarded-Host', keepIf(/^[\w.:[\]-]+$/, claim('x-forwarded-host')) ?? arrival.host)
  if (arrival.sendForwarded) fields.push('Forwarded', append(claim('forwarded'), forwardedElement(arrival, address)))
  return fields
}

/** One element of RFC 7239 §4; IPv6 addresses are in brackets and quotes (§6). */
function forwardedElement(arrival: Arrival, address: string): string {
  const node = address.includes(':') ? `"[${address}]"` : address
  const host = /^[\w.-]+$/.test(arrival.host) ? arrival.host : `"${arrival.host.replace(/["\\]/g, '\\$&')}"`
  return `for=${node};host=${host};proto=${arrival.scheme}`
}

/** A socket that listens on both families names IPv4 peers ::ffff:192.0.2.1. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

function append(existing: string, element: string): string {
  return existing === '' ? element : `${existing}, ${element}`
}

function keepIf(grammar: RegExp, claim: string): string | undefined {
  return grammar.test(claim) ? claim : undefined
}

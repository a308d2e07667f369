/**
 * What a write makes invalid by itself (RFC 9111 §4.4): its own URI, and what its Location and Content-Location name on the same origin. Whether
 * a POST that a cache rule matched counts as a write is the caller's to say.
 */
import { fieldLines } from '../http/fields.ts'
import type { Request } from '../http/request.ts'
import type { ResponseHead } from '../http/response.ts'

/** A URI as its label names it: the host as the write had it, the path's bytes without the query. */
export interface InvalidatedUri {
  readonly host: string
  readonly path: string
}

/** RFC 9110 §9.2.1 and RFC 10008. A method that is not known here is unsafe. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY', 'TRACE'])

export function isSafe(method: string): boolean {
  return safeMethods.has(method)
}

/** Nothing for a safe method or a response that is an error; each URI once. */
export function invalidatedUris(request: Request, response: ResponseHead): readonly InvalidatedUri[] {
  if (isSafe(request.method) || response.status < 200 || response.status > 399) return []
  const paths = new Set([request.target.path])
  for (const name of ['location', 'content-location']) {
    for (const reference of fieldLines(response.fields, name)) {
      const path = resolvePath(reference, request)
      if (path !== undefined) paths.add(path)
    }
  }
  return [...paths].map((path) => ({ host: request.host, path }))
}

/**
 * Whether the response says that it is the representation of the request's own target (RFC 9110 §8.7): the same host, path and query. A fragment
 * names something else.
 */
export function namesTarget(request: Request, response: ResponseHead): boolean {
  const [reference, ...others] = fieldLines(response.fields, 'content-location')
  if (reference === undefined || others.length > 0 || reference.includes('#')) return false
  const { path, query } = request.target
  if (reference === '') return true
  const mark = reference.indexOf('?')
  return resolvePath(reference, request) === path && (mark < 0 ? undefined : reference.slice(mark + 1)) === query
}

/** The path that a reference names on the request's own host (RFC 3986 §5.2.2); undefined when it names another host, or no http URI. */
function resolvePath(reference: string, request: Request): string | undefined {
  const [, scheme, authority, path = '', query] =
    /^(?:([a-z][a-z\d+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?/i.exec(reference) ?? []
  if (scheme !== undefined && (authority === undefined || !/^https?$/i.test(scheme))) return undefined
  if (authority !== undefined) return isSameHost(authority, request.host) ? withoutDotSegments(path || '/') : undefined
  if (path === '') return query === undefined && reference === '' ? undefined : request.target.path
  if (path.startsWith('/')) return withoutDotSegments(path)
  return withoutDotSegments(request.target.path.slice(0, request.target.path.lastIndexOf('/') + 1) + path)
}

/**
 * Both schemes count as one origin, since TLS may end before us and the origin's links do not know how it came. User information ("host@evil")
 * is no host of ours.
 */
function isSameHost(authority: string, host: string): boolean {
  return withoutDefaultPort(authority.toLowerCase()) === withoutDefaultPort(host)
}

function withoutDefaultPort(host: string): string {
  return host.replace(/:(?:80|443)?$/, '')
}

/** RFC 3986 §5.2.4, on the bytes as they stand. */
function withoutDotSegments(path: string): string {
  if (!path.includes('/.')) return path
  const kept: string[] = []
  const segments = path.slice(1).split('/')
  for (const [i, segment] of segments.entries()) {
    const isDot = segment === '.' || segment === '..'
    if (segment === '..') kept.pop()
    if (!isDot) kept.push(segment)
    // A dot segment at the end leaves the slash before it.
    else if (i === segments.length - 1) kept.push('')
  }
  return `/${kept.join('/')}`
}

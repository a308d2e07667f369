/**
 * The shape of an endpoint: a method, a path with `:params`, who may call it, and a function from a call to an answer. Routes know
 * nothing of sockets; `server.ts` reads the call and writes the answer. What a client got wrong is an answer too, never a throw.
 */
import type { Claims } from './token.ts'

export interface Call {
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** The body as JSON: an object, or empty when there was none. */
  readonly body: Readonly<Record<string, unknown>>
  /** The caller's `sub`; empty on routes that anybody may call. */
  readonly user: string
}

export interface Answer {
  readonly status: number
  readonly body: unknown
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly allows: 'anybody' | 'users' | 'admins'
  answer(call: Call): Answer
}

export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

export function ok(body: unknown): Answer {
  return { status: 200, body }
}

export function created(body: unknown): Answer {
  return { status: 201, body }
}

export function refuse(status: number, error: string): Answer {
  return { status, body: { error } }
}

/** 401 or 403 when `caller` may not use the route, undefined when it may. */
export function refuseCaller(route: Route, caller: Claims | undefined): Answer | undefined {
  if (route.allows === 'anybody') return undefined
  if (caller === undefined) return refuse(401, 'A valid bearer token is needed')
  return route.allows === 'admins' && caller.role !== 'admin' ? refuse(403, 'Only an admin may do this') : undefined
}

/** Every route of that path, whatever its method: none means 404, none of the right method 405. */
export function matchRoutes(routes: readonly Route[], path: string): Match[] {
  const segments = path.split('/')
  const matches: Match[] = []
  for (const route of routes) {
    const params = matchPath(route.path.split('/'), segments)
    if (params !== undefined) matches.push({ route, params })
  }
  return matches
}

function matchPath(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined
  const params: Record<string, string> = {}
  for (const [i, part] of pattern.entries()) {
    const segment = segments[i] as string
    if (part.startsWith(':') && segment !== '') params[part.slice(1)] = segment
    else if (part !== segment) return undefined
  }
  return params
}

/** A row's id from the path; 0, which no row has, when it is not one. */
export function idOf(call: Call): number {
  const text = call.params['id'] ?? ''
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0
}

/** A whole number of the body within bounds, or undefined. */
export function wholeNumber(value: unknown, least: number, most: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most ? value : undefined
}

export interface Paging {
  readonly page: number
  readonly limit: number
  readonly offset: number
}

/** `page` (from 1) and `limit` (10, at most 100) of the query; undefined when either is not such a number. */
export function pagingOf(query: URLSearchParams): Paging | undefined {
  const page = wholeNumber(Number(query.get('page') ?? 1), 1, 1_000_000)
  const limit = wholeNumber(Number(query.get('limit') ?? 10), 1, 100)
  return page === undefined || limit === undefined ? undefined : { page, limit, offset: (page - 1) * limit }
}

export const badPaging: Answer = refuse(400, '"page" and "limit" must be whole numbers from 1, "limit" at most 100')

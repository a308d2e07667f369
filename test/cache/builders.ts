/** Entries, policies, requests and responses with one thing said and the rest plain, so that a table shows only what it is about. */
import type { Entry } from '../../src/cache/entry.ts'
import type { Policy } from '../../src/cache/policy.ts'
import type { Fields } from '../../src/http/fields.ts'
import { parseTarget, type Request } from '../../src/http/request.ts'
import type { ResponseHead } from '../../src/http/response.ts'
import { type Instant, instant, later, seconds } from '../../src/time.ts'

/** Fri, 01 Mar 2030 12:00:00 GMT */
export const start: Instant = instant(Date.UTC(2030, 2, 1, 12))

/** The instant so many seconds after `start`. */
export function at(count: number): Instant {
  return later(start, seconds(count))
}

export function httpDate(count: number): string {
  return new Date(at(count)).toUTCString()
}

/** Obeys the origin and the client: `unmatched: rfc` with its heuristics turned off. */
export function makePolicy(changes: Partial<Policy> = {}): Policy {
  return {
    lifetime: { kind: 'origin' },
    negative: new Map(),
    staleWhileRevalidate: undefined,
    staleIfError: undefined,
    refreshAhead: undefined,
    override: new Set(),
    setCookie: 'bypass',
    clientDirectives: 'obey',
    heuristics: false,
    maxSize: 1024,
    vary: new Map(),
    ...changes,
  }
}

/** A rule's policy with a `ttl`. */
export function makeRulePolicy(ttl: number, changes: Partial<Policy> = {}): Policy {
  return makePolicy({ lifetime: { kind: 'fixed', duration: seconds(ttl) }, clientDirectives: 'ignore', ...changes })
}

export function makeRequest(fields: Fields = [], method = 'GET', target = '/a/b?c=d'): Request {
  return { method, target: parseTarget(target), host: 'example.org', scheme: 'http', fields }
}

export function makeResponse(fields: Fields = [], status = 200): ResponseHead {
  return { status, reasonPhrase: '', fields }
}

export const body: Uint8Array = new TextEncoder().encode('0123456789')

export function makeEntry(fields: Fields = [], changes: Partial<Entry> = {}): Entry {
  return {
    status: 200,
    reasonPhrase: 'OK',
    fields,
    rule: 'rule',
    body,
    atRest: 'identity',
    bodyLength: body.length,
    requestTime: start,
    responseTime: start,
    initialAge: seconds(0),
    stamp: { epoch: 'e', number: 1 },
    labels: ['all'],
    vary: [],
    ...changes,
  }
}

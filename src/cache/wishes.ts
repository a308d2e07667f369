/**
 * What a client asks of a stored response (RFC 9111 §5.2.1), where the policy listens to clients. Anything unreadable is taken as the stricter
 * wish.
 */
import { type Directives, delta, maxStale, parseCacheControl } from '../http/cache-control.ts'
import { type Fields, fieldValue, hasField } from '../http/fields.ts'
import { type Seconds, seconds } from '../time.ts'
import type { Policy } from './policy.ts'

export interface Wishes {
  readonly isNoCache: boolean
  readonly isOnlyIfCached: boolean
  readonly maxAge: Seconds | undefined
  readonly minFresh: Seconds | undefined
  /** Infinity: however stale. */
  readonly maxStale: Seconds | undefined
  readonly staleIfError: Seconds | undefined
}

const none: Wishes = {
  isNoCache: false,
  isOnlyIfCached: false,
  maxAge: undefined,
  minFresh: undefined,
  maxStale: undefined,
  staleIfError: undefined,
}

export function wishesOf(requestFields: Fields, policy: Policy): Wishes {
  if (policy.clientDirectives === 'ignore') return none
  const value = fieldValue(requestFields, 'cache-control')
  // RFC 9111 §5.4: Pragma speaks only where Cache-Control is silent.
  if (value === undefined)
    return hasField(requestFields, 'pragma') ? { ...none, isNoCache: isPragmaNoCache(requestFields) } : none
  const directives = parseCacheControl(value)
  return {
    isNoCache: directives.has('no-cache'),
    isOnlyIfCached: directives.has('only-if-cached'),
    maxAge: strictly(directives, 'max-age', 0),
    minFresh: strictly(directives, 'min-fresh', Number.POSITIVE_INFINITY),
    maxStale: maxStale(directives),
    staleIfError: strictly(directives, 'stale-if-error', 0),
  }
}

/** A response that is fresh. */
export interface Freshness {
  readonly age: Seconds
  /** What is left of its lifetime. */
  readonly ttl: Seconds
  readonly isImmutable: boolean
}

/**
 * Whether a fresh response will do. One that is immutable is validated for a client that says `no-cache` alone (RFC 8246 §2.1): a `max-age=0` is
 * what browsers say when a page is loaded again, and there is nothing that could have changed.
 */
export function acceptsFresh(wishes: Wishes, { age, ttl, isImmutable }: Freshness): boolean {
  if (wishes.isNoCache) return false
  if (isImmutable) return true
  if (wishes.maxAge !== undefined && age > wishes.maxAge) return false
  return wishes.minFresh === undefined || ttl >= wishes.minFresh
}

/**
 * How stale a response may be, in seconds; 0 for not at all. `max-stale` says it exactly, either way; without it `max-age` and `min-fresh` mean
 * that the client wants none (§5.2.1.1), and otherwise the policy's window holds.
 */
export function staleLimit(wishes: Wishes, age: Seconds, window: Seconds): Seconds {
  const isTooOld = wishes.maxAge !== undefined && age > wishes.maxAge
  if (wishes.isNoCache || isTooOld || wishes.minFresh !== undefined) return seconds(0)
  if (wishes.maxStale !== undefined) return wishes.maxStale
  return wishes.maxAge === undefined ? window : seconds(0)
}

function isPragmaNoCache(fields: Fields): boolean {
  return parseCacheControl(fieldValue(fields, 'pragma')).has('no-cache')
}

function strictly(directives: Directives, name: string, strictest: number): Seconds | undefined {
  const wished = delta(directives, name)
  return wished === 'invalid' ? seconds(strictest) : wished
}

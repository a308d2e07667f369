/**
 * How long a response may be used (RFC 9111 §4.2.1, RFC 8246) and how long after that it may still be used stale (RFC 5861), as the origin's fields and the
 * policy say together. Computed from the policy of the moment, never stored.
 */
import { type Directives, delta } from '../http/cache-control.ts'
import { parseHttpDate } from '../http/date.ts'
import { type Fields, fieldValue } from '../http/fields.ts'
import type { ResponseHead } from '../http/response.ts'
import { elapsed, type Instant, type Seconds, seconds } from '../time.ts'
import type { Times } from './age.ts'
import { type Governing, governing, restriction } from './directives.ts'
import type { Policy } from './policy.ts'
import { sharingRefusal } from './sharing.ts'

/** Where a lifetime comes from: the rule's `ttl`, its `negative`, or one of the origin's fields. */
export type LifetimeSource = 'rule' | 'negative' | 'targeted' | 's-maxage' | 'max-age' | 'expires' | 'heuristic' | 'none'

export interface Lifetime {
  /** Infinity: until purged. 0: to be validated before every use. */
  readonly fresh: Seconds
  /** How long after `fresh`, whether or not it `isStaleForbidden`. */
  readonly staleWhileRevalidate: Seconds
  readonly staleIfError: Seconds
  /** Whether the origin forbids every stale use, a client's `max-stale` too. */
  readonly isStaleForbidden: boolean
  readonly source: LifetimeSource
  /** The origin says that nothing changes while it is fresh (RFC 8246): of its own lifetime alone, neither a rule's nor a guess. */
  readonly isImmutable: boolean
  /** The rule has a `ttl` for this status, and the origin's own lifetime was used in its place: `override: [max-age]` would change that. */
  readonly isRuleOverruledByOrigin: boolean
}

interface Chosen {
  readonly fresh: Seconds
  readonly source: LifetimeSource
}

/** Statuses that get a rule's `ttl`; any other gets a lifetime from `negative` or from the origin. */
const ttlStatuses: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308])

/** RFC 9110 §15.1. */
const heuristicStatuses: ReadonlySet<number> = new Set([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501])

const heuristicShare = 0.1

export function lifetimeOf(response: ResponseHead, times: Pick<Times, 'responseTime'>, policy: Policy): Lifetime {
  const governed = governing(response.fields)
  const ruled = ruledLifetime(response.status, policy)
  const explicit = explicitLifetime(response.fields, governed, times.responseTime)
  const isRuled = ruled !== undefined && (explicit === undefined || policy.override.has('max-age'))
  const chosen = isRuled ? ruled : (explicit ?? heuristicLifetime(response, governed.directives, { ...times, policy }))
  const mustValidate = isUseForbidden(response, governed.directives, policy)
  return {
    fresh: mustValidate ? seconds(0) : chosen.fresh,
    staleWhileRevalidate: policy.staleWhileRevalidate ?? numberOf(governed.directives, 'stale-while-revalidate'),
    staleIfError: policy.staleIfError ?? numberOf(governed.directives, 'stale-if-error'),
    isStaleForbidden: mustValidate || isStaleForbidden(governed.directives, policy),
    source: chosen.source,
    isImmutable: governed.directives.has('immutable') && chosen === explicit,
    isRuleOverruledByOrigin: ruled !== undefined && !isRuled,
  }
}

/** Whether a status may be stored without explicit lifetime (RFC 9110 §15.1). */
export function isHeuristicallyCacheable(status: number): boolean {
  return heuristicStatuses.has(status)
}

/** The rule's own lifetime for a status; undefined when it has none. */
function ruledLifetime(status: number, policy: Policy): Chosen | undefined {
  if (ttlStatuses.has(status)) {
    if (policy.lifetime.kind === 'fixed') return { fresh: policy.lifetime.duration, source: 'rule' }
    if (policy.lifetime.kind === 'forever') return { fresh: seconds(Number.POSITIVE_INFINITY), source: 'rule' }
  }
  const negative = policy.negative.get(String(status)) ?? policy.negative.get(`${Math.floor(status / 100)}xx`)
  return negative === undefined ? undefined : { fresh: negative, source: 'negative' }
}

/** RFC 9111 §4.2.1, in its order; what cannot be read means already stale. */
function explicitLifetime(fields: Fields, { directives, isTargeted }: Governing, responseTime: Instant): Chosen | undefined {
  for (const name of ['s-maxage', 'max-age'] as const) {
    if (directives.has(name)) return { fresh: numberOf(directives, name), source: isTargeted ? 'targeted' : name }
  }
  const value = isTargeted ? undefined : fieldValue(fields, 'expires')
  if (value === undefined) return undefined
  const expires = parseHttpDate(value, responseTime)
  // RFC 9111 §5.3: an invalid date, "0" above all, is in the past.
  if (expires === undefined) return { fresh: seconds(0), source: 'expires' }
  return { fresh: seconds(Math.max(0, elapsed(dateOf(fields, responseTime), expires))), source: 'expires' }
}

/** RFC 9111 §4.2.2: a tenth of the time since the last change. */
function heuristicLifetime(
  { status, fields }: ResponseHead,
  directives: Directives,
  { responseTime, policy }: { readonly responseTime: Instant; readonly policy: Policy },
): Chosen {
  const isAllowed = policy.heuristics && (isHeuristicallyCacheable(status) || directives.has('public'))
  const modified = isAllowed ? parseHttpDate(fieldValue(fields, 'last-modified') ?? '', responseTime) : undefined
  const unchanged = modified === undefined ? 0 : elapsed(modified, dateOf(fields, responseTime))
  return unchanged > 0
    ? { fresh: seconds(unchanged * heuristicShare), source: 'heuristic' }
    : { fresh: seconds(0), source: 'none' }
}

/** Whether the entry may be used only after the origin has said so, this time. */
function isUseForbidden({ status, fields }: ResponseHead, directives: Directives, policy: Policy): boolean {
  if (restriction(directives, 'no-cache', policy) === 'all') return true
  return sharingRefusal({ status, fields, directives, policy }) !== undefined
}

/** RFC 9111 §4.2.4. */
function isStaleForbidden(directives: Directives, policy: Policy): boolean {
  if (policy.override.has('must-revalidate')) return false
  if (directives.has('must-revalidate') || directives.has('proxy-revalidate')) return true
  // §5.2.2.10 has s-maxage forbid it too. Where the origin or the rule names a window beside it, that is the more exact word.
  return directives.has('s-maxage') && !namesWindow(directives, policy)
}

function namesWindow(directives: Directives, policy: Policy): boolean {
  if (policy.staleWhileRevalidate !== undefined || policy.staleIfError !== undefined) return true
  return directives.has('stale-while-revalidate') || directives.has('stale-if-error')
}

/** When the origin made it; without a readable Date, when it came (RFC 9110 §6.6.1). */
function dateOf(fields: Fields, responseTime: Instant): Instant {
  return parseHttpDate(fieldValue(fields, 'date') ?? '', responseTime) ?? responseTime
}

function numberOf(directives: Directives, name: string): Seconds {
  const duration = delta(directives, name)
  return duration === undefined || duration === 'invalid' ? seconds(0) : duration
}

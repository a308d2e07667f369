/**
 * What to do with what the store had: the fork in every request's way. Pure: the entry, how the ledger judged it, the request and the
 * time go in, a description comes out.
 */
import { evaluateIfRange, validatorsOf } from '../http/conditional.ts'
import type { Request } from '../http/request.ts'
import type { ResponseHead } from '../http/response.ts'
import { elapsed, type Instant, later, type Seconds, seconds } from '../time.ts'
import { currentAge } from './age.ts'
import type { Entry } from './entry.ts'
import { type Lifetime, lifetimeOf } from './freshness.ts'
import { isAnsweredByPart } from './partial.ts'
import type { Policy } from './policy.ts'
import { isStronglyValidatable, isValidatable } from './validate.ts'
import type { Validity } from './validity.ts'
import { acceptsFresh, staleLimit, type Wishes, wishesOf } from './wishes.ts'

/** Why a stored entry is not simply used; also a reason of the closed list. */
export type StaleReason = 'stale' | 'purged' | 'request-directive'

export type Decision =
  /** Fresh. `isDue`: it lies in the last part of its life, refresh it behind the answer. `ttl`: freshness left. */
  | { readonly kind: 'serve'; readonly entry: Entry; readonly age: Seconds; readonly ttl: Seconds; readonly isDue: boolean }
  /** Stale inside stale-while-revalidate (also after a soft purge): answer, refresh behind it. `ttl` is negative. */
  | { readonly kind: 'serve-stale'; readonly entry: Entry; readonly age: Seconds; readonly ttl: Seconds }
  /** Ask the origin, with the entry's validators when `isValidatable`; on failure it may be served until `staleIfErrorUntil`. */
  | {
      readonly kind: 'validate'
      readonly entry: Entry
      readonly reason: StaleReason
      readonly isValidatable: boolean
      readonly staleIfErrorUntil: Instant | undefined
    }
  /** A part is stored, and not what is asked for: its rest, where that can be joined to it, else as if nothing were stored. */
  | { readonly kind: 'complete'; readonly entry: Entry; readonly reason: 'stored-partially' }
  /** As if nothing were stored. */
  | { readonly kind: 'fetch'; readonly reason: 'uri-miss' | 'purged' | 'request-directive' }
  /** only-if-cached and nothing usable: 504. */
  | { readonly kind: 'refuse' }

export interface DecideInput {
  readonly entry: Entry | undefined
  /** How the ledger judged the entry; not looked at without one. */
  readonly validity: Validity
  readonly request: Request
  readonly policy: Policy
  readonly now: Instant
  /** `lifetimeOf` this entry under this policy, where the caller has it already. */
  readonly lifetime?: Lifetime
}

/** Where the entry stands at this moment. */
interface Standing {
  readonly age: Seconds
  readonly lifetime: Lifetime
  /** Freshness left; negative: its staleness. After a soft purge never positive, and counted from there if that is the longer. */
  readonly ttl: Seconds
  readonly isFresh: boolean
  readonly isPurgedSoftly: boolean
}

export function decide(input: DecideInput): Decision {
  const { entry, validity, request, policy } = input
  const wishes = wishesOf(request.fields, policy)
  if (entry === undefined) return wishes.isOnlyIfCached ? refusal : { kind: 'fetch', reason: 'uri-miss' }
  if (validity.kind === 'purged') return wishes.isOnlyIfCached ? refusal : { kind: 'fetch', reason: 'purged' }
  if (entry.part !== undefined && !isAnswered(entry, request, input.now)) {
    if (wishes.isOnlyIfCached) return refusal
    // What was purged softly may be another's bytes by now: nothing is joined to it.
    return validity.kind === 'valid'
      ? { kind: 'complete', entry, reason: 'stored-partially' }
      : { kind: 'fetch', reason: 'purged' }
  }
  const standing = standingOf(entry, input)
  const { age, ttl } = standing
  if (standing.isFresh && acceptsFresh(wishes, { age, ttl, isImmutable: standing.lifetime.isImmutable }))
    return { kind: 'serve', entry, age, ttl, isDue: isDue(standing, policy) }
  if (mayServeStale(standing, wishes)) return { kind: 'serve-stale', entry, age, ttl }
  return wishes.isOnlyIfCached ? refusal : validation(entry, standing, { wishes, now: input.now })
}

/** An answer that was asked for by another request, whether or not it is stored yet. */
export type Shared = ResponseHead & Pick<Entry, 'responseTime' | 'initialAge'>

/**
 * RFC 9111 §4: an answer that another request brought may be used for this one where it could be, were it stored: not when it has to be validated
 * before every use, is stale already, or is older than this client accepts.
 */
export function mayShare(answer: Shared, { request, policy, now }: Pick<DecideInput, 'request' | 'policy' | 'now'>): boolean {
  const wishes = wishesOf(request.fields, policy)
  const standing = standingOf(answer, { validity: { kind: 'valid' }, policy, now })
  const isAccepted = standing.isFresh && acceptsFresh(wishes, { ...standing, isImmutable: standing.lifetime.isImmutable })
  return isAccepted || mayServeStale(standing, wishes)
}

const refusal: Decision = { kind: 'refuse' }

function isAnswered({ part, fields }: Entry, request: Request, now: Instant): boolean {
  return part === undefined || (isAnsweredByPart(part, request) && evaluateIfRange(request.fields, validatorsOf(fields), now))
}

function standingOf(
  entry: Shared,
  { validity, policy, now, lifetime = lifetimeOf(entry, entry, policy) }: Omit<DecideInput, 'entry' | 'request'>,
): Standing {
  const age = currentAge(entry, now)
  const left = lifetime.fresh - age
  if (validity.kind !== 'expired') return { age, lifetime, ttl: seconds(left), isFresh: left > 0, isPurgedSoftly: false }
  const sincePurge = Math.max(0, elapsed(validity.at, now))
  return { age, lifetime, ttl: seconds(Math.min(left, -sincePurge)), isFresh: false, isPurgedSoftly: true }
}

/** RFC 9111 §4.2.4, RFC 5861 §3. */
function mayServeStale({ lifetime, ttl, age, isFresh, isPurgedSoftly }: Standing, wishes: Wishes): boolean {
  if (isFresh || lifetime.isStaleForbidden) return false
  const window = lifetime.staleWhileRevalidate
  const limit = staleLimit(wishes, age, window)
  // After a purge no client can lengthen what the policy allows.
  return -ttl < (isPurgedSoftly ? Math.min(limit, window) : limit)
}

function validation(
  entry: Entry,
  standing: Standing,
  { wishes, now }: { readonly wishes: Wishes; readonly now: Instant },
): Decision {
  const { isPurgedSoftly, isFresh } = standing
  return {
    kind: 'validate',
    entry,
    reason: isPurgedSoftly ? 'purged' : isFresh ? 'request-directive' : 'stale',
    isValidatable: isPurgedSoftly ? isStronglyValidatable(entry) : isValidatable(entry),
    staleIfErrorUntil: staleIfErrorUntil(standing, wishes, now),
  }
}

/** RFC 5861 §4. Undefined when the entry may not stand in for a failing origin, or no longer. */
function staleIfErrorUntil({ lifetime, ttl, isPurgedSoftly }: Standing, wishes: Wishes, now: Instant): Instant | undefined {
  if (lifetime.isStaleForbidden) return undefined
  const window = isPurgedSoftly ? lifetime.staleIfError : (wishes.staleIfError ?? lifetime.staleIfError)
  const left = ttl + window
  return window > 0 && left > 0 ? later(now, seconds(left)) : undefined
}

/**
 * A duration is held to half of the life, so that one longer than it does not refresh at every hit. What is immutable while it is fresh would be
 * the same (RFC 8246 §2).
 */
function isDue({ lifetime, ttl }: Standing, { refreshAhead }: Policy): boolean {
  if (refreshAhead === undefined || lifetime.isImmutable) return false
  const last = 'share' in refreshAhead ? lifetime.fresh * refreshAhead.share : Math.min(refreshAhead.duration, lifetime.fresh / 2)
  return Number.isFinite(lifetime.fresh) && ttl <= last
}

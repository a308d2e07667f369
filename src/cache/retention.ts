/** How long a store keeps an entry: a matter of room, not of truth. Whether it may still be used is decided when it is read. */
import { type Seconds, seconds } from '../time.ts'
import type { Lifetime } from './freshness.ts'
import type { Policy } from './policy.ts'

const minute = 60
const hour = 3600
const day = 24 * hour

/** No entry lives longer without being renewed, `forever` included: the ledger may forget what was purged before that. */
export const longestRetention: Seconds = seconds(30 * day)

export interface StaleUses {
  /** A 304 can make it fresh again. */
  readonly isValidatable: boolean
  /** A client's `max-stale` would be heard. */
  readonly isClientObeyed: boolean
}

/** The lifetime, the longest window after it, and, where it has other uses stale, as long again: an hour, or a minute, and a day at most. */
export function retention(lifetime: Lifetime, { isValidatable, isClientObeyed }: StaleUses): Seconds {
  const window = lifetime.isStaleForbidden ? 0 : Math.max(lifetime.staleWhileRevalidate, lifetime.staleIfError)
  const least = isValidatable ? hour : minute
  const isUseful = isValidatable || (isClientObeyed && lifetime.fresh > 0 && !lifetime.isStaleForbidden)
  const further = isUseful ? Math.min(Math.max(lifetime.fresh, least), day) : 0
  return seconds(Math.min(lifetime.fresh + Math.max(window, further), longestRetention))
}

/** The same for each tier, where the policy has a shorter time for it. */
export function inTiers(keepFor: Seconds, { l1, l2 }: Pick<Policy, 'l1' | 'l2'>): { memory: Seconds; shared: Seconds } {
  return { memory: seconds(Math.min(keepFor, l1 ?? keepFor)), shared: seconds(Math.min(keepFor, l2 ?? keepFor)) }
}

/** How long a store keeps an entry: a matter of room, not of truth. Whether it may still be used is decided when it is read. */
import { type Seconds, seconds } from '../time.ts'
import type { Lifetime } from './freshness.ts'

const hour = 3600
const day = 24 * hour

/** No entry lives longer without being renewed, `forever` included: the ledger may forget what was purged before that. */
export const longestRetention: Seconds = seconds(30 * day)

/** The lifetime, the longest window after it, and, where a 304 can make it fresh again, as long again within an hour and a day. */
export function retention(lifetime: Lifetime, isValidatable: boolean): Seconds {
  const window = lifetime.isStaleForbidden ? 0 : Math.max(lifetime.staleWhileRevalidate, lifetime.staleIfError)
  const validation = isValidatable ? Math.min(Math.max(lifetime.fresh, hour), day) : 0
  return seconds(Math.min(lifetime.fresh + Math.max(window, validation), longestRetention))
}

/**
 * Entries that live until they are purged are kept for 30 days in the store, since nothing there may be without an expiry; being read begins
 * that time anew, once a day at most. Only a valid entry is renewed, so none outlives what the ledger remembers.
 */
import type { Entry } from '../cache/entry.ts'
import { longestRetention } from '../cache/retention.ts'
import { variantKey } from '../cache/variant.ts'
import { later, seconds } from '../time.ts'
import type { Visit } from './visit.ts'
import type { Read } from './way.ts'

const day = seconds(86_400)
const none = seconds(0)

export function renew(visit: Visit, way: Read, entry: Entry): void {
  const { parts, now } = visit
  if (way.policy.lifetime.kind !== 'forever' || parts.memory.renewed.recall(way.primaryKey, now) === true) return
  parts.memory.renewed.remember(way.primaryKey, true, later(now, day))
  const keys = entry.vary.length === 0 ? [] : [variantKey(way.primaryKey, entry.vary, visit.request.fields, way.policy)]
  // A time of the rule's own ends when it ends.
  const { l1, l2 } = way.policy
  const keepFor = { memory: l1 === undefined ? longestRetention : none, shared: l2 === undefined ? longestRetention : none }
  for (const key of [way.primaryKey, ...keys]) parts.background.own(parts.store.renew(key, keepFor))
}

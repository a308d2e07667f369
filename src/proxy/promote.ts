/**
 * From the store that instances share into memory. The copy keeps its times and carries the number it was found valid at, so that a purge that
 * came here meanwhile, or comes later, is above it; how long the copy stays is a matter of room and of the rule's `l1`.
 */
import { inTiers, longestRetention, retention } from '../cache/retention.ts'
import { isValidatable } from '../cache/validate.ts'
import type { InForce } from './in-force.ts'
import { type Copy, isNewer } from './lookup.ts'
import type { Local, Parts } from './parts.ts'
import type { Read } from './way.ts'

export interface Promotable {
  readonly read: Read
  readonly inForce: InForce
  readonly copy: Copy
}

/** Unless the epoch is another by now (detached, one of this process's own), or something newer came into memory meanwhile. */
export function promote({ local, background }: Parts, { read, inForce, copy }: Promotable): void {
  const { key, variants, entry } = copy
  if (entry.stamp.epoch !== local.ledger.stampNow().epoch) return
  const there = local.store.peek(key)
  if (there?.kind === 'entry' && isNewer(there.entry, entry) && isValid(local, there.entry)) return
  const { policy } = read
  const uses = { isValidatable: isValidatable(entry), isClientObeyed: policy.clientDirectives === 'obey' }
  const keepFor = inTiers(retention(inForce.lifetimeOf(entry, policy), uses), policy)
  background.own(local.store.put(key, { kind: 'entry', entry }, keepFor).then(() => {}))
  // It needs no time of its own: one that is out of date leads to the shared store, and from there comes a newer one.
  if (variants !== undefined) background.own(local.store.put(read.primaryKey, variants, longestRetention).then(() => {}))
}

function isValid({ ledger }: Local, { stamp, labels }: Copy['entry']): boolean {
  return ledger.judgeNow(stamp, labels).kind !== 'purged'
}

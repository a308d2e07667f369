/** What was found for a read, decided: and where that is no answer, what is missing and how to say so. */
import { type Decision, decide } from '../cache/decide.ts'
import type { Forward } from '../http/cache-status.ts'
import type { Reason } from '../observe/reasons.ts'
import { later, seconds } from '../time.ts'
import { crowdOf } from './crowd.ts'
import type { Found } from './lookup.ts'
import { soughtOf } from './sought.ts'
import type { Visit } from './visit.ts'
import type { Read } from './way.ts'

/** A read that could not be answered at once: what was found, decided, and how to say so. */
export interface Missed {
  readonly way: Read
  readonly found: Found
  readonly decision: Extract<Decision, { kind: 'validate' | 'complete' | 'fetch' }>
  readonly reason: Reason
  readonly fwd: Forward
}

export function decideOn(visit: Visit, way: Read, found: Found): Decision {
  return decide({
    entry: found.entry,
    validity: found.validity,
    request: visit.request,
    policy: way.policy,
    now: visit.now,
    ...(found.entry === undefined ? {} : { lifetime: visit.inForce.lifetimeOf(found.entry, way.policy) }),
  })
}

/** `purged` and a changed request are misses to a client; only what lies there and is old is `stale` (RFC 9211 §2.2). */
export function missedOf(way: Read, found: Found, decision: Exclude<Decision, { kind: 'refuse' }>): Missed {
  if (decision.kind === 'serve' || decision.kind === 'serve-stale') return unserved(way, found)
  const reason: Reason = decision.kind === 'fetch' && decision.reason === 'uri-miss' ? found.miss : decision.reason
  return { way, found, decision, reason, fwd: forwardOf(decision, found) }
}

function forwardOf(decision: Missed['decision'], found: Found): Forward {
  if (decision.reason === 'request-directive') return 'request'
  if (decision.kind === 'validate') return 'stale'
  if (decision.kind === 'complete') return 'partial'
  return decision.reason === 'purged' ? 'miss' : found.miss
}

/** What could be served and is not: in shadow, or because its body cannot be had back. */
function unserved(way: Read, found: Found): Missed {
  const decision: Missed['decision'] = { kind: 'fetch', reason: 'uri-miss' }
  if (way.mode === 'shadow') return { way, found, decision, reason: 'mode-shadow', fwd: 'bypass' }
  return { way, found, decision, reason: 'undecodable', fwd: 'miss' }
}

/** Whether the last answer to requests like this one could not be shared. */
export function isHitForMiss(visit: Visit, way: Read): boolean {
  const { memory } = visit.parts
  if (memory.hitForMiss.size === 0) return false
  return memory.hitForMiss.recall(crowdOf(way.primaryKey, soughtOf(visit, way)), visit.now) === true
}

/** Counts this use of the key; true once it was asked for often enough to be stored (`min_uses`, within the rule's lifetime). */
export function isUsedEnough(visit: Visit, way: Read): boolean {
  const wanted = way.rule?.cache?.minUses ?? 1
  if (wanted <= 1) return true
  const { uses } = visit.parts.memory
  const count = (uses.recall(way.primaryKey, visit.now) ?? 0) + 1
  const { lifetime } = way.policy
  uses.remember(way.primaryKey, count, later(visit.now, lifetime.kind === 'fixed' ? lifetime.duration : seconds(3600)))
  return count >= wanted
}

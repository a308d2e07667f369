/**
 * Before a write: what it may make old is recorded in the ledger that other processes share, so that one that dies between the origin's commit
 * and its purge leaves nothing old. Behind it the purge fulfils that intent; a write that changed nothing withdraws it.
 */
import { milliseconds } from '../time.ts'
import { type Purging, purgeWorkOf } from './outcome.ts'
import type { Visit } from './visit.ts'

/** From when the origin's time is over until its own purge is surely in the ledger. */
const margin = 5_000

/**
 * Records the intent of what is about to be forwarded, once. False: it could not be recorded, and a rule wants the write refused then. Where none
 * does the write is never in the intent's way: it waits no longer than the ledger asks.
 *
 * What only the body or the answer will tell is widened; the answer's Location and groups nobody can guess, and a cache may leave them (RFC 9111
 * §4.4). Soft rules purge hard: where nobody lives to see the outcome, nothing is known that would allow for less.
 */
export async function announce(visit: Visit, way: Purging): Promise<boolean> {
  const { parts } = visit
  if (!parts.isShared || visit.intent !== undefined) return true
  const request = visit.body instanceof Uint8Array ? visit.body : undefined
  const { hard, soft } = await purgeWorkOf(visit, way, { kind: 'unknown', request })
  const labels = new Set([...hard, ...soft])
  if (labels.size === 0) return true
  const mayRefuse = way.purges.some(({ rule }) => rule.purge?.onPurgeFailure === 'refuse')
  // An intent may still get through just before the lease ends; its purge then would not.
  if (mayRefuse && !parts.local.ledger.isAttached) return false
  visit.intent = await parts.ledger.intend([...labels], milliseconds(parts.settings.originPatience + margin))
  return visit.intent !== undefined || !mayRefuse
}

/** Nothing was changed: the intent goes without a purge. Nobody waits for that. */
export function withdraw(visit: Visit): void {
  const { intent, parts } = visit
  visit.intent = undefined
  if (intent !== undefined) parts.background.own(parts.ledger.forget(intent))
}

/** Waiting for another's fetch. Joined only if nothing of it was purged since it took its stamp; left when its answer is not for everybody. */

import type { Entry } from '../cache/entry.ts'
import { variantKey } from '../cache/variant.ts'
import { answerFailure, answerShared } from './answer.ts'
import { bodyOf } from './at-rest.ts'
import { type Flight, mayJoin } from './collapse.ts'
import { answerFreshened, answerStale, fetchAlone, lead } from './lead.ts'
import { isStaleAllowed, type Missed } from './read.ts'
import type { Visit } from './visit.ts'

export interface Followed {
  readonly missed: Missed
  readonly flight: Flight
  /** How often this request has waited already. */
  readonly attempt: number
}

/** After this many fetches that failed before its eyes a follower takes the failure for an answer. */
const patience = 3

/** False: nothing was answered, look again from the top. */
export async function follow(visit: Visit, { missed, flight, attempt }: Followed): Promise<boolean> {
  const { parts, exchange } = visit
  if (!isJoinable(visit, missed, flight)) {
    await lead(visit, missed)
    return true
  }
  flight.followers += 1
  const result = await flight.outcome
  if (exchange.isGone) {
    visit.reason = 'aborted'
    visit.finish(499)
    return true
  }
  switch (result.kind) {
    case 'failed': {
      const entry = isStaleAllowed(visit, missed)
      if (entry !== undefined) await answerStale(visit, missed, entry, undefined)
      else if (attempt + 1 >= patience) answerFailure(visit, result.error, missed.fwd)
      else return false
      return true
    }
    case 'own': {
      const entry = result.isServerError ? isStaleAllowed(visit, missed) : undefined
      if (entry !== undefined) await answerStale(visit, missed, entry, result.head.status)
      else if (result.isServerError && attempt + 1 < patience) return false
      else await fetchAlone(visit, missed)
      return true
    }
    case 'freshened': {
      if (!isSameVariant(visit, missed, result.entry)) return false
      visit.isCollapsed = true
      await answerFreshened(visit, result.entry, { kind: 'forward', fwd: missed.fwd, fwdStatus: 304, isCollapsed: true })
      return true
    }
    case 'shared': {
      const { way } = missed
      const own = variantKey(way.primaryKey, result.selector, visit.request.fields, way.policy)
      if (own !== result.variantKey) return false
      if (!result.capture.isJoinable) {
        await fetchAlone(visit, missed)
        return true
      }
      visit.isCollapsed = true
      parts.flights.joined += 1
      await answerShared(visit, { fill: result, isLeader: false, reason: 'collapsed', fwd: missed.fwd, isStored: false, bodyOf })
      return true
    }
  }
}

function isJoinable(visit: Visit, { found }: Missed, flight: Flight): boolean {
  const { local } = visit.parts
  if (local !== undefined) return local.ledger.judgeNow(flight.stamp, flight.labels).kind === 'valid'
  return found.reading !== undefined && mayJoin(flight, found.reading)
}

function isSameVariant(visit: Visit, { way, decision }: Missed, entry: Entry): boolean {
  const stored = decision.kind === 'validate' ? decision.entry : undefined
  if (stored === undefined) return entry.vary.length === 0
  return (
    variantKey(way.primaryKey, entry.vary, visit.request.fields, way.policy) ===
    variantKey(way.primaryKey, stored.vary, visit.request.fields, way.policy)
  )
}

/** Waiting for another's fetch. Joined only if nothing of it was purged since it took its stamp; left when its answer is not for everybody. */

import { variantKey } from '../cache/variant.ts'
import { abandon, answerFailure, answerShared } from './answer.ts'
import { bodyOf } from './at-rest.ts'
import { type Flight, isCurrent, isSameKey } from './collapse.ts'
import { answerDespite, answerFreshened, fetchAlone, lead } from './lead.ts'
import type { Missed } from './read.ts'
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
  if (!isSameKey(flight, missed.way.name, visit.inForce.label) || !isCurrent(parts, flight, missed.found.reading)) {
    await lead(visit, missed)
    return true
  }
  flight.followers += 1
  const result = await flight.outcome
  if (exchange.isGone) {
    abandon(visit)
    return true
  }
  switch (result.kind) {
    case 'failed':
      if (await answerDespite(visit, missed, undefined)) return true
      if (attempt + 1 < patience) return false
      answerFailure(visit, result.error, missed.fwd)
      return true
    case 'own':
      if (result.isServerError && (await answerDespite(visit, missed, result.head.status))) return true
      if (result.isServerError && attempt + 1 < patience) return false
      await fetchAlone(visit, missed)
      return true
    case 'freshened': {
      // A part answers nobody but those who asked for it.
      if (!result.isShared || result.entry.part !== undefined) {
        await fetchAlone(visit, missed)
        return true
      }
      if (!isSameVariant(visit, missed, { selector: result.entry.vary, variantKey: result.variantKey })) return false
      visit.isCollapsed = true
      parts.flights.joined += 1
      answerFreshened(visit, result, { kind: 'forward', fwd: missed.fwd, fwdStatus: 304, isCollapsed: true })
      return true
    }
    case 'shared': {
      if (!isSameVariant(visit, missed, result)) return false
      if (!result.capture.isJoinable) {
        await fetchAlone(visit, missed)
        return true
      }
      visit.isCollapsed = true
      parts.flights.joined += 1
      await answerShared(visit, { fill: result, isLeader: false, reason: 'collapsed', fwd: missed.fwd, bodyOf })
      return true
    }
  }
}

/** Whether this request's own fields select what another's fetch has brought. */
function isSameVariant(
  visit: Visit,
  { way }: Missed,
  { selector, variantKey: brought }: { readonly selector: readonly string[]; readonly variantKey: string },
): boolean {
  return variantKey(way.primaryKey, selector, visit.request.fields, way.policy) === brought
}

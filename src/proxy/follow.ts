/** Waiting for another's fetch. Joined only if nothing of it was purged since it took its stamp; left when its answer is not for everybody. */

import { mayShare, type Shared } from '../cache/decide.ts'
import { isValidatable } from '../cache/validate.ts'
import { variantKey } from '../cache/variant.ts'
import { abandon, answerFailure, answerShared } from './answer.ts'
import { bodyOf } from './at-rest.ts'
import { type Flight, isCurrent, isSameKey } from './collapse.ts'
import { answerDespite } from './despite.ts'
import { answerFreshened, fetchAlone, lead } from './lead.ts'
import type { Missed } from './missed.ts'
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
  const isJoinable =
    isSameKey(flight, missed.way.name, visit.inForce.label) && isCurrent(parts.local.ledger, flight, missed.found.reading)
  const isTooLong = visit.hasWaitedElsewhere && flight.waiting?.isWaiting === true
  if (!isJoinable || isTooLong) return await lead(visit, missed)
  flight.followers += 1
  const result = await flight.outcome
  if (exchange.isGone) {
    abandon(visit)
    return true
  }
  switch (result.kind) {
    case 'elsewhere':
      visit.hasWaitedElsewhere = true
      return false
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
      const isUsed = result.entry.part === undefined && isUsable(visit, missed, result.entry)
      if (result.isShared && !isUsed && result.entry.part === undefined && attempt === 0) return false
      if (!result.isShared || !isUsed) {
        await fetchAlone(visit, missed)
        return true
      }
      if (!isSameVariant(visit, missed, { selector: result.entry.vary, variantKey: result.variantKey })) return false
      visit.isCollapsed = true
      parts.flights.joined += 1
      answerFreshened(
        visit,
        { ...result, policy: missed.way.policy },
        { kind: 'forward', fwd: missed.fwd, fwdStatus: 304, isCollapsed: true },
      )
      return true
    }
    case 'shared': {
      if (!isSameVariant(visit, missed, result)) return false
      const { storedHead, times, initialAge } = result
      const isUsed = isUsable(visit, missed, { ...storedHead, ...times, initialAge })
      if (!isUsed && attempt === 0 && isValidatable(storedHead)) {
        // Once it is stored it lends its validators: to ask with them is less work for the origin than to ask for the whole.
        await result.entry
        return false
      }
      if (!isUsed || !result.capture.isJoinable) {
        await fetchAlone(visit, missed)
        return true
      }
      visit.isCollapsed = true
      parts.flights.joined += 1
      await answerShared(visit, {
        fill: result,
        isLeader: false,
        policy: missed.way.policy,
        reason: 'collapsed',
        fwd: missed.fwd,
        bodyOf,
      })
      return true
    }
  }
}

/** Judged at this moment: an answer that takes long to come may have become stale meanwhile. */
function isUsable({ parts, request }: Visit, { way }: Missed, answer: Shared): boolean {
  return mayShare(answer, { request, policy: way.policy, now: parts.clock.now() })
}

/** Whether this request's own fields select what another's fetch has brought. */
function isSameVariant(
  visit: Visit,
  { way }: Missed,
  { selector, variantKey: brought }: { readonly selector: readonly string[]; readonly variantKey: string },
): boolean {
  return variantKey(way.primaryKey, selector, visit.request.fields, way.policy) === brought
}

/** A stored response that is stale answers in place of an origin that fails (RFC 9111 §4.2.4, RFC 5861 §4). */
import { currentAge } from '../cache/age.ts'
import type { Entry } from '../cache/entry.ts'
import type { CacheStatus } from '../http/cache-status.ts'
import { answerStored } from './answer.ts'
import { bodyOf } from './at-rest.ts'
import { isConfirmed, judgeAgain } from './look.ts'
import type { Missed } from './missed.ts'
import type { Visit } from './visit.ts'

/** The origin gave nothing, or an error with `fwdStatus`: what is stored is served where a window allows it. False: there is nothing. */
export async function answerDespite(visit: Visit, missed: Missed, fwdStatus: number | undefined): Promise<boolean> {
  const entry = await staleInstead(visit, missed)
  const body = entry && (await bodyOf(entry))
  if (entry === undefined || body === undefined) return false
  visit.tier = missed.found.tier
  const age = currentAge(entry, visit.parts.clock.now())
  const status: CacheStatus = { kind: 'forward', fwd: missed.fwd, fwdStatus }
  answerStored(visit, { entry, body, age, policy: missed.way.policy, reason: 'stale-if-error', status })
  return true
}

/** The stored response that may stand in for a failing origin: inside its window, and not purged while the origin was being asked. */
async function staleInstead(visit: Visit, { way, decision }: Missed): Promise<Entry | undefined> {
  const { clock } = visit.parts
  if (way.mode === 'shadow' || decision.kind !== 'validate' || decision.staleIfErrorUntil === undefined) return undefined
  if (decision.staleIfErrorUntil <= clock.now()) return undefined
  const { entry } = decision
  const validity = await judgeAgain(visit.parts, entry, isConfirmed(visit.parts, way))
  return validity.kind === 'purged' ? undefined : entry
}

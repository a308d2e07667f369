/** Behind a forwarded request: what it made old is purged before it is answered, and its intent is fulfilled or withdrawn. */
import type { ResponseHead } from '../http/response.ts'
import type { Intent } from '../ledger/ledger.ts'
import { OriginError } from '../origin/origin.ts'
import { withdraw } from './announce.ts'
import { type Outcome, type Purging, purgeWorkOf } from './outcome.ts'
import { type PurgeResult, type PurgeWork, purge } from './purge.ts'
import type { Visit } from './visit.ts'
import type { Read } from './way.ts'

/** All is known that will be. */
export async function purgeBehind(visit: Visit, way: Purging, outcome: Outcome): Promise<PurgeResult> {
  const work = await purgeWorkOf(visit, way, outcome)
  if (work.hard.size + work.soft.size === 0) withdraw(visit)
  const { intent } = visit
  visit.intent = undefined
  return carryOut(visit, work, intent)
}

/** The answer has begun, and is purged for once more at its end: its intent stands until then. */
export async function purgeMeanwhile(visit: Visit, way: Purging, outcome: Outcome): Promise<PurgeResult> {
  return carryOut(visit, await purgeWorkOf(visit, way, outcome), undefined)
}

/** A rule that both caches and purges: a read that was forwarded purges like a write, before it is answered. `ended`: its answer, or none. */
export async function purgeBehindRead(visit: Visit, way: Read, ended: ResponseHead | OriginError): Promise<void> {
  if (way.purges.length === 0) return
  if (ended instanceof OriginError && !ended.isSent) return withdraw(visit)
  const outcome: Outcome =
    ended instanceof OriginError
      ? { kind: 'unknown', request: way.body }
      : { kind: ended.status >= 500 ? 'server-error' : 'answered', request: way.body, head: ended, json: undefined }
  await purgeBehind(visit, await purgingOf(visit, way), outcome)
}

/** A read as what it purges: under a rule it is safe for RFC 9111 §4.4, whatever its method. */
export async function purgingOf(visit: Visit, { purges }: Read): Promise<Purging> {
  const identified = await visit.inForce.identities?.identify(visit.request.fields, visit.now)
  return { purges, identified, isUriInvalidated: false }
}

/** Purges, and has the answer say when that could not be done yet. */
async function carryOut(visit: Visit, work: PurgeWork, intent: Intent | undefined): Promise<PurgeResult> {
  const result = await purge(visit.parts, work, intent)
  if (result.kind === 'queued' && visit.ownFields.length === 0) visit.ownFields.push('Springhouse-Purge', 'queued')
  return result
}

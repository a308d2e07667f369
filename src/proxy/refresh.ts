/** Refreshing behind an answer: once per key at a time, only when there is room, and never in a client's way. */
import type { Entry } from '../cache/entry.ts'
import { isStronglyValidatable, isValidatable } from '../cache/validate.ts'
import type { Request } from '../http/request.ts'
import { later, seconds } from '../time.ts'
import type { Flight } from './collapse.ts'
import { type Errand, type Fill, fill } from './fill.ts'
import { land } from './lead.ts'
import { type Found, joinLabels } from './lookup.ts'
import type { Visit } from './visit.ts'
import type { Read } from './way.ts'

export interface Refreshable {
  readonly way: Read
  readonly found: Found
  readonly entry: Entry
}

/** After one that failed, the key is left alone for this long. */
const pauseAfterFailure = seconds(1)

export function refresh(visit: Visit, { way, found, entry }: Refreshable): void {
  const { parts, inForce } = visit
  if (found.stamp === undefined || !parts.background.hasRoom) return
  const running = parts.flights.find(found.flightKey)
  // One that took its stamp before a purge fetches what is old already: another one is wanted.
  if (running !== undefined && parts.local?.ledger.judgeNow(running.stamp, running.labels).kind !== 'purged') return
  if (parts.memory.refreshPaused.recall(found.flightKey, visit.now) === true) return
  const isSoft = found.validity.kind === 'expired'
  const errand: Errand = {
    read: way,
    asker: { request: asGet(visit.request), clientAddress: visit.exchange.clientAddress, isTrusted: visit.exchange.isTrusted },
    inForce,
    stamp: found.stamp,
    validated: (isSoft ? isStronglyValidatable(entry) : isValidatable(entry))
      ? { entry, reason: isSoft ? 'purged' : 'stale' }
      : undefined,
    isBackground: true,
    isStored: true,
  }
  const outcome = fill(parts, errand)
  const flight: Flight = { key: found.flightKey, stamp: found.stamp, labels: joinLabels(way, inForce), outcome, followers: 0 }
  parts.flights.add(flight)
  parts.background.own(land(visit, flight))
  parts.background.own(report(visit, flight))
}

/** Nobody else reads an answer that is not shared: it is let go, and the stored one lives on while its window does. */
async function report(visit: Visit, flight: Flight): Promise<void> {
  const { parts } = visit
  const result: Fill = await flight.outcome
  const isOk = result.kind === 'freshened' || (result.kind === 'shared' && (await result.entry) !== undefined)
  if (result.kind === 'own') result.response.body.on('error', () => {}).destroy()
  if (!isOk) parts.memory.refreshPaused.remember(flight.key, true, later(parts.clock.now(), pauseAfterFailure))
  parts.observer.refreshed({ rule: visit.rule, key: flight.key, isOk })
}

/** What is stored is what GET answers, whoever found it old. */
function asGet(request: Request): Request {
  return request.method === 'HEAD' ? { ...request, method: 'GET' } : request
}

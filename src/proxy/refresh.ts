/** Refreshing behind an answer: once per key at a time, only when there is room, and never in a client's way. */
import type { Decision } from '../cache/decide.ts'
import type { Entry } from '../cache/entry.ts'
import { isStronglyValidatable, isValidatable, validating } from '../cache/validate.ts'
import { withoutFields } from '../http/fields.ts'
import type { Request } from '../http/request.ts'
import { later, seconds } from '../time.ts'
import { type Flight, isCurrent, isSameKey, type Waiting } from './collapse.ts'
import type { Errand } from './errand.ts'
import { fill } from './fill.ts'
import { inTurn, isThere } from './in-turn.ts'
import { land } from './lead.ts'
import { lentTo } from './lend.ts'
import { type Found, joinLabels } from './lookup.ts'
import { isOvertaken } from './overtaken.ts'
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
  const isRunning = running !== undefined && isSameKey(running, way.name, inForce.label)
  if (isRunning && isCurrent(parts.local.ledger, running, found.reading)) return
  if (parts.memory.refreshPaused.recall(found.flightKey, visit.now) === true) return
  const isSoft = found.validity.kind === 'expired'
  const isLending = isSoft ? isStronglyValidatable(entry) : isValidatable(entry)
  const selected = isLending ? ({ entry, reason: isSoft ? 'purged' : 'stale' } as const) : undefined
  const errand: Errand = {
    read: way,
    asker: {
      request: asPlainGet(visit.request),
      clientAddress: visit.exchange.clientAddress,
      isTrusted: visit.exchange.isTrusted,
    },
    inForce,
    stamp: found.stamp,
    validated: validating(selected, lentTo(visit, way, found)),
    isBackground: true,
    isStored: true,
  }
  const waiting: Waiting = { isWaiting: false }
  const outcome = inTurn(visit, { way, found, waiting, mayWait: true, isDone: isRefreshed, fetch: () => fill(parts, errand) })
  const flight: Flight = {
    key: found.flightKey,
    rule: way.name,
    stamp: found.stamp,
    labels: joinLabels(way, inForce),
    outcome,
    waiting,
    followers: 0,
  }
  parts.flights.add(flight)
  parts.background.own(land(visit, flight))
  parts.background.own(report(visit, way, flight))
}

function isRefreshed(decision: Decision): boolean {
  return decision.kind === 'serve' && !decision.isDue
}

/** Nobody else reads an answer that is not shared: it is let go, and the stored one lives on while its window does. */
async function report(visit: Visit, way: Read, flight: Flight): Promise<void> {
  const { parts } = visit
  const result = await flight.outcome
  if (result.kind === 'elsewhere') {
    // What another instance has brought takes the place of the old one in memory.
    await isThere(visit, { way, isDone: isRefreshed })
    return
  }
  const isOk = result.kind === 'freshened' || (result.kind === 'shared' && (await result.entry) !== undefined)
  if (result.kind === 'own') result.response.body.on('error', () => {}).destroy()
  // One that a purge has overtaken did not fail: the next is wanted at once.
  const isFailed = !isOk && !isOvertaken(parts, flight)
  if (isFailed) parts.memory.refreshPaused.remember(flight.key, true, later(parts.clock.now(), pauseAfterFailure))
  parts.observer.refreshed({ rule: visit.rule, key: flight.key, isOk })
}

const partial: ReadonlySet<string> = new Set(['range', 'if-range'])

/** What is stored is what GET answers with the whole, whoever found it old. */
function asPlainGet(request: Request): Request {
  return {
    ...request,
    method: request.method === 'HEAD' ? 'GET' : request.method,
    fields: withoutFields(request.fields, partial),
  }
}

/**
 * THE STORY. Read this first.
 *
 * A request that passed the gate comes in as an exchange. Its way is known from the rules: a read goes through the store, a write goes to the
 * origin and purges, anything else passes. A read that memory can answer is answered at once, without a promise; everything else takes the
 * asynchronous way, which owns its failures: whatever happens, the client gets one answer or a cut connection, and there is one report.
 */
import { unmatchedRule } from '../cache/entry.ts'
import { answerBrokenBody, answerError } from './answer.ts'
import { bodyJson } from './body-json.ts'
import type { Exchange } from './exchange.ts'
import type { Parts } from './parts.ts'
import { pass } from './pass.ts'
import { read, readNow } from './read.ts'
import { readWhole } from './read-whole.ts'
import { type RouteInput, route } from './route.ts'
import { Visit } from './visit.ts'
import type { Facts, Wanting, Way } from './way.ts'
import { write } from './write.ts'

export function handle(exchange: Exchange, parts: Parts): void {
  const visit = new Visit(exchange, parts, unmatchedRule)
  try {
    const way = route(routeInput(visit, {}))
    if (way.kind === 'read' && readNow(visit, way)) return
    parts.background.own(go(visit, way))
  } catch (error) {
    fail(visit, error)
  }
}

async function go(visit: Visit, first: ReturnType<typeof route>): Promise<void> {
  try {
    const way = first.kind === 'wanting' ? await waitForWay(visit, first) : first
    if (way === undefined) return
    switch (way.kind) {
      case 'read':
        return await read(visit, way)
      case 'write':
        return await write(visit, way)
      case 'pass':
        return await pass(visit, way)
    }
  } catch (error) {
    fail(visit, error)
  }
}

/**
 * Fetches, one after the other, what the way depends on: a verified identity, a body that is part of the key. Undefined: the body broke off,
 * and that was answered.
 */
async function waitForWay(visit: Visit, first: Wanting): Promise<Way | undefined> {
  const { exchange, inForce, parts, request } = visit
  let facts: Facts = {}
  let way: ReturnType<typeof route> = first
  while (way.kind === 'wanting') {
    if (way.what === 'identity') {
      const identified = await inForce.identities?.identify(request.fields, visit.now)
      facts = { ...facts, identified: identified ?? { kind: 'nobody' } }
    } else {
      const { jsonLimit } = parts.settings
      const whole = exchange.body === undefined ? undefined : await readWhole(exchange.body, jsonLimit)
      if (whole?.kind === 'failed') {
        answerBrokenBody(visit, whole.error)
        return undefined
      }
      const body = whole?.kind === 'whole' ? whole.body : undefined
      if (body !== undefined) visit.body = body
      facts = { ...facts, read: { body, json: body === undefined ? undefined : await bodyJson(request, body, jsonLimit) } }
    }
    way = route(routeInput(visit, facts))
  }
  return way
}

function routeInput(visit: Visit, facts: Facts): RouteInput {
  const { exchange, inForce, parts, request } = visit
  return { request, hasBody: exchange.body !== undefined, inForce, originHost: parts.settings.originHost, facts, now: visit.now }
}

/** A fault of ours: the client hears of it while it still can, and there is one report whatever else goes wrong. Never throws. */
function fail(visit: Visit, error: unknown): void {
  const { exchange, parts } = visit
  parts.observer.fault(error)
  // It came behind the answer, which the client has whole.
  if (visit.isReported) return
  try {
    if (!exchange.isHeadWritten) answerError(visit, 500, 'internal', { kind: 'forward', fwd: 'bypass' })
  } catch (another) {
    parts.observer.fault(another)
  }
  if (visit.isReported) return
  exchange.destroy()
  visit.reason = 'internal'
  visit.finish(500)
}

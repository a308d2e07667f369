/** What can be asked of the operator's edge: one function per operation, from a call to an answer. Which path and method leads here: `api.ts`. */
import { unmatchedRule } from '../cache/entry.ts'
import { quoted } from '../rules/problem.ts'
import type { Admin, KeyPage, Shown } from './admin.ts'
import { type Answer, json, refuse, text } from './answer.ts'
import type { Body } from './body.ts'
import { readExplainRequest } from './explain-request.ts'
import { keysOfPath, renderedKeyOf } from './listed-key.ts'
import { countOf, type PurgeOrder, readPurgeBody, warningsOfOrder } from './purge-order.ts'
import { listRules } from './rules-listing.ts'
import { detailsOf } from './stored-details.ts'

export interface Call {
  readonly admin: Admin
  readonly query: URLSearchParams
  /** What follows the path of the endpoint, as it came. */
  readonly rest: string
  readonly body: () => Promise<Body>
}

/** The process runs: nothing more is asked here, so that no outage elsewhere has it restarted. */
export async function live(): Promise<Answer> {
  return json(200, { status: 'live' })
}

/** Open to everybody, so the origin's addresses are left out. */
export async function ready({ admin }: Call): Promise<Answer> {
  const { isReady, reasons, store, ledger, origin } = await admin.health()
  return json(isReady ? 200 : 503, {
    status: isReady ? 'ready' : 'not ready',
    reasons,
    store: { kind: store.kind, isConnected: store.isConnected, keys: store.keys, bytes: store.bytes },
    ledger: { kind: ledger.kind, isAttached: ledger.isConnected, waiting: ledger.waiting },
    origin: { isReachable: origin.isReachable, circuit: origin.circuit, inFlight: origin.inFlight, queued: origin.queued },
  })
}

export async function exposition({ admin }: Call): Promise<Answer> {
  return text(admin.metrics.contentType, await admin.metrics.exposition())
}

export async function summary({ admin }: Call): Promise<Answer> {
  return json(200, await admin.metrics.summary())
}

export async function resetSummary({ admin }: Call): Promise<Answer> {
  await admin.metrics.reset()
  return json(200, await admin.metrics.summary())
}

export async function rules({ admin }: Call): Promise<Answer> {
  return json(200, listRules(admin.rules()))
}

export async function explain({ admin, query }: Call): Promise<Answer> {
  const request = readExplainRequest(query, admin.defaultHost())
  if ('error' in request) return refuse(400, request)
  return json(200, await admin.explain(request))
}

export async function keys({ admin, query }: Call): Promise<Answer> {
  const match = query.get('match') || '*'
  if (match.length > longestMatch)
    return refuse(400, { error: 'The pattern is too long', fix: `Write at most ${longestMatch} characters` })
  return json(
    200,
    await admin.list(match, { cursor: query.get('cursor') ?? '', count: countOf(query.get('count') ?? undefined) }),
  )
}

export async function show({ admin, rest }: Call): Promise<Answer> {
  for (const key of keysOfPath(rest)) {
    const shown = await admin.show(key)
    if (shown !== undefined) return json(200, detailsOf(shown))
  }
  // Typed from a rule's key, it lacks what was appended: shown all the same where only one can be meant.
  const near = (await Promise.all(keysOfPath(rest).map((key) => keysBeginning(admin, key)))).flat()
  const only: Shown | undefined = near.length === 1 ? await admin.show(near[0] as string) : undefined
  if (only !== undefined) return json(200, detailsOf(only))
  const error = `Nothing is stored under ${quoted(rest)}`
  if (near.length === 0) return refuse(404, { error, fix: 'Ask GET /keys?match=… for what is, and write a key as it is listed' })
  return json(404, { error, fix: 'Name one of these keys', keys: near })
}

export async function purgeKey({ admin, rest }: Call): Promise<Answer> {
  if (rest === '')
    return refuse(404, { error: 'No key is named', fix: 'Write DELETE /keys/<key as listed>, or POST /purge with "all": true' })
  return purged(admin, {
    keys: keysOfPath(rest).map(renderedKeyOf),
    patterns: [],
    tags: [],
    rules: [],
    urls: [],
    isAll: false,
    kind: 'hard',
  })
}

export async function purge({ admin, body }: Call): Promise<Answer> {
  const read = await body()
  if (read.kind === 'refused') return read.answer
  const parsed = readPurgeBody(read.value, [...admin.rules().rules.map(({ name }) => name), unmatchedRule])
  if ('error' in parsed) return refuse(400, parsed)
  const { order, isDryRun, cursor, count } = parsed
  return isDryRun
    ? json(200, { ...(await admin.preview(order, { cursor, count })), ...warned(admin, order) })
    : purged(admin, order)
}

async function purged(admin: Admin, order: PurgeOrder): Promise<Answer> {
  const { labels, result } = await admin.purge(order)
  if (result.kind === 'done') return json(200, { number: result.number, labels, kind: order.kind, ...warned(admin, order) })
  return json(503, {
    error: 'The ledger did not take the purge',
    fix: 'Nothing that is stored is used until it does; ask again to be told its number',
    queued: result.waiting,
    labels,
  })
}

function warned(admin: Admin, order: PurgeOrder): { readonly warnings?: readonly string[] } {
  const warnings = warningsOfOrder(order, admin.rules())
  return warnings.length === 0 ? {} : { warnings }
}

const longestMatch = 1024
const mostNear = 20
const mostPages = 50

/** Keys that were made of this one by appending. Bounded: over Redis a page may well be empty. */
async function keysBeginning(admin: Admin, key: string): Promise<string[]> {
  if (key === '' || key.length > longestMatch || key.includes('*')) return []
  const found: string[] = []
  let page: KeyPage = { keys: [], cursor: '' }
  for (let pages = 0; pages < mostPages && page.cursor !== undefined && found.length < mostNear; pages++) {
    page = await admin.list(`${key}|*`, { cursor: page.cursor, count: 1000 })
    found.push(...page.keys)
  }
  return found.slice(0, mostNear)
}

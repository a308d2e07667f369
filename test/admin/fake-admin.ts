/** An `Admin` of plain data, served over a real socket, that records what was asked of it. */
import { request as httpRequest } from 'node:http'
import type { Test } from 'tap'
import type { Admin, Health, Shown } from '../../src/admin/admin.ts'
import type { PurgeOrder } from '../../src/admin/purge-order.ts'
import { createAdmin } from '../../src/admin/server.ts'
import type { Entry } from '../../src/cache/entry.ts'
import { createMetrics, type Metrics } from '../../src/observe/metrics.ts'
import type { PurgeResult } from '../../src/proxy/purge.ts'
import { parseRules } from '../../src/rules/parse.ts'
import type { RuleSet } from '../../src/rules/rule.ts'
import { instant, seconds, systemClock } from '../../src/time.ts'

export const rulesText = `version: 1
prefix: test
rules:
  - name: badges
    match: GET /badges
    cache: { scope: public, key: "badges:all", ttl: 1h, tags: [badges] }
  - name: detail
    match: GET /things/:id
    cache: { scope: public, key: "thing:{params.id}:detail", ttl: forever }
  - name: changed
    match: PUT|PATCH /things/:id
    purge: { keys: ["thing:{params.id}:detail"], soft: true }
`

export interface FakeAdmin extends Admin {
  /** What the admin API counts from. */
  readonly tallies: Metrics
  readonly orders: PurgeOrder[]
  readonly asked: unknown[]
}

export interface FakeState {
  readonly health?: Partial<Health>
  readonly result?: PurgeResult
  readonly shown?: readonly Shown[]
  /** All keys, listed two to a page whatever was asked. */
  readonly keys?: readonly string[]
}

export function fakeAdmin(state: FakeState = {}): FakeAdmin {
  const { shown = [], keys = [], result = { kind: 'done', number: 7, raised: [] } } = state
  const orders: PurgeOrder[] = []
  const asked: unknown[] = []
  const metrics = createMetrics('test', systemClock)
  metrics.declareRules(['badges', 'detail', 'changed'])
  const page = (cursor: string): { keys: readonly string[]; cursor: string | undefined } => {
    const from = Number(cursor || 0)
    return { keys: keys.slice(from, from + 2), cursor: from + 2 < keys.length ? String(from + 2) : undefined }
  }
  return {
    orders,
    asked,
    tallies: metrics,
    metrics: {
      contentType: metrics.contentType,
      exposition: () => metrics.exposition(),
      summary: async () => metrics.summary(),
      reset: async () => metrics.reset(),
    },
    health: async () => ({
      isReady: true,
      reasons: [],
      store: { kind: 'memory', isConnected: true, keys: 3, bytes: 4096, evictions: 0, undecodable: 0 },
      ledger: { kind: 'memory', isConnected: true, epoch: 'e', seq: 1, labels: 1, folds: 0, waiting: 0 },
      origin: {
        isReachable: true,
        circuit: 'closed',
        inFlight: 0,
        queued: 0,
        addresses: [{ url: 'http://secret-host:1', isUp: true }],
      },
      ...state.health,
    }),
    rules: fakeRules,
    defaultHost: () => 'localhost:8080',
    async purge(order) {
      orders.push(order)
      return { labels: ['t:badges'], result }
    },
    async preview(order, { cursor }) {
      asked.push(order)
      return { labels: ['t:badges'], ...page(cursor) }
    },
    async list(match, { cursor, count }) {
      asked.push({ match, cursor, count })
      const matching = keys.filter((key) => match === '*' || key.startsWith(match.replace(/\*$/, '')))
      return match === '*' ? page(cursor) : { keys: matching, cursor: undefined }
    },
    show: async (key) => shown.find((one) => one.key === key),
    async explain(request) {
      asked.push(request)
      return {
        rule: 'badges',
        way: 'read',
        outcome: 'fetch',
        reason: 'uri-miss',
        key: 'test:badges:all',
        labels: ['k:badges:all'],
        notes: [],
      }
    },
  }
}

export function fakeRules(): RuleSet {
  const parsed = parseRules(rulesText, 'rules.yaml')
  if (parsed.kind === 'problems') throw new Error(JSON.stringify(parsed.problems))
  return parsed.rules
}

export function entryUnder(key: string, entry: Partial<Entry> = {}): Shown {
  return {
    kind: 'entry',
    key,
    entry: {
      status: 200,
      reasonPhrase: 'OK',
      fields: ['Content-Type', 'application/json', 'Set-Cookie', 'sid=hunter2', 'X-Trace', 'a', 'x-trace', 'b'],
      rule: 'badges',
      body: new Uint8Array(10),
      atRest: 'zstd',
      bodyLength: 40,
      requestTime: instant(1_000_000),
      responseTime: instant(1_000_000),
      initialAge: seconds(2),
      stamp: { epoch: 'e', number: 1 },
      labels: ['k:badges:all', 't:badges', 'all'],
      vary: [],
      ...entry,
    },
    validity: { kind: 'valid' },
    lifetime: {
      fresh: seconds(60),
      staleWhileRevalidate: seconds(0),
      staleIfError: seconds(0),
      isStaleForbidden: false,
      source: 'rule',
      isImmutable: false,
      isRuleOverruledByOrigin: false,
    },
    now: instant(1_010_000),
  }
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects, and fails when it is not there
  readonly json: any
}

export interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export interface Served {
  readonly url: string
  readonly port: number
  readonly events: ReadonlyArray<readonly [level: string, name: string, members: unknown]>
  /** The target goes out as it is written. */
  ask(target: string, asked?: Asked): Promise<Reply>
}

export const token = 'a-token_for.tests~1+2/3=='
export const bearer: Readonly<Record<string, string>> = { authorization: `Bearer ${token}` }

export async function serveAdmin(t: Test, admin: Admin, given?: string): Promise<Served> {
  const events: Array<[string, string, unknown]> = []
  const log = { event: (level: string, name: string, members?: unknown): void => void events.push([level, name, members]) }
  const server = createAdmin(admin, { host: '127.0.0.1', port: 0, token: given, log, clock: systemClock })
  const { address } = await server.listen()
  t.teardown(() => server.close())
  const port = Number(new URL(address).port)
  return { url: address, port, events, ask: (target, asked) => ask(port, target, asked) }
}

function ask(port: number, target: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const isFramed = body === undefined || 'transfer-encoding' in headers
    const framed = isFramed ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) }
    const request = httpRequest({ host: '127.0.0.1', port, path: target, method, headers: framed, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString()
        const isJson = response.headers['content-type'] === 'application/json' && text !== ''
        resolve({
          status: response.statusCode as number,
          headers: response.headers,
          text,
          json: isJson ? JSON.parse(text) : undefined,
        })
      })
    })
    request.once('error', reject)
    request.end(body)
  })
}

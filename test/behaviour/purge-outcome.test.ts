/** Which outcome of a write purges, how, and when: always before the writer has its answer, and whenever the origin may have done it. */
import t from 'tap'
import { makeGate } from '../fixtures/gate.ts'
import { onEachStore, openScene, type Scene } from '../fixtures/scene.ts'
import type { Handler } from '../fixtures/scripted-origin.ts'
import { until } from '../fixtures/until.ts'
import { begin, rest, start } from './crowd.ts'

const rules = `defaults: { ttl: 1h, stale_while_revalidate: 1h }
rules:
  - { name: thing, match: GET /thing, cache: { key: "thing" } }
  - { name: write, match: POST /write, purge: { keys: ["thing"] } }
  - { name: picky, match: POST /picky, purge: { keys: ["thing"], status: 202|4xx } }
  - { name: paid, match: POST /paid, purge: { keys: ["thing"], when: response.json.paid } }
  - { name: unlocked, match: POST /unlocked, purge: { keys: ["thing"], when: "response.json.unlocked[*]" } }`

interface Outcome {
  readonly says: string
  readonly target?: string
  readonly does: Handler
  readonly status: number
  readonly detail: string
  readonly effect: 'hard' | 'soft' | 'none'
  /** Milliseconds that pass once the origin has the write. */
  readonly passes?: number
}

function answers(status: number, body = '{}', headers: Record<string, string> = {}): Handler {
  return ({ reply }) =>
    reply({ status, headers: { 'Content-Type': 'application/json', ...headers }, body: status === 204 ? '' : body })
}

function sends(bytes: string): Handler {
  return ({ raw, cut }) => {
    raw(bytes)
    cut()
  }
}

const yes = { status: 200, detail: 'write', effect: 'hard' } as const
const no = { status: 200, detail: 'write', effect: 'none' } as const
const broken = { status: 502, detail: 'origin-broken', effect: 'hard' } as const

const outcomes: readonly Outcome[] = [
  ...[200, 201, 204, 303, 307].map((status): Outcome => ({ ...yes, says: `${status}`, does: answers(status), status })),
  ...[400, 401, 404, 409, 422, 429].map(
    (status): Outcome => ({ says: `${status}`, does: answers(status), status, detail: 'write-failed', effect: 'none' }),
  ),
  ...[500, 502, 503].map(
    (status): Outcome => ({ says: `${status}`, does: answers(status), status, detail: 'write-unknown', effect: 'soft' }),
  ),
  { ...broken, says: 'a reset before any answer', does: ({ reset }) => reset() },
  { ...broken, says: 'a connection closed before any answer', does: ({ cut }) => cut() },
  { ...broken, says: 'an answer that is no HTTP', does: sends('no such thing\r\n\r\n') },
  { ...broken, says: 'a short answer that is cut', does: sends('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123') },
  { says: 'no answer in time', does: () => {}, status: 504, detail: 'origin-timeout', effect: 'hard', passes: 30_001 },
  { ...no, says: '201, where 202 or an error was wanted', target: '/picky', does: answers(201), status: 201 },
  { ...yes, says: '202, as wanted', target: '/picky', does: answers(202), status: 202 },
  { says: '404, as wanted', target: '/picky', does: answers(404), status: 404, detail: 'write-failed', effect: 'hard' },
  { ...broken, says: 'a reset, whatever was wanted', target: '/picky', does: ({ reset }) => reset() },
  { ...yes, says: 'a value that is there', target: '/paid', does: answers(200, '{"paid":true}') },
  { ...yes, says: 'a value of any kind', target: '/paid', does: answers(200, '{"paid":0}') },
  { ...no, says: 'a value that is false', target: '/paid', does: answers(200, '{"paid":false}') },
  { ...no, says: 'a value that is empty', target: '/paid', does: answers(200, '{"paid":""}') },
  { ...no, says: 'a value that is null', target: '/paid', does: answers(200, '{"paid":null}') },
  { ...no, says: 'a value that is not there', target: '/paid', does: answers(200) },
  { ...yes, says: 'a value that cannot be read', target: '/paid', does: answers(200, '{"paid":') },
  { ...yes, says: 'an answer that is no JSON', target: '/paid', does: answers(200, 'paid', { 'Content-Type': 'text/plain' }) },
  { ...broken, says: 'a reset, whatever the value', target: '/paid', does: ({ reset }) => reset() },
  { ...yes, says: 'a list with members', target: '/unlocked', does: answers(200, '{"unlocked":["first-check-in"]}') },
  { ...no, says: 'an empty list', target: '/unlocked', does: answers(200, '{"unlocked":[]}') },
] // biome-ignore format: one outcome, one line

async function effectOf({ ask }: Scene): Promise<string> {
  const { cacheStatus } = await ask('/thing')
  const detail = /detail=([a-z-]+)/.exec(cacheStatus)?.[1] ?? ''
  await ask('/thing')
  return { purged: 'hard', 'stale-purged-softly': 'soft', fresh: 'none' }[detail] ?? detail
}

onEachStore(t, 'a write purges as its outcome wants', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const { ask, origin, clock } = scene
  await ask('/thing')
  for (const { says, target = '/write', does, status, detail, effect, passes } of outcomes) {
    await t.test(`${target}: ${says}`, async (t) => {
      origin.script((exchange) => (exchange.request.method === 'GET' ? exchange.reply(scene.dated()) : does(exchange)))
      const writes = origin.count(target)
      const reply = ask(target, { method: 'POST' })
      await origin.received(writes + 1, target)
      if (passes !== undefined) clock.advance(passes)
      t.match(await reply, { status, cacheStatus: new RegExp(`^fwd=method; .*detail=${detail}$|^fwd=method; detail=${detail}$`) })
      t.equal(origin.count(target), writes + 1, 'a write is never sent twice')
      t.equal(await effectOf(scene), effect)
      t.equal(await effectOf(scene), 'none', 'and once')
    })
  }
})

onEachStore(t, 'a write that never left purges nothing', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  await scene.ask('/thing')
  await scene.origin.close()
  t.match(await scene.ask('/write', { method: 'POST' }), { status: 502, cacheStatus: /detail=origin-unreachable$/ })
  t.match(await scene.ask('/thing'), { cacheStatus: /detail=fresh$/ })
})

onEachStore(t, 'a writer that leaves purges all the same', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const { ask, house, origin, settled } = scene
  await ask('/thing')
  const gate = makeGate()
  origin.script(async ({ request, reply }) => {
    if (request.method === 'POST') await gate.wait()
    reply(scene.dated())
  })
  const leaving = start(house, '/write', 'POST')
  await gate.arrived(1)
  leaving.destroy()
  gate.open()
  await settled()
  t.equal(await effectOf(scene), 'hard')
})

onEachStore(t, 'a long answer to a write: purged at its head, and again at its end', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const { house, origin } = scene
  const gate = makeGate()
  origin.script(async ({ request, reply, response }) => {
    if (request.method === 'GET') return reply(scene.dated())
    response.writeHead(200, { 'Content-Type': 'text/plain' })
    response.write('first')
    await gate.wait()
    response.end('last')
  })
  const ask = async (): Promise<string> => (await house.ask('/thing')).cacheStatus
  await ask()
  const answer = await begin(house, '/write', 'POST')
  t.match(await ask(), /detail=purged$/, 'at the head')
  await until('the store', () => house.app.parts.flights.size === 0)
  t.match(await ask(), /detail=fresh$/)
  gate.open()
  t.equal(await rest(answer), 'firstlast')
  t.match(await ask(), /detail=purged$/, 'at the end, before the writer knows of it')
  await scene.settled()
  t.match(await ask(), /detail=fresh$/)
})

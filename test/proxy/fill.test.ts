import t from 'tap'
import { type Fields, fieldValue } from '../../src/http/fields.ts'
import type { FakeClient } from '../fixtures/exchange.ts'
import { makeParts, type PartsOptions, type TestParts } from '../fixtures/parts.ts'
import { type FakeOrigin, makeOrigin, openBody, reply, type Script } from './fake-origin.ts'

const target = '/page'
const rules = (more = ''): string =>
  `rules:\n  - { name: page, match: GET /page, cache: { scope: public, key: page, ttl: 1m${more} } }\n`

function open(script: Script, more = '', options: Partial<PartsOptions> = {}): TestParts & { readonly origin: FakeOrigin } {
  const origin = makeOrigin(script)
  return { ...makeParts({ rules: rules(more), origin, ...options }), origin }
}

const has = (fields: Fields, name: string): boolean => fieldValue(fields, name) !== undefined
const detailOf = ({ cacheStatus }: FakeClient): string | undefined => cacheStatus.at(-1)?.slice(7)

t.test('fill: what is stored, and what is said about what is not', async (t) => {
  const cases: Array<[fields: Fields, detail: string]> = [
    [['Cache-Control', 'no-store'], 'no-store'],
    [['Set-Cookie', 'a=b'], 'set-cookie'],
    [['Vary', '*'], 'vary-any'],
    [['Content-Type', 'text/event-stream'], 'event-stream'],
    [['Cache-Control', 'max-age=0'], 'no-lifetime'],
  ]
  for (const [fields, detail] of cases) {
    const { ask, observed, origin } = open(() => reply({ fields, body: 'x' }))
    const client = await ask({ target })
    t.same([client.text, detailOf(client), client.cacheStatus.includes('stored')], ['x', detail, false])
    t.equal(detailOf(await ask({ target })), 'hit-for-miss', 'which is remembered')
    t.same([observed.stored.length, origin.leaked()], [0, 0])
  }
})

t.test('fill: a miss is forgotten as soon as an answer can be stored', async (t) => {
  const { ask, parts, origin, clock } = open(() => reply({ fields: ['Cache-Control', 'no-store'] }))
  await ask({ target })
  origin.script(() => reply({ body: 'now' }))
  await ask({ target })
  t.equal(parts.memory.hitForMiss.size, 0)
  t.equal(detailOf(await ask({ target })), 'fresh')
  clock.advance(61_000)
})

t.test('fill: a rule may strip cookies, for the one who asked as for all others', async (t) => {
  const { ask } = open(() => reply({ fields: ['Set-Cookie', 'a=b', 'X-Kept', '1'], body: 'x' }), ', override: [set-cookie]')
  for (const client of [await ask({ target }), await ask({ target })])
    t.same([has(client.fields, 'set-cookie'), has(client.fields, 'x-kept')], [false, true])
})

t.test('fill: a ttl that the origin overrules is said to the operator', async (t) => {
  const { ask, observed } = open(() => reply({ fields: ['Cache-Control', 'max-age=5'] }))
  await ask({ target })
  t.match(observed.advice, [/write "override: \[max-age\]"/])
})

t.test('fill: above the limit a Range is asked for as it is, and remembered', async (t) => {
  const whole = 'x'.repeat(100)
  const fields = ['Range', 'bytes=0-1']
  const { ask, origin, parts } = open(
    ({ fields: sent }) =>
      has(sent, 'range')
        ? reply({ status: 206, fields: ['Content-Range', 'bytes 0-1/100'], body: 'xx' })
        : reply({ body: whole }),
    ', max_size: 50B',
  )
  const first = await ask({ target, fields })
  t.same([first.status, first.text, origin.requests.length, origin.leaked()], [206, 'xx', 2, 0])
  parts.memory.hitForMiss.clear()
  const second = await ask({ target, fields })
  t.same([second.text, origin.requests.length], ['xx', 3], 'at once the next time')
  t.same([(await ask({ target })).text, (await ask({ target })).text], [whole, whole], 'and never for the whole')
})

t.test('fill: an origin that ignores the Range is asked twice at most', async (t) => {
  const { ask, origin } = open(() => reply({ body: 'x'.repeat(100) }), ', max_size: 50B')
  const client = await ask({ target, fields: ['Range', 'bytes=0-1'] })
  t.same([client.status, client.text.length, origin.requests.length], [200, 100, 2])
})

t.test('fill: under the RFC alone, what a Range made of an answer is stored for nobody', async (t) => {
  const lasting = ['Cache-Control', 'max-age=60']
  for (const status of [206, 416, 404, 200]) {
    const origin = makeOrigin(({ fields }) => reply({ status: has(fields, 'range') ? status : 200, fields: lasting, body: 'x' }))
    const kit = makeParts({ origin })
    t.equal((await kit.ask({ target, fields: ['Range', 'bytes=0-'] })).status, status === 200 ? 206 : status)
    t.equal((await kit.ask({ target })).status, 200)
    t.equal(origin.requests.length, status === 200 ? 1 : 2, String(status))
  }
})

t.test('fill: interim answers reach the one who asked, without what belongs to the hop', async (t) => {
  const { ask, origin } = open(({ onInterim }) => {
    onInterim?.(103, ['Link', '</a.css>', 'Connection', 'x-hop', 'X-Hop', '1'])
    return reply()
  })
  const client = await ask({ target })
  t.same(client.interims, [[103, ['Link', '</a.css>']]])
  t.same((await ask({ target })).interims, [])
  t.equal(origin.requests.length, 1)
})

t.test('fill: trailers travel with a streamed answer, to the one who asked and to nobody who follows', async (t) => {
  const body = openBody()
  const { send } = open(() => reply({ body, trailers: ['Set-Cookie', 'a=b', 'X-Sum', '1', 'Connection', 'x'] }))
  const client = send({ target })
  const follower = send({ target })
  body.push('x')
  body.push(null)
  await Promise.all([client.over, follower.over])
  t.same(client.trailers, ['Set-Cookie', 'a=b', 'X-Sum', '1'])
  t.same([follower.text, detailOf(follower), follower.trailers], ['x', 'collapsed', []])
})

import t from 'tap'
import type { FakeClient } from '../fixtures/exchange.ts'
import { makeGate } from '../fixtures/gate.ts'
import { makeParts, type TestParts } from '../fixtures/parts.ts'
import { type FakeOrigin, failure, makeOrigin, openBody, reply } from './fake-origin.ts'

const rules = (more: string): string =>
  `rules:\n  - { name: page, match: GET /page, cache: { scope: public, key: page, ttl: 1m${more} } }\n`
const target = '/page'

async function open(more = ', stale_while_revalidate: 1h'): Promise<TestParts & { readonly origin: FakeOrigin }> {
  const origin = makeOrigin(() => reply({ fields: ['ETag', '"1"'], body: 'first' }))
  const kit = makeParts({ rules: rules(more), origin })
  await kit.ask({ target })
  return { ...kit, origin }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

t.test('refresh: once per key at a time, behind answers that do not wait for it', async (t) => {
  const { send, ask, clock, idle, origin, observed } = await open()
  clock.advance(61_000)
  const gate = makeGate()
  origin.script(async () => {
    await gate.wait()
    return reply({ body: 'second' })
  })
  const clients: FakeClient[] = Array.from({ length: 10 }, () => send({ target }))
  t.ok(
    clients.every(({ text }) => text === 'first'),
    'answered at once',
  )
  await gate.arrived(1)
  t.same(origin.options.at(-1), { isBackground: true }, 'in nobody’s way')
  gate.open()
  await idle()
  t.equal(origin.requests.length, 2)
  t.same(
    observed.refreshed.map(({ isOk }) => isOk),
    [true],
  )
  t.equal((await ask({ target })).text, 'second')
})

t.test('refresh: one that fails is left alone for a second, and the stored one lives on', async (t) => {
  const failing = [
    () => Promise.reject(failure()),
    () => reply({ status: 500, body: openBody() }),
    () => reply({ status: 404, body: openBody() }),
  ]
  for (const script of failing) {
    const { ask, clock, origin, observed } = await open()
    clock.advance(61_000)
    origin.script(script)
    for (let i = 0; i < 3; i++) t.equal((await ask({ target })).text, 'first')
    t.equal(origin.requests.length, 2)
    t.same(
      observed.refreshed.map(({ isOk }) => isOk),
      [false],
    )
    clock.advance(1000)
    await ask({ target })
    t.equal(origin.requests.length, 3)
    t.equal(origin.leaked(), 0)
  }
})

t.test('refresh: the hot are refreshed in the last part of their life, the others not', async (t) => {
  const { ask, clock, origin } = await open(', refresh_ahead: 20%')
  clock.advance(47_000)
  await ask({ target })
  t.equal(origin.requests.length, 1)
  clock.advance(1_000)
  t.equal((await ask({ target })).cacheStatus.at(-1), 'detail=fresh')
  t.equal(origin.requests.length, 2)
})

t.test('refresh: a part, a condition or HEAD finds it old, the whole is fetched', async (t) => {
  for (const asked of [{ fields: ['Range', 'bytes=0-1'] }, { fields: ['If-None-Match', '"9"'] }, { method: 'HEAD' }]) {
    const { ask, clock, origin } = await open()
    clock.advance(61_000)
    origin.script(({ method, fields }) => reply({ body: `${method} ${fields.includes('Range')}` }))
    await ask({ target, ...asked })
    t.equal((await ask({ target })).text, 'GET false', JSON.stringify(asked))
  }
})

t.test('refresh: also under the RFC alone, where a Range goes on as it is', async (t) => {
  const fields = ['Cache-Control', 'max-age=60, stale-while-revalidate=600']
  const origin = makeOrigin(({ fields: sent }) => reply({ status: sent.includes('Range') ? 206 : 200, fields, body: 'whole' }))
  const kit = makeParts({ origin })
  await kit.ask({ target })
  kit.clock.advance(61_000)
  await kit.ask({ target, fields: ['Range', 'bytes=0-1'] })
  t.same(
    kit.observed.refreshed.map(({ isOk }) => isOk),
    [true],
  )
})

t.test('refresh: a 304 makes it fresh again, after a soft purge by a strong ETag alone', async (t) => {
  for (const [etag, isSent] of [
    ['"1"', true],
    ['W/"1"', false],
  ] as const) {
    const origin = makeOrigin(({ fields }) =>
      fields.includes('If-None-Match')
        ? reply({ status: 304, fields: ['ETag', etag] })
        : reply({ fields: ['ETag', etag], body: 'body' }),
    )
    const { ask, ledger } = makeParts({ rules: rules(', stale_while_revalidate: 1h'), origin })
    await ask({ target })
    await ledger.purge(['k:page'], 'soft')
    t.equal((await ask({ target })).cacheStatus.at(-1), 'detail=stale-purged-softly')
    t.equal(origin.requests.at(-1)?.fields.includes('If-None-Match'), isSent, etag)
    t.equal((await ask({ target })).cacheStatus.at(-1), 'detail=fresh')
  }
})

t.test('refresh: one that a purge overtakes stores nothing, and the next is not kept waiting', async (t) => {
  const { ask, send, clock, idle, ledger, origin, observed } = await open()
  clock.advance(61_000)
  const gate = makeGate()
  origin.script(async () => {
    await gate.wait()
    return reply({ body: 'old' })
  })
  send({ target })
  await gate.arrived(1)
  await ledger.purge(['k:page'], 'soft')
  gate.open()
  await idle()
  t.match(observed.notStored, [{ reason: 'purged' }])
  origin.script(() => reply({ body: 'new' }))
  t.equal((await ask({ target })).text, 'first')
  t.equal((await ask({ target })).text, 'new')
})

t.test('refresh: none is begun without room', async (t) => {
  const { parts, send, clock, origin } = await open()
  clock.advance(61_000)
  Object.defineProperty(parts.background, 'hasRoom', { value: false })
  t.equal(send({ target }).text, 'first')
  await turn()
  t.equal(origin.requests.length, 1)
})

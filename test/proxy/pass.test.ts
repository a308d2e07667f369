import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { BodyTooLarge } from '../../src/proxy/exchange.ts'
import { makeParts, type TestParts } from '../fixtures/parts.ts'
import { type FakeOrigin, failure, makeOrigin, openBody, reply, type Script } from './fake-origin.ts'

const rules = `
unmatched: pass
rules:
  - { name: off, match: GET /off, cache: { scope: public, key: off, ttl: 1m, mode: off } }
`

function open(script: Script): TestParts & { readonly origin: FakeOrigin } {
  const origin = makeOrigin(script)
  return { ...makeParts({ rules, origin }), origin }
}

t.test('pass: there and back untouched, and never looked up', async (t) => {
  const { ask, observed, origin } = open(() =>
    reply({
      status: 418,
      fields: ['X-A', '1', 'X-A', '2', 'Connection', 'x', 'Set-Cookie', 'a=b', 'Cache-Status', 'inner; hit'],
      body: 'tea',
    }),
  )
  for (let i = 0; i < 2; i++) {
    const client = await ask({ target: '/off', fields: ['Cookie', 'a=b'] })
    t.same([client.status, client.text, client.announced, client.wrongs], [418, 'tea', 3, []])
    t.match(client.fields, ['X-A', '1', 'X-A', '2', 'Set-Cookie', 'a=b', 'Cache-Status'])
    t.equal(client.field('cache-status'), 'inner; hit, springhouse; fwd=bypass; fwd-status=418; detail=mode-off')
  }
  t.equal(origin.requests.length, 2)
  t.match(observed.reports, [{ rule: 'off', reason: 'mode-off', status: 418 }, {}])
})

t.test('pass: each failure of the origin is one answer', async (t) => {
  for (const [name, status] of [
    ['origin-unreachable', 502],
    ['origin-overloaded', 503],
    ['origin-circuit-open', 503],
    ['origin-timeout', 504],
    ['origin-broken', 502],
    ['origin-request-refused', 400],
  ] as const) {
    const { ask, observed } = open(() => Promise.reject(failure(name)))
    const client = await ask({ target: '/off' })
    t.same([client.status, client.cacheStatus.at(-1), client.field('cache-control')], [status, `detail=${name}`, 'no-store'])
    t.equal(client.field('retry-after'), status === 503 ? '1' : undefined)
    t.match(observed.reports, [{ reason: name, status }])
  }
  const { ask, observed } = open(() => Promise.reject(new TypeError('not one of ours')))
  t.same([(await ask({ target: '/off' })).status, observed.reports[0]?.reason], [502, 'origin-broken'])
})

t.test('pass: a client that leaves takes its request with it, before and after the head', async (t) => {
  let signal: AbortSignal | undefined
  const { send, idle, observed } = open((_request, options) => {
    signal = options.signal
    return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(failure('aborted'))))
  })
  send({ target: '/off' }).leave()
  await idle()
  t.ok(signal?.aborted)
  t.match(observed.reports, [{ reason: 'aborted', status: 499 }])

  const body = openBody()
  const later = open(() => reply({ body }))
  const client = later.send({ target: '/off' })
  await client.answered
  client.leave()
  await later.idle()
  t.ok(body.destroyed)
  t.equal(later.observed.reports.length, 1)
})

t.test('pass: an event stream is said to be one', async (t) => {
  const body = openBody()
  const { send, observed, idle } = open(() => reply({ fields: ['Content-Type', 'text/event-stream'], body }))
  const client = send({ target: '/elsewhere' })
  await client.answered
  body.push('data: 1\n\n')
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(client.text, 'data: 1\n\n')
  body.push(null)
  await client.over
  await idle()
  t.equal(observed.reports[0]?.reason, 'event-stream')
})

t.test('pass: a body goes along, and one that is too long is a 413', async (t) => {
  const { ask } = open(async ({ body }) => reply({ body: await text(body as Readable) }))
  t.equal((await ask({ target: '/off', body: Readable.from([Buffer.from('hello')]) })).text, 'hello')

  const body = new PassThrough()
  const tooLong = open(async () => {
    body.destroy(new BodyTooLarge(10))
    await new Promise((resolve) => body.once('close', resolve))
    throw failure('aborted')
  })
  const client = await tooLong.ask({ target: '/off', body })
  t.same([client.status, tooLong.observed.reports[0]?.reason], [413, 'body-too-large'])
})

t.test('pass: a head that cannot be written lets the body go', async (t) => {
  const { send, idle, origin, observed } = open(() => reply({ body: openBody() }))
  const client = send({ target: '/off' })
  client.head = () => {
    throw new TypeError('no such field')
  }
  await idle()
  t.same([origin.leaked(), observed.reports.length, client.ending], [0, 1, 'destroyed'])
  t.equal(observed.faults.length, 2, 'nor could the error be told')
})

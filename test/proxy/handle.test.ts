import { PassThrough, Readable } from 'node:stream'
import t from 'tap'
import { BodyTooLarge } from '../../src/proxy/exchange.ts'
import { handle } from '../../src/proxy/handle.ts'
import { makeClient } from '../fixtures/exchange.ts'
import { makeParts } from '../fixtures/parts.ts'
import { makeOrigin, reply } from './fake-origin.ts'

const rules = `
rules:
  - { name: things, match: GET /things/:id, cache: { scope: public, key: "thing:{params.id}", ttl: 1m } }
  - name: search
    match: POST /search
    cache: { scope: public, key: "search:{request.json.q}", ttl: 1m }
`
const json = ['Content-Type', 'application/json']

t.test('handle: a miss fetches, a hit is answered before handle returns, each with one report', async (t) => {
  const origin = makeOrigin()
  const kit = makeParts({ rules, origin })
  const miss = await kit.ask({ target: '/things/1' })
  const hit = kit.send({ target: '/things/1' })
  t.equal(hit.ending, 'ended', 'no promise was needed')
  t.same([miss.text, hit.text], ['/things/1', '/things/1'])
  t.same([miss.cacheStatus[0], hit.cacheStatus[0]], ['fwd=uri-miss', 'hit'])
  t.same(
    kit.observed.reports.map(({ reason, rule, status }) => [reason, rule, status]),
    [
      ['uri-miss', 'things', 200],
      ['fresh', 'things', 200],
    ],
  )
  t.equal(origin.requests.length, 1)
  t.same([...miss.wrongs, ...hit.wrongs, ...kit.observed.faults], [])
})

t.test('handle: a fault before the answer is a 500 with one report, and never reaches the caller', async (t) => {
  for (const part of ['peek', 'matcher'] as const) {
    const kit = makeParts({ rules, origin: makeOrigin() })
    const broken = (): never => {
      throw new Error('broken')
    }
    if (part === 'peek') kit.store.peek = broken
    else Object.assign(kit.parts.inForce(), { matcher: { match: broken } })
    const client = makeClient({ target: '/things/1' })
    t.doesNotThrow(() => handle(client, kit.parts))
    await client.over
    await kit.idle()
    t.equal(client.status, 500, part)
    t.same(
      kit.observed.reports.map(({ reason }) => reason),
      ['internal'],
    )
    t.equal(kit.observed.faults.length, 1)
  }
})

t.test('handle: a fault in the asynchronous way is a 500 with one report', async (t) => {
  const origin = makeOrigin(() => reply())
  const kit = makeParts({ rules, origin })
  Object.assign(kit.parts.flights, {
    find: () => {
      throw new Error('broken')
    },
  })
  const client = await kit.ask({ target: '/things/1' })
  t.equal(client.status, 500)
  t.equal(kit.observed.reports.length, 1)
  t.equal(kit.observed.faults.length, 1)
})

t.test('handle: a fault behind an answer that is complete leaves it alone', async (t) => {
  const kit = makeParts({ rules, origin: makeOrigin() })
  await kit.ask({ target: '/things/1' })
  const { observer } = kit.parts
  const answered = observer.answered
  observer.answered = (report) => {
    answered(report)
    throw new Error('the log is full')
  }
  const client = kit.send({ target: '/things/1' })
  t.same([client.status, client.text, client.ending, client.wrongs], [200, '/things/1', 'ended', []])
  t.equal(kit.observed.faults.length, 1)
})

t.test('handle: a fault after the head cuts the connection', async (t) => {
  const kit = makeParts({ rules, origin: makeOrigin() })
  const client = makeClient({ target: '/things/1' })
  client.end = () => {
    throw new Error('broken')
  }
  handle(client, kit.parts)
  await client.over
  await kit.idle()
  t.equal(client.ending, 'destroyed')
  t.equal(kit.observed.reports.length, 1)
})

t.test('handle: a body in the key is read, and forwarded to the byte', async (t) => {
  const origin = makeOrigin(({ body }) => reply({ body: `found ${body}` }))
  const kit = makeParts({ rules, origin })
  const ask = (q: string) => kit.ask({ method: 'POST', target: '/search', fields: json, body: Readable.from([Buffer.from(q)]) })
  const first = await ask('{"q":"a", "page":1}')
  const again = await ask('{"q":"a", "page":1}')
  t.equal(first.text, 'found {"q":"a", "page":1}')
  t.same([again.text, again.cacheStatus[0]], [first.text, 'hit'])
  t.equal(origin.requests.length, 1)
})

t.test('handle: what the key does not name of a body keeps answers apart all the same', async (t) => {
  const origin = makeOrigin(({ body }) => reply({ body: `found ${body}` }))
  const kit = makeParts({ rules, origin })
  const ask = (fields: string[], body: string) =>
    kit.ask({ method: 'POST', target: '/search', fields, body: Readable.from([Buffer.from(body)]) })
  const bodies = ['{"q":"a","page":1}', '{"q":"a","page":2}', '{"q":"b","q":"a","page":1}', '{"q":"a","page":1.0}']
  for (const body of bodies) t.equal((await ask(json, body)).text, `found ${body}`)
  await ask(['Content-Type', 'application/vnd.api+json'], '{"q":"a","page":1}')
  t.equal(origin.requests.length, 5, 'nor does one type answer for another')
  t.equal(
    (await ask(json, '{ "page": 1, "q": "\\u0061" }')).text,
    'found {"q":"a","page":1}',
    'but what means the same is the same',
  )
})

t.test('handle: a body above json_limit is no key, and goes to the origin whole', async (t) => {
  const long = `{"q":"${'x'.repeat(5000)}"}`
  const origin = makeOrigin(async ({ body }) => {
    const chunks: Buffer[] = []
    for await (const chunk of body as Readable) chunks.push(chunk as Buffer)
    return reply({ body: String(Buffer.concat(chunks) as unknown) })
  })
  const kit = makeParts({ rules, origin })
  const body = Readable.from([long.slice(0, 900), long.slice(900, 1800), long.slice(1800)].map((text) => Buffer.from(text)))
  const client = await kit.ask({ method: 'POST', target: '/search', fields: json, body })
  t.equal(client.text, long)
  t.equal(kit.observed.reports[0]?.reason, 'body-not-keyed')
  t.equal(kit.observed.stored.length, 0)
})

t.test('handle: a body that breaks off while it is read for the key', async (t) => {
  const tooLong = makeParts({ rules, origin: makeOrigin() })
  const body = new PassThrough()
  const refused = tooLong.send({ method: 'POST', target: '/search', fields: json, body })
  body.destroy(new BodyTooLarge(10))
  await refused.over
  t.same([refused.status, tooLong.observed.reports[0]?.reason], [413, 'body-too-large'])

  const left = makeParts({ rules, origin: makeOrigin() })
  const client = left.send({ method: 'POST', target: '/search', fields: json, body: new PassThrough() })
  client.leave()
  await left.idle()
  t.same(
    left.observed.reports.map(({ reason, status }) => [reason, status]),
    [['aborted', 499]],
  )
  t.same([...tooLong.observed.faults, ...left.observed.faults], [], 'neither is a fault of ours')
})

import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import type { OriginRequest } from '../../src/origin/origin.ts'
import { BodyTooLarge } from '../../src/proxy/exchange.ts'
import { makeClient } from '../fixtures/exchange.ts'
import { makeParts, type PartsOptions, type TestParts } from '../fixtures/parts.ts'
import { makeTiered } from '../fixtures/tiered.ts'
import { type FakeOrigin, failure, type Given, makeOrigin, openBody, reply, type Script } from './fake-origin.ts'

const rules = `
rules:
  - { name: thing, match: GET /things/:id, cache: { scope: public, key: "thing:{params.id}", ttl: 1h, tags: ["owner:{response.json.owner}"], stale_while_revalidate: 1h } }
  - { name: rename, match: PUT /names/:id, purge: { keys: ["thing:{request.json.id}"], status: [200, 202] } }
  - { name: give, match: POST /gifts, purge: { tags: ["owner:{response.json.from}"] } }
  - { name: softly, match: POST /softly, purge: { keys: ["thing:1"], soft: true } }
  - { name: named, match: { methods: [POST], path: /named, json: { kind: thing } }, purge: { keys: ["thing:{request.json.id}"] } }
`
const json = ['Content-Type', 'application/json']

interface Scene extends TestParts {
  readonly origin: FakeOrigin
  /** How a read of the thing is answered now. */
  detail(id?: number): Promise<string | undefined>
}

/** Things 1 and 2 are stored; what writes answer is the test's. */
async function openScene(write: Script, options: Partial<PartsOptions> = {}): Promise<Scene> {
  const origin = makeOrigin((request, given) =>
    request.method === 'GET' ? reply({ fields: json, body: '{"owner":"ana"}' }) : write(request, given),
  )
  const kit = makeParts({ rules, origin, ...options })
  const detail = async (id = 1): Promise<string | undefined> =>
    (await kit.ask({ target: `/things/${id}` })).cacheStatus.find((part) => part.startsWith('detail='))?.slice(7)
  await detail(1)
  await detail(2)
  return { ...kit, origin, detail }
}

const put = (body: string | Readable = '{"id":1}') => ({
  method: 'PUT',
  target: '/names/1',
  fields: json,
  body: typeof body === 'string' ? Readable.from([Buffer.from(body)]) : body,
})

/** As an origin does: it reads the body before it answers. */
const answering =
  (given: Given = {}): Script =>
  async ({ body }: OriginRequest) => {
    if (body instanceof Readable) await text(body)
    return reply(given)
  }

t.test('write: purges what the rule names once the origin has accepted it, and nothing else', async (t) => {
  const scene = await openScene(answering({ status: 202, body: 'done' }))
  const client = await scene.ask(put())
  t.same([client.status, client.text, client.wrongs], [202, 'done', []])
  t.equal(client.field('cache-status'), 'springhouse; fwd=method; fwd-status=202; detail=write')
  t.same([await scene.detail(1), await scene.detail(2)], ['purged', 'fresh'])
  t.match(scene.observed.purged, [{ causes: ['rename'], kind: 'hard', result: 'done', widened: 0 }])
})

t.test('write: what was purged is purged before the first byte of the answer', async (t) => {
  for (const body of ['short', openBody()]) {
    let isPurged: boolean | undefined
    const scene = await openScene(answering({ body }))
    const stamp = scene.ledger.stampNow()
    const client = makeClient(put())
    const { head } = client
    client.head = (...given) => {
      isPurged = scene.ledger.judgeNow(stamp, ['k:thing:1']).kind === 'purged'
      head(...given)
    }
    const { handle } = await import('../../src/proxy/handle.ts')
    handle(client, scene.parts)
    await client.answered
    t.equal(isPurged, true)
    if (typeof body !== 'string') body.push(null)
    await client.over
  }
})

t.test('write: what each outcome purges', async (t) => {
  const reset =
    (isSent: boolean): Script =>
    () =>
      Promise.reject(failure('origin-broken', isSent))
  const cases: Array<[says: string, write: Script, detail: string, status: number, reason: string]> = [
    ['accepted', answering({ status: 200 }), 'purged', 200, 'write'],
    ['a status that the rule does not name', answering({ status: 201 }), 'fresh', 201, 'write'],
    ['refused', answering({ status: 409 }), 'fresh', 409, 'write-failed'],
    ['a failing origin', answering({ status: 503 }), 'stale-purged-softly', 503, 'write-unknown'],
    ['no answer', reset(true), 'purged', 502, 'origin-broken'],
    ['never sent', reset(false), 'fresh', 502, 'origin-broken'],
    [
      'a short answer that is cut',
      answering({ body: cutBody(), framing: 'length', contentLength: 9 }),
      'purged',
      502,
      'origin-broken',
    ],
  ]
  for (const [says, write, detail, status, reason] of cases) {
    const scene = await openScene(write)
    const client = await scene.ask(put())
    t.same([client.status, await scene.detail()], [status, detail], says)
    t.equal(scene.observed.reports.find(({ method }) => method === 'PUT')?.reason, reason, says)
    t.same([client.wrongs, scene.origin.leaked()], [[], 0])
  }
})

function cutBody(): Readable {
  const body = openBody()
  body.push('abc')
  setImmediate(() => body.destroy(new Error('cut')))
  return body
}

t.test('write: soft rules mark stale', async (t) => {
  const scene = await openScene(answering())
  await scene.ask({ method: 'POST', target: '/softly' })
  t.equal(await scene.detail(), 'stale-purged-softly')
})

t.test('write: RFC 9111 §4.4 holds without any rule, and for its Location', async (t) => {
  for (const [target, fields] of [
    ['/THINGS/1/', []],
    ['/elsewhere', ['Location', 'http://shop.example/things/1?x']],
    ['/elsewhere', ['Content-Location', 'things/1']],
  ] as const) {
    const scene = await openScene(answering({ status: 201, fields: [...fields] }))
    await scene.ask({ method: 'DELETE', target })
    t.same([await scene.detail(1), await scene.detail(2)], ['purged', 'fresh'], target)
    t.match(scene.observed.purged, [{ causes: ['(uri)'] }])
  }
  const refused = await openScene(answering({ status: 404 }))
  await refused.ask({ method: 'DELETE', target: '/things/1' })
  t.equal(await refused.detail(1), 'fresh')
})

t.test('write: values from the answer, whole or widened', async (t) => {
  const long = `{"from":"ana","text":"${'x'.repeat(100_000)}"}`
  const cases: Array<[says: string, given: Given, widened: number, detail: string]> = [
    ['named', { fields: json, body: '{"from":"ana"}' }, 0, 'purged'],
    ['somebody else', { fields: json, body: '{"from":"eva"}' }, 0, 'fresh'],
    ['missing', { fields: json, body: '{}' }, 1, 'purged'],
    ['no JSON', { body: '{"from":"eva"}' }, 1, 'purged'],
    ['longer than we read', { fields: json, body: long }, 1, 'purged'],
    ['longer than we read, in chunks', { fields: json, body: Readable.from([Buffer.from(long)]) }, 1, 'purged'],
  ]
  for (const [says, given, widened, detail] of cases) {
    const scene = await openScene(answering(given))
    const client = await scene.ask({ method: 'POST', target: '/gifts' })
    t.equal(
      client.text.length,
      given.body instanceof Readable ? long.length : (given.body?.length ?? 0),
      `${says}: all of it arrives`,
    )
    t.same([await scene.detail(), scene.observed.purged[0]?.widened], [detail, widened], says)
  }
})

t.test('write: an event stream is never waited for, whatever the rule would read from it', async (t) => {
  const body = openBody()
  const scene = await openScene(() => reply({ fields: ['Content-Type', 'text/event-stream'], body }))
  const client = scene.send({ method: 'POST', target: '/gifts' })
  await client.answered
  t.equal(client.status, 200)
  client.leave()
  await scene.idle()
  t.ok(body.destroyed)
})

t.test('write: a long answer purges again at its end, as the origin may commit as late as that', async (t) => {
  for (const isLeft of [false, true]) {
    const body = openBody()
    const scene = await openScene(answering({ body }))
    const client = scene.send(put())
    await client.answered
    t.equal(scene.ledger.seq, 1, 'at its head')
    if (isLeft) client.leave()
    else body.push(null)
    await scene.idle()
    t.equal(scene.observed.purged.length, 2, isLeft ? 'also when its client leaves' : '')
    t.equal(scene.observed.reports.filter(({ method }) => method === 'PUT').length, 1)
  }
})

t.test('write: a body that is read for the match is sent, and read for the purge', async (t) => {
  let sent: unknown
  const scene = await openScene(({ body }) => {
    sent = body
    return reply()
  })
  await scene.ask({ ...put('{"kind":"thing","id":2}'), method: 'POST', target: '/named' })
  t.equal(Buffer.from(sent as Uint8Array).toString(), '{"kind":"thing","id":2}')
  t.same([await scene.detail(1), await scene.detail(2)], ['fresh', 'purged'])
})

t.test('write: a body above json_limit is sent whole, and the purge is widened', async (t) => {
  const long = `{"id":1,"text":"${'x'.repeat(3000)}"}`
  let received = ''
  for (const asked of [put(), { ...put(), method: 'POST', target: '/named' }]) {
    const scene = await openScene(async ({ body }) => {
      received = await text(body as Readable)
      return reply()
    })
    await scene.ask({ ...asked, body: Readable.from([long.slice(0, 800), long.slice(800)].map((part) => Buffer.from(part))) })
    t.equal(received, long, asked.target)
    t.same([await scene.detail(1), await scene.detail(2)], ['purged', 'purged'])
  }
})

t.test('write: a body above the limit is a 413, and purges where a byte of it may have arrived', async (t) => {
  for (const [isSent, detail] of [
    [true, 'purged'],
    [false, 'fresh'],
  ] as const) {
    const body = new PassThrough()
    const scene = await openScene(async () => {
      body.destroy(new BodyTooLarge(10))
      await new Promise((resolve) => body.once('close', resolve))
      throw failure('aborted', isSent)
    })
    const client = await scene.ask(put(body))
    t.same([client.status, client.cacheStatus], [413, ['detail=body-too-large']])
    t.equal(await scene.detail(2), detail)
    t.same(scene.observed.faults, [])
  }
})

t.test('write: a client that leaves in mid-body leaves an unknown outcome', async (t) => {
  const body = new PassThrough()
  const scene = await openScene(async ({ body: sent }) => {
    await new Promise((resolve) => (sent as Readable).once('close', resolve))
    throw failure('aborted', true)
  })
  const client = scene.send(put(body))
  client.leave()
  await scene.idle()
  t.equal(await scene.detail(1), 'purged')
  t.match(
    scene.observed.reports.find(({ method }) => method === 'PUT'),
    { reason: 'aborted', status: 499 },
  )
})

t.test('write: a purge that was not taken is said to the writer, also behind a failure', async (t) => {
  for (const write of [
    answering(),
    answering({ body: openEnded() }),
    () => Promise.reject(failure('origin-timeout', true)),
  ] as Script[]) {
    const kit = makeTiered({ rules, origin: makeOrigin(write) })
    kit.fleet.detach()
    const client = await kit.ask(put())
    t.equal(client.field('springhouse-purge'), 'queued', String(client.status))
    t.match(kit.observed.purged[0], { result: 'queued' })
  }
})

function openEnded(): Readable {
  return Readable.from([Buffer.from('streamed')])
}

t.test('write: a path that can be read in two ways purges all that its rules can reach', async (t) => {
  const scene = await openScene(answering())
  await scene.ask({ ...put(), target: '/names/..%2f1' })
  t.same([await scene.detail(1), await scene.detail(2)], ['purged', 'purged'])
})

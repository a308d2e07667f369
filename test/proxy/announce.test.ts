import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import type { Intent, LocalLedger } from '../../src/ledger/ledger.ts'
import { milliseconds } from '../../src/time.ts'
import type { Asked } from '../fixtures/exchange.ts'
import type { FleetLedger } from '../fixtures/fleet-ledger.ts'
import { makeParts, type PartsOptions, type TestParts } from '../fixtures/parts.ts'
import { type FakeOrigin, failure, type Given, makeOrigin, openBody, reply, type Script } from './fake-origin.ts'

const rules = `
rules:
  - { name: thing, match: GET /things/:id, cache: { scope: public, key: "thing:{params.id}", ttl: 1h, tags: ["owner:{response.json.owner}"] } }
  - { name: rename, match: PUT /names/:id, purge: { keys: ["thing:{request.json.id}"] } }
  - { name: named, match: { methods: [POST], path: /named, json: { kind: thing } }, purge: { keys: ["thing:{request.json.id}"] } }
  - { name: give, match: POST /gifts, purge: { tags: ["owner:{response.json.from}"] } }
  - { name: softly, match: POST /softly, purge: { keys: ["thing:1"], soft: true } }
  - { name: both, match: POST /both, purge: { keys: ["thing:1"] } }
  - { name: both-softly, match: POST /both, purge: { keys: ["thing:2"], soft: true } }
  - { name: picky, match: POST /picky, purge: { keys: ["thing:1"], status: [404], when: response.json.paid } }
  - { name: settling, match: POST /settling, purge: { keys: ["thing:1"], settle: 1500ms } }
  - { name: strict, match: POST /strict, purge: { keys: ["thing:1"], on_purge_failure: refuse } }
  - { name: seen, match: GET /seen, cache: { scope: public, key: "seen", ttl: 1h }, purge: { keys: ["thing:1"], on_purge_failure: refuse } }
`

interface Scene extends TestParts {
  readonly origin: FakeOrigin
  /** What the ledger was told and the origin received, in order. */
  readonly order: string[]
  readonly dues: number[]
}

interface Told extends Partial<PartsOptions> {
  readonly write?: Script
  /** Nothing can be recorded. */
  readonly isLost?: boolean
  /** Without its lease. */
  readonly isDetached?: boolean
}

function openScene({ write = answering(), isLost = false, isDetached = false, ...options }: Told = {}): Scene {
  const order: string[] = []
  const dues: number[] = []
  const origin = makeOrigin((request, given) => {
    order.push('origin')
    return request.method === 'GET' ? reply({ fields: ['Cache-Control', 'max-age=60'] }) : write(request, given)
  })
  const kit = makeParts({ rules, origin, isRemote: true, ...options })
  const { ledger } = kit
  if (isDetached) (ledger as FleetLedger).detach()
  const purge = ledger.purge.bind(ledger)
  Object.assign(ledger, {
    async intend(labels, due) {
      order.push(`intend ${labels.join(' ')}`)
      dues.push(due)
      return isLost ? undefined : ('the intent' as Intent)
    },
    async forget(intent) {
      order.push(`forget ${intent}`)
    },
    purge(labels, kind, { intent, again } = {}) {
      const named = intent === undefined ? '' : ` for ${intent}`
      order.push(`purge ${kind} ${labels.join(' ')}${named}${again === undefined ? '' : ` and in ${again}`}`)
      return isLost ? Promise.resolve({ kind: 'queued', waiting: 1 }) : purge(labels, kind)
    },
  } satisfies Partial<LocalLedger>)
  return { ...kit, origin, order, dues }
}

/** As an origin does: it reads the body before it answers. */
function answering(given: Given = {}): Script {
  return async ({ body }) => {
    if (body instanceof Readable) await text(body)
    return reply(given)
  }
}

const json = ['Content-Type', 'application/json']
const withBody = (method: string, target: string, body: string): Asked => ({
  method,
  target,
  fields: json,
  body: Readable.from([Buffer.from(body)]),
})
const post = (target: string): Asked => ({ method: 'POST', target })

t.test('announce: the intent is recorded before the origin has the write, and its purge fulfils it', async (t) => {
  const scene = openScene()
  const client = await scene.ask(post('/both?x=1'))
  t.equal(client.status, 200)
  t.same(scene.order, [
    'intend k:thing:1 u:shop.example/both k:thing:2',
    'origin',
    'purge hard k:thing:1 u:shop.example/both',
    'purge soft k:thing:2 for the intent',
  ])
  t.same(scene.dues, [125_000], 'due when the time of the origin is over, and a little later')
})

t.test('announce: what is not known yet is widened', async (t) => {
  const cases: Array<[says: string, asked: Asked, labels: string]> = [
    ['a body that streams', withBody('PUT', '/names/1', '{"id":7}'), 'p:thing: u:shop.example/names/1'],
    [
      'a body that was read for the match',
      withBody('POST', '/named', '{"kind":"thing","id":7}'),
      'k:thing:7 u:shop.example/named',
    ],
    ['the answer', post('/gifts'), 'r:thing u:shop.example/gifts'],
    ['a condition and a status', post('/picky'), 'k:thing:1 u:shop.example/picky'],
    ['softness: hard is what holds for every outcome', post('/softly'), 'u:shop.example/softly k:thing:1'],
  ]
  for (const [says, asked, labels] of cases) {
    const scene = openScene()
    await scene.ask(asked)
    t.same(scene.order.slice(0, 2), [`intend ${labels}`, 'origin'], says)
  }
})

t.test('announce: each outcome fulfils or withdraws', async (t) => {
  const fails = (isSent: boolean, name: Parameters<typeof failure>[0] = 'origin-broken'): Script => {
    return () => Promise.reject(failure(name, isSent))
  }
  const cut = (): Script => () => {
    const body = openBody()
    setImmediate(() => body.destroy(new Error('cut')))
    return reply({ body, framing: 'length', contentLength: 9 })
  }
  const uri = 'u:shop.example'
  const cases: Array<[says: string, target: string, write: Script, ...then: string[]]> = [
    ['a success', '/strict', answering(), `purge hard k:thing:1 ${uri}/strict for the intent`],
    ['an error of the client', '/strict', answering({ status: 409 }), 'forget the intent'],
    ['an error that the rule names', '/picky', answering({ status: 404 }), 'purge hard k:thing:1 for the intent'],
    ['a condition that does not hold', '/picky', answering({ status: 404, fields: json, body: '{}' }), 'forget the intent'],
    ['never sent', '/strict', fails(false, 'origin-unreachable'), 'forget the intent'],
    ['no answer', '/strict', fails(true), `purge hard k:thing:1 ${uri}/strict for the intent and in 120000`],
    ['too late', '/strict', fails(true, 'origin-timeout'), `purge hard k:thing:1 ${uri}/strict for the intent and in 120000`],
    ['a client that left', '/strict', fails(true, 'aborted'), `purge hard k:thing:1 ${uri}/strict for the intent and in 120000`],
    ['a cut answer', '/strict', cut(), `purge hard k:thing:1 ${uri}/strict for the intent and in 120000`],
    [
      'a failing origin',
      '/strict',
      answering({ status: 500 }),
      `purge soft k:thing:1 ${uri}/strict for the intent and in 120000`,
    ],
    ['a success that settles', '/settling', answering(), `purge hard k:thing:1 ${uri}/settling for the intent and in 1500`],
    [
      'no answer that settles: behind a commit now, and behind one at the last moment',
      '/settling',
      fails(true),
      `purge hard k:thing:1 ${uri}/settling and in 1500`,
      `purge hard k:thing:1 ${uri}/settling and in 120000`,
      `purge hard k:thing:1 ${uri}/settling for the intent and in 121500`,
    ],
    ['without a rule', '/elsewhere', answering(), `purge hard ${uri}/elsewhere for the intent`],
    ['without a rule, refused', '/elsewhere', answering({ status: 404 }), 'forget the intent'],
    ['without a rule, failing', '/elsewhere', answering({ status: 503 }), 'forget the intent'],
    ['without a rule, no answer', '/elsewhere', fails(true), `purge hard ${uri}/elsewhere for the intent and in 120000`],
  ]
  for (const [says, target, write, ...then] of cases) {
    const scene = openScene({ write })
    await scene.ask(post(target))
    t.match(scene.order[0], /^intend /, says)
    t.same(scene.order.slice(1), ['origin', ...then], says)
    t.equal(scene.observed.purged.length, then[0]?.startsWith('purge') ? 1 : 0, `${says}: reported once`)
    t.same(scene.observed.faults, [])
  }
})

t.test('announce: the intent of a long answer stands until its end', async (t) => {
  for (const [end, again] of [
    ['whole', ''],
    ['cut', ' and in 120000'],
    ['gone', ' and in 120000'],
  ] as const) {
    const body = openBody()
    const scene = openScene({ write: answering({ body }) })
    const client = scene.send(post('/strict'))
    await client.answered
    t.equal(scene.order.at(-1), 'purge hard k:thing:1 u:shop.example/strict', 'at its head')
    if (end === 'whole') body.push(null)
    else if (end === 'cut') body.destroy(new Error('cut'))
    else client.leave()
    await scene.idle()
    t.equal(scene.order.at(-1), `purge hard k:thing:1 u:shop.example/strict for the intent${again}`, end)
  }
})

t.test('announce: no intent where the ledger is of this process alone, or where nothing can become old', async (t) => {
  const alone = openScene({ isRemote: false })
  await alone.ask(post('/strict'))
  t.same(alone.order, ['origin', 'purge hard k:thing:1 u:shop.example/strict'])
  const scene = openScene()
  for (const asked of [{ target: '/things/1' }, { target: '/elsewhere' }, { method: 'OPTIONS', target: '/things/1' }])
    await scene.ask(asked)
  t.same(scene.order, ['origin', 'origin', 'origin'])
})

t.test('announce: a write whose intent could not be recorded goes all the same', async (t) => {
  const scene = openScene({ isLost: true })
  const client = await scene.ask(post('/both'))
  t.same([client.status, client.field('springhouse-purge')], [200, 'queued'])
  t.same(scene.order.slice(0, 3), [
    'intend k:thing:1 u:shop.example/both k:thing:2',
    'origin',
    'purge hard k:thing:1 u:shop.example/both',
  ])
})

t.test('on_purge_failure: refuse answers 503 before the origin sees the write', async (t) => {
  for (const [told, order] of [
    [{ isLost: true }, ['intend k:thing:1 u:shop.example/strict']],
    [{ isDetached: true }, []],
  ] as const) {
    const scene = openScene(told)
    const client = await scene.ask(withBody('POST', '/strict', '{}'))
    t.same([client.status, client.text, client.wrongs], [503, '503 purge-unavailable\n', []])
    t.equal(client.field('cache-status'), 'springhouse; detail=purge-unavailable')
    t.equal(client.field('retry-after'), '1')
    t.match(scene.observed.reports, [{ rule: 'strict', reason: 'purge-unavailable', status: 503, originDuration: undefined }])
    t.same(scene.order, order)
    t.equal(scene.origin.requests.length, 0)
  }
  const attached = openScene()
  t.equal((await attached.ask(post('/strict'))).status, 200)
  const alone = openScene({ isRemote: false, isLost: true })
  t.equal((await alone.ask(post('/strict'))).status, 200, 'in memory nothing has to be recorded')
})

t.test('announce: a read that purges is announced when it is forwarded', async (t) => {
  const scene = openScene()
  await scene.ask({ target: '/seen' })
  t.same(scene.order, ['intend k:thing:1', 'origin', 'purge hard k:thing:1 for the intent'])
  scene.order.length = 0
  await scene.ask({ target: '/seen' })
  t.same(scene.order, [], 'and not when it is answered from the store')
  const detached = openScene({ isDetached: true })
  const client = await detached.ask({ target: '/seen' })
  t.same([client.status, client.cacheStatus, detached.order], [503, ['detail=purge-unavailable'], []])
})

t.test('announce: a read that finds the answer of another behind its intent withdraws it', async (t) => {
  const scene = openScene()
  const { intend } = scene.ledger as LocalLedger
  let isFirst = true
  const overtaken: LocalLedger['intend'] = async (...given) => {
    const intent = await intend(...given)
    if (isFirst) {
      isFirst = false
      await scene.send({ target: '/seen' }).over
    }
    return intent
  }
  Object.assign(scene.ledger, { intend: overtaken })
  const client = await scene.ask({ target: '/seen' })
  t.match(client.cacheStatus.at(-1), /detail=(?:collapsed|fresh)$/)
  t.same(scene.order, [
    'intend k:thing:1',
    'intend k:thing:1',
    'origin',
    'purge hard k:thing:1 for the intent',
    'forget the intent',
  ])
})

t.test('again: what was fetched between the first purge and the second is invalid after it', async (t) => {
  for (const [target, write, after] of [
    ['/both', () => Promise.reject(failure('origin-timeout', true)), 120_000],
    ['/settling', answering(), 1500],
  ] as const) {
    const origin = makeOrigin((request, given) =>
      request.method === 'GET' ? reply({ fields: json, body: '{"owner":"ana"}' }) : (write as Script)(request, given),
    )
    const kit = makeParts({ rules, origin })
    const detail = async (): Promise<string | undefined> => (await kit.ask({ target: '/things/1' })).cacheStatus.at(-1)
    await kit.ask(post(target))
    await detail()
    kit.clock.advance(milliseconds(after - 1))
    t.equal(await detail(), 'detail=fresh')
    kit.clock.advance(1)
    t.equal(await detail(), 'detail=purged', target)
    t.equal(await detail(), 'detail=fresh')
    t.equal(kit.clock.pending(), 0)
  }
})

import t from 'tap'
import type { FakeClient } from '../fixtures/exchange.ts'
import { makeParts, type PartsOptions, type TestParts } from '../fixtures/parts.ts'
import { type FakeOrigin, failure, makeOrigin, openBody, reply } from './fake-origin.ts'

const page = 'match: GET /page, cache: { scope: public, key: page, ttl: 1m'
const rulesOf = (more = ''): string => `rules:\n  - { name: page, ${page}${more} } }\n`

function open(more = '', options: Partial<PartsOptions> = {}): TestParts & { readonly origin: FakeOrigin } {
  const origin = makeOrigin(() => reply({ fields: ['ETag', '"1"'], body: 'first' }))
  return { ...makeParts({ rules: rulesOf(more), origin, ...options }), origin }
}

const detailOf = (client: FakeClient): string | undefined => client.cacheStatus.at(-1)?.slice(7)
const target = '/page'

for (const isRemote of [false, true]) {
  const where = isRemote ? 'over a store elsewhere' : 'in this process'

  t.test(`read: the life of an entry, ${where}`, async (t) => {
    const { ask, clock, origin, observed } = open(', stale_while_revalidate: 10s, stale_if_error: 1h', { isRemote })
    t.equal(detailOf(await ask({ target })), 'uri-miss')
    clock.advance(59_000)
    const fresh = await ask({ target })
    t.same([detailOf(fresh), fresh.field('age'), fresh.cacheStatus[1]], ['fresh', '59', 'ttl=1'])
    clock.advance(2_000)
    origin.script(() => reply({ body: 'second' }))
    const stale = await ask({ target })
    t.same([detailOf(stale), stale.text, stale.cacheStatus[0]], ['stale-while-revalidate', 'first', 'hit'])
    t.equal((await ask({ target })).text, 'second', 'it was refreshed behind the answer')
    clock.advance(80_000)
    origin.script(() => Promise.reject(failure()))
    const saved = await ask({ target })
    t.same([detailOf(saved), saved.text, saved.field('age')], ['stale-if-error', 'second', '80'])
    clock.advance(3_600_000)
    t.same([(await ask({ target })).status, origin.requests.length], [504, 4], 'past every window')
    t.same(observed.faults, [])
    t.equal(observed.reports.length, 6)
  })

  t.test(`read: a purged entry lends nothing, ${where}`, async (t) => {
    const { ask, ledger, origin } = open(', stale_while_revalidate: 1h, stale_if_error: 1h', { isRemote })
    await ask({ target })
    await ledger.purge(['k:page'], 'hard')
    origin.script(() => Promise.reject(failure()))
    t.equal((await ask({ target })).status, 504)
    t.notOk(origin.requests[1]?.fields.includes('If-None-Match'))
  })
}

t.test('read: only-if-cached is refused where nothing is stored, and never forwarded', async (t) => {
  const { ask, origin } = open(', client_directives: obey')
  const fields = ['Cache-Control', 'only-if-cached']
  t.equal((await ask({ target, fields })).status, 504)
  t.equal(origin.requests.length, 0)
  await ask({ target })
  t.equal((await ask({ target, fields })).status, 200)
})

t.test('read: a purge while a failing origin was asked takes the stale answer away', async (t) => {
  const { ask, send, clock, ledger, origin } = open(', stale_if_error: 1h')
  await ask({ target })
  clock.advance(61_000)
  for (const [kind, status] of [
    ['soft', 200],
    ['hard', 502],
  ] as const) {
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<never>()
    origin.script(() => {
      asked.resolve()
      return answer.promise
    })
    const client = send({ target })
    await asked.promise
    await ledger.purge(['k:page'], kind)
    answer.reject(failure('origin-broken'))
    await client.over
    t.equal(client.status, status, kind)
  }
})

t.test('read: HEAD is answered from a stored GET, forwarded without one, and saved from a failing origin', async (t) => {
  const { ask, clock, origin } = open(', stale_if_error: 1h')
  const head = await ask({ target, method: 'HEAD' })
  t.same([detailOf(head), origin.requests[0]?.method, head.text], ['uri-miss', 'HEAD', ''])
  await ask({ target })
  const hit = await ask({ target, method: 'HEAD' })
  t.same([detailOf(hit), hit.announced, hit.text, hit.wrongs], ['fresh', 5, '', []])
  clock.advance(61_000)
  for (const script of [() => Promise.reject(failure()), () => reply({ status: 503, body: openBody() })]) {
    origin.script(script)
    const saved = await ask({ target, method: 'HEAD' })
    t.same([detailOf(saved), saved.status, saved.announced], ['stale-if-error', 200, 5])
  }
  t.equal(origin.leaked(), 0)
})

t.test('read: conditions and ranges are answered from what is stored, and from what is being stored', async (t) => {
  for (const isStored of [true, false]) {
    for (const [fields, status, text] of [
      [['If-None-Match', '"1"'], 304, ''],
      [['If-None-Match', '"2"'], 200, 'first'],
      [['Range', 'bytes=1-2'], 206, 'ir'],
      [['Range', 'bytes=9-'], 416, ''],
    ] as const) {
      const { ask, origin } = open()
      if (isStored) await ask({ target })
      const client = await ask({ target, fields: [...fields] })
      t.same([client.status, client.text, client.wrongs], [status, text, []], `${fields} ${isStored}`)
      const sent = origin.requests.flatMap(({ fields: names }) => names)
      t.notOk(sent.includes('Range') || sent.includes('If-None-Match'), 'the origin was asked for the whole')
      t.equal((await ask({ target })).text, 'first')
      t.equal(origin.requests.length, 1)
    }
  }
})

t.test('read: min_uses stores what was asked for often enough, and says why it did not before', async (t) => {
  const { ask, origin, observed } = open(', min_uses: 3')
  const details: Array<string | undefined> = []
  for (let i = 0; i < 4; i++) details.push(detailOf(await ask({ target })))
  t.same(details, ['min-uses', 'min-uses', 'uri-miss', 'fresh'])
  t.same([origin.requests.length, observed.stored.length], [3, 1])
})

t.test('read: the origin refuses a public read without credentials', async (t) => {
  const { ask, origin, observed, clock } = open()
  const fields = ['Cookie', 'sid=1']
  origin.script(({ fields: sent }) => reply(sent.includes('Cookie') ? { body: 'mine' } : { status: 401, body: openBody() }))
  const first = await ask({ target, fields })
  t.same([first.text, detailOf(first)], ['mine', 'credentials-needed'])
  t.equal(origin.requests.length, 2, 'once without, once as it came')
  t.same([detailOf(await ask({ target, fields })), origin.requests.length], ['credentials-needed', 3], 'which is remembered')
  t.same([observed.stored.length, origin.leaked()], [0, 0])
  t.match(observed.advice, [/scope: authenticated/])
  clock.advance(61_000)
  origin.script(() => reply({ body: 'for all' }))
  await ask({ target, fields })
  t.equal((await ask({ target })).text, 'for all', 'and forgotten')
})

t.test('read: shadow answers from the origin, whatever is stored', async (t) => {
  const { ask, origin, clock } = open(', mode: shadow, stale_if_error: 1h')
  await ask({ target })
  origin.script(() => reply({ body: 'second' }))
  const client = await ask({ target })
  t.same([client.text, detailOf(client)], ['second', 'mode-shadow'])
  clock.advance(61_000)
  origin.script(() => Promise.reject(failure()))
  t.equal((await ask({ target })).status, 504)
})

t.test('read: two rules with one key never answer for each other', async (t) => {
  const rules = `
identity: { from: [header.x-api-key] }
rules:
  - { name: theirs, match: GET /users/:id, cache: { scope: public, key: "user:{params.id}", ttl: 1m } }
  - { name: mine, match: GET /me, cache: { scope: user, key: "user:{user}", ttl: 1m } }
`
  const origin = makeOrigin(({ target: asked }) => reply({ body: asked }))
  const kit = makeParts({ rules, origin })
  const user = (await kit.parts.inForce().identities?.identify(['X-Api-Key', 'k'], kit.clock.now())) as { user: string }
  const mine = await kit.ask({ target: '/me', fields: ['X-Api-Key', 'k'] })
  const theirs = await kit.ask({ target: `/users/${encodeURIComponent(user.user)}` })
  t.same([mine.text, theirs.text], ['/me', `/users/${encodeURIComponent(user.user)}`])
})

t.test('read: a client that leaves its own fetch costs neither the store nor the report', async (t) => {
  const body = openBody()
  const { send, ask, idle, origin, observed } = open()
  origin.script(() => reply({ body }))
  const client = send({ target })
  client.leave()
  body.push('whole')
  body.push(null)
  await idle()
  t.equal((await ask({ target })).text, 'whole')
  t.equal(observed.reports.length, 2)
  t.same(client.wrongs, [])
})

t.test('read: a stored body that cannot be had back is a miss', async (t) => {
  const { ask, clock, store, origin, observed } = open(', stale_if_error: 1h', { settings: { compressAbove: 100 } })
  const whole = 'x'.repeat(100_000)
  origin.script(({ fields }) =>
    fields.includes('If-None-Match')
      ? reply({ status: 304 })
      : reply({ fields: ['Content-Type', 'text/plain', 'ETag', '"1"'], body: whole }),
  )
  await ask({ target })
  t.same([(await ask({ target })).text, origin.requests.length], [whole, 1], 'compressed at rest')
  const peek = store.peek.bind(store)
  let isDamaged = true
  store.peek = (key) => {
    const stored = peek(key)
    if (stored?.kind !== 'entry' || !isDamaged) return stored
    return { kind: 'entry', entry: { ...stored.entry, body: stored.entry.body.subarray(5) } }
  }
  const client = await ask({ target })
  t.same([client.text, detailOf(client)], [whole, 'undecodable'])
  clock.advance(61_000)
  t.equal((await ask({ target })).text, whole, 'a 304 does not help it')
  t.equal(origin.requests.length, 4, 'asked again without validators')
  clock.advance(61_000)
  origin.script(() => Promise.reject(failure()))
  t.equal((await ask({ target })).status, 504, 'nor does a failing origin')
  isDamaged = false
  t.same([observed.faults, observed.reports.length], [[], 5])
})

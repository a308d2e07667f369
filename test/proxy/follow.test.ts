import t from 'tap'
import type { OriginResponse } from '../../src/origin/origin.ts'
import type { FakeClient } from '../fixtures/exchange.ts'
import { makeParts, type PartsOptions, type TestParts } from '../fixtures/parts.ts'
import { type FakeOrigin, failure, type Given, makeOrigin, openBody, reply } from './fake-origin.ts'

/** An origin that answers when the test says so, in the order in which it was asked. */
interface Held extends TestParts {
  readonly origin: FakeOrigin
  /** Resolves when the origin was asked so often. */
  asked(count: number): Promise<void>
  answer(index: number, given: Given | Error): void
}

const rules = (more = ''): string =>
  `rules:\n  - { name: page, match: GET /page, cache: { scope: public, key: page, ttl: 1m${more} } }\n`
const target = '/page'

function open(more = '', options: Partial<PartsOptions> = {}): Held {
  const waiting: Array<PromiseWithResolvers<OriginResponse>> = []
  const watchers = new Set<() => void>()
  const origin = makeOrigin(() => {
    const answer = Promise.withResolvers<OriginResponse>()
    waiting.push(answer)
    for (const watch of watchers) watch()
    return answer.promise
  })
  return {
    ...makeParts({ rules: rules(more), origin, ...options }),
    origin,
    asked: (count) =>
      new Promise((resolve) => {
        const watch = (): void => {
          if (waiting.length >= count) resolve()
        }
        watchers.add(watch)
        watch()
      }),
    answer(index, given) {
      if (given instanceof Error) waiting[index]?.reject(given)
      else waiting[index]?.resolve(reply(given))
    },
  }
}

const all = (clients: readonly FakeClient[]): Promise<unknown> => Promise.all(clients.map(({ over }) => over))
const details = (clients: readonly FakeClient[]): Array<string | undefined> =>
  clients.map(({ cacheStatus }) => cacheStatus.at(-1)?.slice(7))
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

for (const isRemote of [false, true]) {
  const where = isRemote ? 'over a store elsewhere' : 'in this process'

  t.test(`follow: a thousand requests are one at the origin, streamed to all while it comes, ${where}`, async (t) => {
    const kit = open('', { isRemote })
    const leader = kit.send({ target })
    await kit.asked(1)
    const followers = Array.from({ length: 999 }, () => kit.send({ target }))
    await turn()
    const body = openBody()
    kit.answer(0, { body })
    body.push('first ')
    await all([leader, ...followers].map((client) => ({ ...client, over: client.answered })))
    await turn()
    t.ok([leader, ...followers].every(({ text }) => text === 'first '))
    body.push('last')
    body.push(null)
    await all([leader, ...followers])
    await kit.idle()
    t.ok([leader, ...followers].every(({ text, wrongs }) => text === 'first last' && wrongs.length === 0))
    t.equal(kit.origin.requests.length, 1)
    t.same(new Set(details(followers)), new Set(['collapsed']))
    t.equal(kit.observed.reports.length, 1000)
    t.equal(kit.observed.reports.filter(({ isCollapsed }) => isCollapsed).length, 999)
    t.equal(kit.parts.flights.size, 0)
  })

  t.test(`follow: who asks after a purge joins nothing that began before it, softly or not, ${where}`, async (t) => {
    for (const kind of ['hard', 'soft'] as const) {
      const kit = open('', { isRemote })
      const before = kit.send({ target })
      await kit.asked(1)
      await kit.ledger.purge(['k:page'], kind)
      const after = kit.send({ target })
      await kit.asked(2)
      const joined = kit.send({ target })
      await turn()
      kit.answer(0, { body: 'old' })
      await before.over
      kit.answer(1, { body: 'new' })
      await all([after, joined])
      await kit.idle()
      t.same([before.text, after.text, joined.text], ['old', 'new', 'new'], kind)
      t.equal((await kit.ask({ target })).text, 'new')
      t.equal(kit.origin.requests.length, 2)
    }
  })

  t.test(`follow: an answer that is not for everybody releases all at once, and each asks for itself, ${where}`, async (t) => {
    const own: Array<[reason: string, given: Given]> = [
      ['set-cookie', { fields: ['Set-Cookie', 'a=b'] }],
      ['private', { fields: ['Cache-Control', 'private'] }],
      ['no-store', { fields: ['Cache-Control', 'no-store'] }],
      ['vary-any', { fields: ['Vary', '*'] }],
      ['no-provable-end', { framing: 'close' }],
    ]
    for (const [reason, given] of own) {
      const kit = open('', { isRemote })
      const clients = [kit.send({ target })]
      await kit.asked(1)
      for (let i = 0; i < 9; i++) clients.push(kit.send({ target }))
      await turn()
      kit.answer(0, { ...given, body: '#0' })
      await kit.asked(10)
      for (let i = 1; i < 10; i++) kit.answer(i, { ...given, body: `#${i}` })
      await all(clients)
      await kit.idle()
      t.equal(new Set(clients.map(({ text }) => text)).size, 10, `${reason}: shared with nobody`)
      t.equal(details(clients)[0], reason)
      t.same([kit.observed.stored.length, kit.origin.leaked()], [0, 0])
    }
  })
}

t.test('follow: a failure promotes one follower, and after three it is the answer', async (t) => {
  const kit = open()
  const clients = [kit.send({ target })]
  await kit.asked(1)
  for (let i = 0; i < 9; i++) clients.push(kit.send({ target }))
  for (let i = 0; i < 3; i++) {
    await kit.asked(i + 1)
    t.equal(kit.origin.requests.length, i + 1)
    kit.answer(i, failure('origin-broken'))
  }
  await all(clients)
  await kit.idle()
  t.equal(kit.origin.requests.length, 3)
  t.ok(clients.every(({ status }) => status === 502))
  t.equal(kit.observed.reports.length, 10)
})

t.test('follow: a failure costs the others nothing when the next one answers', async (t) => {
  for (const first of [failure(), { status: 503 }]) {
    const kit = open()
    const [leader, ...followers] = [kit.send({ target }), kit.send({ target }), kit.send({ target })] as const
    await kit.asked(1)
    kit.answer(0, first)
    await kit.asked(2)
    kit.answer(1, { body: 'back' })
    await all([leader, ...followers])
    await kit.idle()
    t.same(
      followers.map(({ text }) => text),
      ['back', 'back'],
    )
    t.ok((leader.status ?? 0) >= 503)
    t.same([kit.origin.requests.length, kit.origin.leaked()], [2, 0])
  }
})

t.test('follow: the stale answer stands in for all who waited', async (t) => {
  for (const failed of [failure(), { status: 500, body: openBody() }]) {
    const kit = open(', stale_if_error: 1h')
    const first = kit.send({ target })
    kit.answer(0, { body: 'old' })
    await first.over
    await kit.idle()
    kit.clock.advance(61_000)
    const clients = [kit.send({ target }), kit.send({ target }), kit.send({ target })]
    await kit.asked(2)
    kit.answer(1, failed)
    await all(clients)
    await kit.idle()
    t.same(details(clients), ['stale-if-error', 'stale-if-error', 'stale-if-error'])
    t.same([kit.origin.requests.length, kit.origin.leaked()], [2, 0])
  }
})

t.test('follow: nobody hangs when the leader has left, and its fetch goes on', async (t) => {
  const kit = open()
  const leader = kit.send({ target })
  const follower = kit.send({ target })
  await kit.asked(1)
  leader.leave()
  const gone = kit.send({ target })
  gone.leave()
  kit.answer(0, { body: 'whole' })
  await follower.over
  await kit.idle()
  t.equal(follower.text, 'whole')
  t.equal(kit.observed.reports.length, 3)
  t.same(kit.observed.reports.filter(({ reason }) => reason === 'aborted').length, 1)
})

t.test('follow: nobody hangs when the body breaks, before or after its first byte', async (t) => {
  for (const isEarly of [true, false]) {
    const kit = open()
    const clients = [kit.send({ target }), kit.send({ target }), kit.send({ target, fields: ['Range', 'bytes=0-1'] })]
    await kit.asked(1)
    const body = openBody()
    kit.answer(0, { body })
    if (!isEarly) body.push('half')
    await turn()
    body.destroy(new Error('cut'))
    await all(clients)
    await kit.idle()
    t.ok(clients.every(({ ending }) => ending === 'destroyed'))
    t.same([kit.observed.reports.length, kit.observed.stored.length, kit.parts.flights.size], [3, 0, 0])
  }
})

t.test('follow: nobody hangs when the fetch itself throws', async (t) => {
  const kit = open()
  const clients = [kit.send({ target }), kit.send({ target })]
  await kit.asked(1)
  const { observer } = kit.parts
  observer.originAnswered = () => {
    throw new Error('broken')
  }
  kit.answer(0, { body: 'whole' })
  await all(clients)
  await kit.idle()
  t.ok(clients.every(({ status }) => status === 500))
  t.same([kit.observed.reports.length, kit.parts.flights.size], [2, 0])
})

t.test('follow: above the limit those who are there get everything, at the pace of the slowest', async (t) => {
  const kit = open(', max_size: 10B')
  const [leader, slow, conditional] = [
    kit.send({ target }),
    kit.send({ target }),
    kit.send({ target, fields: ['If-None-Match', '"1"'] }),
  ]
  await kit.asked(1)
  slow.hold()
  const body = openBody()
  kit.answer(0, { body })
  const chunk = 'x'.repeat(8)
  for (let i = 0; i < 5; i++) {
    body.push(chunk)
    await turn()
  }
  t.ok(body.isPaused())
  const late = kit.send({ target })
  await kit.asked(2)
  kit.answer(1, { body: 'mine' })
  await late.over
  slow.drain()
  body.push(null)
  await all([leader, slow, conditional])
  await kit.idle()
  t.ok([leader, slow, conditional].every(({ text, wrongs }) => text === chunk.repeat(5) && wrongs.length === 0))
  t.equal(late.text, 'mine')
  t.equal(kit.observed.notStored[0]?.reason, 'too-large')
})

t.test('follow: only the same variant is shared', async (t) => {
  const kit = open()
  const ask = (language: string): FakeClient => kit.send({ target, fields: ['Accept-Language', language] })
  const clients = [ask('es'), ask('es'), ask('en'), ask('en')]
  await kit.asked(1)
  kit.answer(0, { fields: ['Vary', 'Accept-Language'], body: 'hola' })
  await kit.asked(2)
  kit.answer(1, { fields: ['Vary', 'Accept-Language'], body: 'hello' })
  await all(clients)
  await kit.idle()
  t.same(
    clients.map(({ text }) => text),
    ['hola', 'hola', 'hello', 'hello'],
  )
  t.equal(kit.origin.requests.length, 2)
})

t.test('follow: a confirmation is for its own variant alone', async (t) => {
  const kit = open()
  const vary = (selector: string, etag: string): string[] => ['Vary', selector, 'ETag', etag]
  const spanish = ['Accept-Language', 'es', 'X-Same', '1']
  const english = ['Accept-Language', 'en', 'X-Same', '1']
  for (const [i, [fields, given]] of (
    [
      [spanish, { fields: vary('Accept-Language', '"es"'), body: 'hola' }],
      [english, { fields: vary('Accept-Language', '"en"'), body: 'hello' }],
      [['X-Same', '2'], { fields: vary('X-Same', '"2"'), body: 'other' }],
    ] as const
  ).entries()) {
    const client = kit.send({ target, fields: [...fields] })
    await kit.asked(i + 1)
    kit.answer(i, given)
    await client.over
    await kit.idle()
  }
  kit.clock.advance(61_000)
  // Both are found in flight under the newest field set, by which they do not differ.
  const clients = [kit.send({ target, fields: spanish }), kit.send({ target, fields: english })]
  await kit.asked(4)
  kit.answer(3, { status: 304, fields: ['ETag', '"es"'] })
  await kit.asked(5)
  kit.answer(4, { status: 304, fields: ['ETag', '"en"'] })
  await all(clients)
  t.same(
    clients.map(({ text }) => text),
    ['hola', 'hello'],
  )
})

t.test('follow: a confirmation that forbids sharing is not shared', async (t) => {
  const kit = open()
  const first = kit.send({ target })
  kit.answer(0, { fields: ['ETag', '"1"'], body: 'mine' })
  await first.over
  await kit.idle()
  kit.clock.advance(61_000)
  const clients = [kit.send({ target }), kit.send({ target })]
  await kit.asked(2)
  kit.answer(1, { status: 304, fields: ['ETag', '"1"', 'Cache-Control', 'private'] })
  await kit.asked(3)
  kit.answer(2, { fields: ['Cache-Control', 'private'], body: 'yours' })
  await all(clients)
  t.same(
    clients.map(({ text }) => text),
    ['mine', 'yours'],
  )
})

t.test('follow: other rules in force, other fetches', async (t) => {
  const kit = open()
  const before = kit.send({ target })
  await kit.asked(1)
  kit.enforce(
    'rules:\n  - { name: page, match: GET /page, cache: { scope: public, key: page, ttl: 1m, query: { only: [a] } } }\n',
  )
  const after = kit.send({ target })
  await kit.asked(2)
  kit.answer(0, { body: 'old rules' })
  kit.answer(1, { body: 'new rules' })
  await all([before, after])
  t.same([before.text, after.text], ['old rules', 'new rules'])
})

/** Past its lifetime: when a stored answer is used all the same, who refreshes it, and what forbids it. */
import t, { type Test } from 'tap'
import { makeGate } from '../fixtures/gate.ts'
import { onEachStore, openScene, type Scene } from '../fixtures/scene.ts'

const things = (cache: string): string =>
  `rules:\n  - { name: things, match: "GET /things/:id", cache: { key: "thing:{params.id}", tags: [things], ${cache} } }`

/** An origin that holds every answer back from now on. */
function held({ origin, dated }: Scene): ReturnType<typeof makeGate> {
  const gate = makeGate()
  origin.script(async ({ reply }) => {
    const answer = dated()
    await gate.wait()
    reply(answer)
  })
  return gate
}

onEachStore(t, 'inside stale-while-revalidate everybody is answered at once, and one refresh goes out', async (t, redis) => {
  const scene = await openScene(t, { rules: things('ttl: 10s, stale_while_revalidate: 20s'), redis })
  const { ask, house, clock, origin, settled } = scene
  await ask('/things/1')
  clock.advance(15_000)
  const gate = held(scene)
  for (let i = 0; i < 5; i += 1)
    t.match(await house.ask('/things/1'), { text: '#1', age: '15', cacheStatus: 'hit; ttl=-5; detail=stale-while-revalidate' })
  await gate.arrived(1)
  t.match(await house.ask('/things/1', { method: 'HEAD' }), { status: 200, cacheStatus: /^hit; ttl=-5/ })
  gate.open()
  await settled()
  t.match(await ask('/things/1'), { text: '#2', age: '0', cacheStatus: 'hit; ttl=10; detail=fresh' })
  t.equal(origin.count(), 2)
  clock.advance(30_000)
  t.match(await ask('/things/1'), { text: '#3', cacheStatus: /^fwd=(stale|uri-miss); stored/ }, 'behind the window nobody is')
})

t.test('a refresh that a HEAD caused stores what GET answers', async (t) => {
  const { ask, clock, origin } = await openScene(t, { rules: things('ttl: 10s, stale_while_revalidate: 20s') })
  await ask('/things/1')
  clock.advance(15_000)
  t.match(await ask('/things/1', { method: 'HEAD' }), { cacheStatus: /detail=stale-while-revalidate$/ })
  t.match(await ask('/things/1'), { text: '#2', cacheStatus: /^hit; ttl=10/ })
  t.same(
    origin.requests.map(({ method }) => method),
    ['GET', 'GET'],
  )
})

onEachStore(t, 'a refresh asks with the validators, and a 304 makes the stored answer new', async (t, redis) => {
  const { ask, answer, clock, origin } = await openScene(t, { rules: things('ttl: 10s, stale_while_revalidate: 20s'), redis })
  answer({ headers: { ETag: '"v1"', 'X-Round': 'first' } })
  await ask('/things/1')
  answer({ status: 304, headers: { ETag: '"v1"', 'X-Round': 'second' } })
  clock.advance(15_000)
  await ask('/things/1')
  const refreshed = await ask('/things/1')
  t.match(refreshed, { status: 200, text: '#1', age: '0', cacheStatus: 'hit; ttl=10; detail=fresh' })
  t.equal(refreshed.field('x-round'), 'second')
  clock.advance(40_000)
  const validated = await ask('/things/1')
  t.match(validated, { status: 200, text: '#1', cacheStatus: 'fwd=stale; fwd-status=304; stored; detail=revalidated' })
  t.same(
    origin.requests.slice(1).map(({ rawHeaders }) => rawHeaders[rawHeaders.indexOf('If-None-Match') + 1]),
    ['"v1"', '"v1"'],
  )
})

t.test('a failed refresh harms nobody, and is not tried at every request', async (t) => {
  const scene = await openScene(t, { rules: things('ttl: 10s, stale_while_revalidate: 20s') })
  const { ask, answer, clock, origin } = scene
  await ask('/things/1')
  clock.advance(15_000)
  answer({ status: 500 })
  for (let i = 0; i < 3; i += 1) t.match(await ask('/things/1'), { status: 200, text: '#1' })
  t.equal(origin.count(), 2)
  answer({})
  clock.advance(1_000)
  t.match(await ask('/things/1'), { text: '#1' })
  t.match(await ask('/things/1'), { text: '#3', cacheStatus: /^hit; ttl=10/ })
})

t.test('in the last part of its life a hit refreshes ahead', async (t) => {
  for (const [ahead, early] of [
    ['20%', 79_000],
    ['20s', 79_000],
    ['10m', 49_000],
  ] as const) {
    await t.test(ahead, async (t) => {
      const { ask, clock, origin } = await openScene(t, { rules: things(`ttl: 100s, refresh_ahead: ${ahead}`) })
      await ask('/things/1')
      clock.advance(early)
      t.match(await ask('/things/1'), { text: '#1', cacheStatus: /^hit/ })
      t.equal(origin.count(), 1, 'not yet')
      clock.advance(1_000)
      t.match(await ask('/things/1'), { text: '#1', cacheStatus: /^hit; ttl=\d+; detail=fresh/ }, 'by this hit')
      t.match(await ask('/things/1'), { text: '#2', age: '0', cacheStatus: 'hit; ttl=100; detail=fresh' })
    })
  }
})

t.test('refresh ahead leaves alone what the origin calls immutable', async (t) => {
  const { ask, answer, clock, origin } = await openScene(t, { rules: things('ttl: origin, refresh_ahead: 50%') })
  answer({ headers: { 'Cache-Control': 'max-age=100, immutable' } })
  await ask('/things/1')
  clock.advance(99_000)
  t.match(await ask('/things/1'), { text: '#1', age: '99', cacheStatus: 'hit; ttl=1; detail=fresh' })
  t.equal(origin.count(), 1)
  clock.advance(1_000)
  t.match(await ask('/things/1'), { text: '#2', cacheStatus: /^fwd=stale/ })
})

interface Failure {
  readonly says: string
  readonly status: number
  readonly detail: string
  readonly env?: Readonly<Record<string, string>>
  fail(scene: Scene): void | Promise<void>
}

const failures: readonly Failure[] = [
  ...[500, 502, 503, 504].map(
    (status): Failure => ({
      says: `a ${status}`,
      status,
      detail: 'status',
      fail: ({ answer }) => answer({ status }),
    }),
  ),
  { says: 'no connection', status: 502, detail: 'origin-unreachable', fail: ({ origin }) => origin.close() },
  {
    says: 'a connection that breaks',
    status: 502,
    detail: 'origin-broken',
    fail: ({ origin }) => origin.script(({ reset }) => reset()),
  },
  {
    says: 'what is no HTTP',
    status: 502,
    detail: 'origin-broken',
    fail: ({ origin }) => origin.script(({ raw }) => raw('garbage\r\n\r\n')),
  },
  {
    says: 'no answer in time',
    status: 504,
    detail: 'origin-timeout',
    fail: ({ origin, clock }) => origin.script(() => clock.advance(31_000)),
  },
  {
    says: 'an open circuit',
    status: 503,
    detail: 'origin-circuit-open',
    async fail({ origin, ask, clock }) {
      origin.script(({ reset }) => reset())
      for (let i = 0; i < 5; i += 1) {
        await ask(`/other/${i}`)
        clock.advance(250)
      }
    },
  },
]

for (const { says, status, detail, fail } of failures) {
  t.test(`inside stale-if-error a stored answer stands in for ${says}`, async (t) => {
    const { ask, clock, ...scene } = await openScene(t, { rules: things('ttl: 10s, stale_if_error: 10m') })
    await ask('/things/1')
    clock.advance(70_000)
    await fail({ ask, clock, ...scene })
    const asked = scene.origin.count()
    const reply = await ask('/things/1')
    t.match(reply, { status: 200, text: '#1', cacheStatus: /^fwd=stale;.* detail=stale-if-error$/ })
    t.ok(Number(reply.age) >= 70)
    t.match(await ask('/things/never'), { status, cacheStatus: new RegExp(`detail=${detail}$`) }, 'without one the error is told')
    if (detail === 'origin-circuit-open') t.equal(scene.origin.count(), asked, 'nothing was sent')
    clock.advance(600_000)
    t.ok((await ask('/things/1')).status >= 500, 'behind the window as well')
  })
}

t.test('stale-if-error of the origin holds where the rule names none', async (t) => {
  const { ask, answer, clock } = await openScene(t, { rules: 'unmatched: rfc\nrules: []' })
  answer({ headers: { 'Cache-Control': 'max-age=10, stale-if-error=60' } })
  await ask('/a')
  answer({ status: 500 })
  clock.advance(69_000)
  t.match(await ask('/a'), { status: 200, text: '#1', cacheStatus: 'fwd=stale; fwd-status=500; detail=stale-if-error' })
  clock.advance(1_000)
  t.match(await ask('/a'), { status: 500 })
})

t.test('whoever follows a fetch that fails gets the stale answer too', async (t) => {
  const scene = await openScene(t, { rules: things('ttl: 10s, stale_if_error: 10m') })
  const { ask, house, clock, origin } = scene
  await ask('/things/1')
  clock.advance(60_000)
  const gate = makeGate()
  origin.script(async ({ reset }) => {
    await gate.wait()
    reset()
  })
  const leader = house.ask('/things/1')
  await gate.arrived(1)
  const followers = [house.ask('/things/1'), house.ask('/things/1')]
  gate.open()
  for (const reply of await Promise.all([leader, ...followers]))
    t.match(reply, { status: 200, text: '#1', cacheStatus: /detail=stale-if-error$/ })
  t.ok(origin.count() <= 4, `${origin.count()} requests`)
})

t.test('what forbids a stale answer forbids it in every window', async (t) => {
  for (const directive of ['must-revalidate', 'proxy-revalidate']) {
    await t.test(directive, async (t) => {
      const rules = 'ttl: 10s, stale_while_revalidate: 10m, stale_if_error: 10m'
      const { ask, answer, clock, house } = await openScene(t, { rules: things(rules) })
      answer({ headers: { 'Cache-Control': directive, ETag: '"v1"' } })
      await ask('/things/1')
      clock.advance(15_000)
      answer({ status: 500 })
      t.match(await ask('/things/1'), { status: 500 })
      await house.reloaded(things(`${rules}, override: [must-revalidate]`))
      t.match(
        await ask('/things/1'),
        { status: 200, text: '#1', cacheStatus: /stale-while-revalidate$/ },
        'unless it is overruled',
      )
    })
  }
})

t.test('only-if-cached gets what is stored, or 504 and nothing is asked', async (t) => {
  const { ask, clock, origin } = await openScene(t, { rules: things('ttl: 10s, client_directives: obey') })
  const only = { headers: { 'Cache-Control': 'only-if-cached' } }
  t.match(await ask('/things/1', only), { status: 504, cacheStatus: 'fwd=miss; detail=only-if-cached' })
  await ask('/things/1')
  t.match(await ask('/things/1', only), { status: 200, text: '#1', cacheStatus: /^hit/ })
  clock.advance(10_000)
  t.match(await ask('/things/1', only), { status: 504 })
  t.equal(origin.count(), 1)
})

t.test('min_uses stores what was asked for often enough within its lifetime', async (t) => {
  const { ask, clock } = await openScene(t, { rules: things('ttl: 10s, min_uses: 3') })
  t.match([await ask('/things/1'), await ask('/things/1')], [{ text: '#1' }, { text: '#2' }])
  clock.advance(10_000)
  t.match([await ask('/things/1'), await ask('/things/1')], [{ text: '#3' }, { text: '#4' }], 'counted anew')
  t.match([await ask('/things/1'), await ask('/things/1')], [{ text: '#5' }, { text: '#5', cacheStatus: /^hit/ }])
})

t.test('an answer that cannot be shared releases all who wait, and is remembered for a while', async (t) => {
  const scene = await openScene(t, { rules: things('ttl: 10s') })
  const { house, origin, clock, dated, ask, answer } = scene
  const [first, others] = [makeGate(), makeGate()]
  origin.script(async ({ reply, request }) => {
    const n = origin.count()
    await (n === 1 ? first : others).wait()
    reply(dated({ body: `#${n}`, headers: { 'Set-Cookie': `sid=${n}`, 'X-Target': request.target } }))
  })
  const waiting = Array.from({ length: 10 }, () => house.ask('/things/1'))
  await first.arrived(1)
  first.open()
  // All at once: the ninth would never arrive if they waited for each other.
  await others.arrived(9)
  others.open()
  const replies = await Promise.all(waiting)
  t.equal(new Set(replies.map((reply) => reply.field('set-cookie'))).size, 10, 'nobody got the cookie of another')
  t.match(await ask('/things/1'), { cacheStatus: 'fwd=bypass; fwd-status=200; detail=hit-for-miss' })
  answer({})
  await ask('/things/1')
  clock.advance(9_999)
  const stored = await ask('/things/1')
  t.match(stored, { cacheStatus: /^hit/ }, 'the first answer that can be shared ends it')
})

async function purge(t: Test, { house }: Scene, order: object): Promise<void> {
  const { status } = await fetch(`${house.admin}/purge`, {
    method: 'POST',
    headers: { authorization: 'Bearer a-token-for-the-tests', 'content-type': 'application/json' },
    body: JSON.stringify(order),
  })
  t.equal(status, 200)
}

onEachStore(t, 'after a soft purge the windows count from the purge', async (t, redis) => {
  const scene = await openScene(t, {
    rules: things('ttl: 1h, stale_while_revalidate: 20s, stale_if_error: 60s'),
    redis,
    env: { ADMIN_TOKEN: 'a-token-for-the-tests' },
  })
  const { ask, answer, clock, origin } = scene
  for (const id of [1, 2]) await ask(`/things/${id}`)
  await purge(t, scene, { tags: ['things'], soft: true })
  clock.advance(19_000)
  t.match(await ask('/things/1'), { text: '#1', cacheStatus: 'hit; ttl=-19; detail=stale-purged-softly' })
  t.match(await ask('/things/1'), { text: '#3', cacheStatus: /^hit; ttl=3600/ }, 'refreshed behind it')
  clock.advance(1_000)
  answer({ status: 500 })
  t.match(await ask('/things/2'), { status: 200, text: '#2', cacheStatus: /detail=stale-if-error$/ })
  clock.advance(40_000)
  t.match(await ask('/things/2'), { status: 500 }, 'behind both windows')
  answer({})
  t.match(await ask('/things/2'), { text: `#${origin.count()}` })
  await purge(t, scene, { tags: ['things'] })
  answer({ status: 500 })
  t.match([await ask('/things/1'), await ask('/things/2')], [{ status: 500 }, { status: 500 }], 'a hard purge leaves no window')
})

/** A POST that is answered with what a GET would get answers later GETs; it is a write all the same. */
import t from 'tap'
import { onEachStore, openScene } from '../fixtures/scene.ts'

const rules = 'unmatched: rfc\nrules:\n  - { name: own, match: POST /ruled, purge: { keys: [x] } }'
const fresh = { 'Cache-Control': 'max-age=600' }
const location = 'Content-Location'

// biome-ignore format: one case, one line
const cases: readonly { says: string; target?: string; status?: number; asked?: Record<string, string>; headers: Record<string, string>; isStored: boolean }[] = [
  { says: 'the path', headers: { ...fresh, [location]: '/page' }, isStored: true },
  { says: 'a relative reference', headers: { ...fresh, [location]: 'page' }, isStored: true },
  { says: 'an empty reference', headers: { ...fresh, [location]: '' }, isStored: true },
  { says: 'with its query', target: '/page?a=1', headers: { ...fresh, [location]: '/page?a=1' }, isStored: true },
  { says: 'Expires', headers: { Expires: 'Fri, 31 Dec 2060 00:00:00 GMT', [location]: '/page' }, isStored: true },
  { says: 'without its query', target: '/page?a=1', headers: { ...fresh, [location]: '/page' }, isStored: false },
  { says: 'another query', headers: { ...fresh, [location]: '/page?' }, isStored: false },
  { says: 'another path', headers: { ...fresh, [location]: '/other' }, isStored: false },
  { says: 'another host', headers: { ...fresh, [location]: 'http://other.example/page' }, isStored: false },
  { says: 'a fragment', headers: { ...fresh, [location]: '/page#x' }, isStored: false },
  { says: 'no Content-Location', headers: fresh, isStored: false },
  { says: 'no lifetime', headers: { [location]: '/page' }, isStored: false },
  { says: 'a lifetime that is only guessed', headers: { 'Last-Modified': 'Mon, 02 Jan 2006 15:04:05 GMT', [location]: '/page' }, isStored: false },
  { says: 'no lifetime left', headers: { 'Cache-Control': 'max-age=0', [location]: '/page' }, isStored: false },
  { says: 'private', headers: { 'Cache-Control': 'private, max-age=600', [location]: '/page' }, isStored: false },
  { says: 'Authorization', asked: { Authorization: 'Bearer x' }, headers: { ...fresh, [location]: '/page' }, isStored: false },
  { says: 'a request that forbids it', asked: { 'Cache-Control': 'no-store' }, headers: { ...fresh, [location]: '/page' }, isStored: false },
  { says: 'a status that is not 200', status: 201, headers: { ...fresh, [location]: '/page' }, isStored: false },
  { says: 'a rule that purges', target: '/ruled', headers: { ...fresh, [location]: '/ruled' }, isStored: false },
]
for (const { says, target = '/page', status = 200, asked = {}, headers, isStored } of cases) {
  onEachStore(t, `${says}: ${isStored ? 'answers' : 'does not answer'} GET`, async (t, redis) => {
    const { ask, answer } = await openScene(t, { rules, redis })
    answer((request) => (request.method === 'POST' ? { status, body: 'posted', headers } : { body: 'got', headers: fresh }))
    t.match(await ask(target, { method: 'POST', body: 'x', headers: asked }), {
      text: 'posted',
      cacheStatus: /^fwd=method; fwd-status=/,
    })
    t.match(
      await ask(target),
      isStored ? { text: 'posted', cacheStatus: /^hit/, age: '0' } : { text: 'got', cacheStatus: /^fwd=/ },
    )
    const head = await ask(target, { method: 'HEAD' })
    if (isStored) t.match([head.cacheStatus, head.field('content-length')], [/^hit/, '6'])
  })
}

onEachStore(t, 'what is stored of a POST is purged like anything else, by the next POST too', async (t, redis) => {
  const { ask, answer, origin } = await openScene(t, { rules, redis })
  answer((request) =>
    request.method === 'POST' && !request.body.includes('quietly') ? { headers: { ...fresh, [location]: '/page' } } : {},
  )
  await ask('/page')
  await ask('/page', { method: 'POST' })
  t.match(await ask('/page'), { text: '#2', cacheStatus: /^hit/ })
  await ask('/page', { method: 'POST' })
  t.match(await ask('/page'), { text: '#3', cacheStatus: /^hit/ })
  await ask('/page', { method: 'POST', body: 'quietly' })
  t.match(await ask('/page'), { text: '#5', cacheStatus: /^fwd=/ })
  t.equal(origin.count(), 5)
})

onEachStore(
  t,
  'a write that is answered while a POST is under way may be newer than its answer: it is not stored',
  async (t, redis) => {
    const { house, ask, origin, settled, dated } = await openScene(t, { rules, redis })
    const held = Promise.withResolvers<void>()
    origin.script(async ({ request, reply }) => {
      if (request.method === 'POST') await held.promise
      reply(dated(request.method === 'POST' ? { body: 'old', headers: { ...fresh, [location]: '/page' } } : { body: 'new' }))
    })
    const post = house.ask('/page', { method: 'POST' })
    await origin.received(1)
    await house.ask('/page', { method: 'DELETE' })
    held.resolve()
    t.equal((await post).text, 'old')
    await settled()
    t.match(await ask('/page'), { text: 'new' })
  },
)

onEachStore(t, 'a write to something else meanwhile takes nothing from the answer to a POST', async (t, redis) => {
  const { house, ask, origin, settled, dated } = await openScene(t, { rules, redis })
  const held = Promise.withResolvers<void>()
  origin.script(async ({ request, reply }) => {
    if (request.method === 'POST') await held.promise
    reply(dated(request.method === 'POST' ? { body: 'kept', headers: { ...fresh, [location]: '/page' } } : { body: 'new' }))
  })
  const post = house.ask('/page', { method: 'POST' })
  await origin.received(1)
  await house.ask('/elsewhere', { method: 'DELETE' })
  held.resolve()
  t.equal((await post).text, 'kept')
  await settled()
  t.match(await ask('/page'), { text: 'kept', cacheStatus: /^hit/ })
})

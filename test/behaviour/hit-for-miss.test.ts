/**
 * What is remembered of an answer that could not be shared, and of whom: one client's own doing must not end everybody else's waiting together.
 */
import t from 'tap'
import { makeGate } from '../fixtures/gate.ts'
import { onEachStore, openScene } from '../fixtures/scene.ts'
import { until } from '../fixtures/until.ts'

const lone: ReadonlyArray<readonly [says: string, headers: Record<string, string>]> = [
  ['wants its answer kept by nobody', { 'cache-control': 'no-store' }],
  ['brings a cookie', { cookie: 'a=b' }],
  ['brings credentials', { authorization: 'Basic YTpi' }],
  ['asks for a part', { range: 'bytes=0-0' }],
]

const host = (url: string): string => encodeURIComponent(new URL(url).host)

onEachStore(t, 'one client that is answered for itself alone does not keep others from waiting together', async (t, redis) => {
  const { ask, house, origin, dated, answer, settled } = await openScene(t, { rules: 'unmatched: rfc\nrules: []', redis })
  for (const [i, [says, headers]] of lone.entries()) {
    const target = `/${i}`
    answer(({ rawHeaders }) => ({
      status: rawHeaders.includes('range') ? 206 : 200,
      headers: { 'Cache-Control': 'max-age=60', ...(rawHeaders.includes('range') ? { 'Content-Range': 'bytes 0-0/2' } : {}) },
    }))
    await ask(target, { headers })
    const gate = makeGate()
    origin.script(async ({ reply }) => {
      await gate.wait()
      reply(dated({ headers: { 'Cache-Control': 'max-age=60' } }))
    })
    const before = origin.count(target)
    const crowd = Array.from({ length: 20 }, () => house.ask(target))
    await gate.arrived(1)
    await until('the crowd', () => house.app.parts.flights.find(`test:uri:%2F${i}|h=${host(house.url)}`)?.followers === 19)
    gate.open()
    const bodies = new Set((await Promise.all(crowd)).map(({ text }) => text))
    await settled()
    t.same([origin.count(target) - before, bodies.size], [1, 1], says)
  }
})

onEachStore(t, 'a client that is answered for itself alone leads nobody', async (t, redis) => {
  const { house, origin, dated, settled } = await openScene(t, { rules: 'unmatched: rfc\nrules: []', redis })
  for (const [i, [says, headers]] of lone.entries()) {
    const gate = makeGate()
    origin.script(async ({ reply }) => {
      await gate.wait()
      reply(dated({ headers: { 'Cache-Control': 'max-age=60' } }))
    })
    const first = house.ask(`/${i}`, { headers })
    await gate.arrived(1)
    const second = house.ask(`/${i}`)
    await gate.arrived(2)
    gate.open()
    await Promise.all([first, second])
    t.equal(origin.count(`/${i}`), 2, says)
    await settled()
  }
})

onEachStore(t, 'those with cookies do not wait for each other again', async (t, redis) => {
  const { ask, answer } = await openScene(t, { rules: 'unmatched: rfc\nrules: []', redis })
  answer({ headers: { 'Cache-Control': 'max-age=60' } })
  t.match(await ask('/', { headers: { cookie: 'a=b' } }), { cacheStatus: /detail=cookie$/ })
  t.match(await ask('/', { headers: { cookie: 'a=c' } }), { cacheStatus: /detail=hit-for-miss$/ })
})

onEachStore(t, 'a refusal to a request without its credentials is not kept, whatever is kept of errors', async (t, redis) => {
  const rules = `rules:\n  - { name: one, match: GET /one, cache: { scope: public, key: one, ttl: 1m, negative: { 4xx: 1m } } }`
  const { ask, answer } = await openScene(t, { rules, redis })
  for (const status of [401, 403]) {
    answer(({ rawHeaders }) => (rawHeaders.includes('authorization') ? { body: 'welcome' } : { status }))
    t.match(await ask('/one'), { status, cacheStatus: /^fwd=uri-miss|^fwd=bypass/ })
    t.match(await ask('/one', { headers: { authorization: 'Basic YTpi' } }), { status: 200, text: 'welcome' })
    t.match(await ask('/one'), { status, cacheStatus: /^fwd/ })
  }
})

/**
 * What an origin does late: commits after its answer was given up, or reads from replicas that lag. What was purged is purged once more, and what
 * was read in between goes. The clock is moved by hand, which a ledger elsewhere would not see.
 */
import t from 'tap'
import { makeGate } from '../fixtures/gate.ts'
import { openScene, type Scene } from '../fixtures/scene.ts'
import { begin } from './crowd.ts'

const rules = `defaults: { ttl: 1h }
rules:
  - { name: thing, match: GET /thing, cache: { key: "thing" } }
  - { name: write, match: POST /write, purge: { keys: ["thing"] } }
  - { name: settling, match: POST /settling, purge: { keys: ["thing"], settle: 1500ms } }
  - { name: slowly, match: POST /slowly, purge: { keys: ["thing"], settle: 5s } }`
const totalTimeout = 120_000

/** How the thing is answered now. */
async function detailOf({ ask }: Scene): Promise<string | undefined> {
  return /detail=([a-z-]+)/.exec((await ask('/thing')).cacheStatus)?.[1]
}

t.test('an origin that commits after a timeout: what was read before it did is not served behind its time', async (t) => {
  const scene = await openScene(t, { rules, config: 'origin: { headers_timeout: 30s, total_timeout: 2m }' })
  const { ask, origin, clock } = scene
  let version = 'old'
  const commits = makeGate()
  origin.script(async ({ request, reply }) => {
    if (request.method === 'GET') return reply(scene.dated({ body: version }))
    await commits.wait()
    version = 'new'
  })
  t.match(await ask('/thing'), { text: 'old' })
  const writing = ask('/write', { method: 'POST' })
  await commits.arrived(1)
  clock.advance(30_001)
  t.match(await writing, { status: 504, cacheStatus: /detail=origin-timeout$/ })
  t.match(await ask('/thing'), { text: 'old', cacheStatus: /detail=purged$/ }, 'purged at once, too early')
  commits.open()
  t.match(await ask('/thing'), { text: 'old', cacheStatus: /detail=fresh$/ })
  clock.advance(totalTimeout)
  t.match(await ask('/thing'), { text: 'new', cacheStatus: /detail=purged$/ })
  t.equal(await detailOf(scene), 'fresh')
  clock.advance(2 * totalTimeout)
  t.equal(await detailOf(scene), 'fresh', 'once more, not for ever')
})

t.test('a broken connection and a failing origin: once more behind its time, hard and softly', async (t) => {
  const soft = `${rules.replace('ttl: 1h', 'ttl: 1h, stale_while_revalidate: 1h')}`
  for (const [does, detail] of [
    ['reset', 'purged'],
    ['fail', 'stale-purged-softly'],
  ] as const) {
    const scene = await openScene(t, { rules: soft })
    scene.origin.script(({ request, reply, reset }) => {
      if (request.method === 'GET') reply(scene.dated())
      else if (does === 'reset') reset()
      else reply({ status: 500 })
    })
    await scene.ask('/write', { method: 'POST' })
    await scene.ask('/thing')
    scene.clock.advance(totalTimeout - 1)
    t.equal(await detailOf(scene), 'fresh')
    scene.clock.advance(1)
    t.equal(await detailOf(scene), detail, does)
  }
})

t.test('a writer that leaves in mid-answer: once more behind the time of the origin', async (t) => {
  const scene = await openScene(t, { rules })
  const { origin, house, clock, settled } = scene
  origin.script(({ request, reply, response }) => {
    if (request.method === 'GET') return reply(scene.dated())
    response.writeHead(200, { 'Content-Type': 'text/plain' })
    response.write('first')
  })
  const answer = await begin(house, '/write', 'POST')
  answer.destroy()
  await settled()
  await scene.ask('/thing')
  t.equal(await detailOf(scene), 'fresh')
  clock.advance(totalTimeout)
  t.equal(await detailOf(scene), 'purged')
})

t.test('settle: a success is purged a second time, after as long as the rule says', async (t) => {
  for (const [target, settle] of [
    ['/settling', 1500],
    ['/slowly', 5000],
  ] as const) {
    const scene = await openScene(t, { rules })
    t.match(await scene.ask(target, { method: 'POST' }), { status: 200, cacheStatus: /detail=write$/ })
    await scene.ask('/thing')
    scene.clock.advance(settle - 1)
    t.equal(await detailOf(scene), 'fresh')
    scene.clock.advance(1)
    t.equal(await detailOf(scene), 'purged', target)
    scene.clock.advance(totalTimeout)
    t.equal(await detailOf(scene), 'fresh', 'and that was the last time')
  }
})

t.test('a success without settle, and a write that was refused, are not purged again', async (t) => {
  const scene = await openScene(t, { rules })
  for (const [target, status] of [
    ['/write', 200],
    ['/settling', 409],
  ] as const) {
    scene.answer(({ method }) => (method === 'POST' ? { status } : {}))
    await scene.ask(target, { method: 'POST' })
    await scene.ask('/thing')
    scene.clock.advance(totalTimeout)
    t.equal(await detailOf(scene), 'fresh', target)
  }
})

/** Rules that change under load: no request fails or is answered by half of two versions, and rules that cannot be used change nothing. */
import t from 'tap'
import { StartRefused } from '../../src/app.ts'
import { makeGate } from '../fixtures/gate.ts'
import { rulesOf } from '../fixtures/house.ts'
import { onEachStore, openScene } from '../fixtures/scene.ts'

const thing = (path: string, cache = ''): string =>
  `unmatched: pass\nrules:\n  - { name: things, match: "GET ${path}", cache: { key: "thing:{params.id}", ttl: 1h${cache} } }`

onEachStore(t, 'while rules are swapped under load every answer is right', async (t, redis) => {
  const { house, answer, settled } = await openScene(t, { rules: thing('/a/:id'), redis })
  answer(({ target }) => ({ body: target }))
  const versions = [
    thing('/a/:id'),
    thing('/b/:id'),
    thing('/:id/1', ', query: { only: [] }'),
    thing('/a/:id', ', query: { ignore: [x] }'),
  ]
  const wrong: string[] = []
  let asked = 0
  async function client(): Promise<void> {
    while (asked < 400) {
      const target = `/${asked % 2 === 0 ? 'a' : 'b'}/${asked % 3}`
      if (asked++ % 20 === 0) house.reload(versions[((asked / 20) % versions.length) | 0] as string)
      const { status, text } = await house.ask(target)
      if (status !== 200 || text !== target) wrong.push(`${target}: ${status} ${text}`)
    }
  }
  await Promise.all(Array.from({ length: 8 }, client))
  await settled()
  t.same(wrong, [])
})

t.test('a request under way keeps the rules it began with', async (t) => {
  const { house, origin, dated, ask, settled } = await openScene(t, { rules: thing('/a/:id') })
  const gate = makeGate()
  origin.script(async ({ reply, request }) => {
    await gate.wait()
    reply(dated({ body: request.target }))
  })
  const first = house.ask('/a/1')
  await gate.arrived(1)
  house.reload(thing('/b/:id'))
  const other = house.ask('/b/1')
  await gate.arrived(2)
  gate.open()
  t.match([await first, await other], [{ text: '/a/1' }, { text: '/b/1' }], 'nor is one fetch joined by both')
  await settled()
  t.match(await ask('/b/1'), { text: '/b/1', cacheStatus: /^hit/ })
  t.match(await ask('/a/1'), { text: '/a/1', cacheStatus: /detail=unmatched$/ })
})

t.test('rules that cannot be put in force leave the last good ones', async (t) => {
  const { house, ask } = await openScene(t, { rules: thing('/a/:id') })
  await ask('/a/1')
  const unset = rulesOf(`identity: { from: [jwt.sub], jwt: { secret_env: NOT_SET } }\n${thing('/b/:id')}`)
  t.throws(() => house.app.reload(unset), StartRefused)
  t.throws(() => house.reload('rules:\n  - { name: things, match: GET /b, cache: { ttl: soon } }'), /soon/)
  t.match(await ask('/a/1'), { cacheStatus: /^hit/ })
  t.match(await ask('/b/1'), { cacheStatus: /detail=unmatched$/ })
})

const shop = (name: string): string =>
  `unmatched: pass
rules:
  - { name: read, match: GET /things/:id, cache: { scope: public, key: "${name}:{params.id}", ttl: 1h } }
  - { name: write, match: POST /things, purge: { keys: ["${name}:{request.json.id}"] } }`
const written = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"id":7}' }

onEachStore(t, 'rules that come back find nothing of what was purged while others were in force', async (t, redis) => {
  const { house, ask, settled } = await openScene(t, { rules: shop('one'), redis })
  await ask('/things/7')
  t.match(await ask('/things/7'), { text: '#1', cacheStatus: /^hit/ })
  house.reload(shop('two'))
  await ask('/things', written)
  house.reload(shop('one'))
  await settled()
  t.match(await ask('/things/7'), { text: '#3', cacheStatus: /detail=purged$/ })
})

onEachStore(t, 'a write that a reload overtakes purges what the new rules have stored meanwhile', async (t, redis) => {
  const { house, ask, origin, dated, settled } = await openScene(t, { rules: shop('one'), redis })
  const gate = makeGate()
  origin.script(async ({ request, reply }) => {
    if (request.method === 'POST') await gate.wait()
    reply(dated())
  })
  const writing = house.ask('/things', written)
  await gate.arrived(1)
  house.reload(shop('two'))
  t.match(await house.ask('/things/7'), { text: '#2' })
  gate.open()
  await writing
  await settled()
  t.match(await ask('/things/7'), { text: '#3', cacheStatus: /^fwd/ })
})

onEachStore(t, 'what is fetched under rules that are gone is not stored for their return', async (t, redis) => {
  const { house, ask, origin, dated, settled } = await openScene(t, { rules: shop('one'), redis })
  const gate = makeGate()
  origin.script(async ({ request, reply }) => {
    if (request.method === 'GET') await gate.wait()
    reply(dated())
  })
  const reading = house.ask('/things/7')
  await gate.arrived(1)
  house.reload(shop('two'))
  gate.open()
  await reading
  await settled()
  house.reload(shop('one'))
  await settled()
  t.match(await ask('/things/7'), { text: '#2', cacheStatus: /^fwd/ })
})

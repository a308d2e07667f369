/** Requests for one key share one request to the origin, whatever state it is in, and are answered as it is. */
import t from 'tap'
import { makeGate } from '../fixtures/gate.ts'
import { onEachStore, openScene } from '../fixtures/scene.ts'
import { until } from '../fixtures/until.ts'
import { askTogether, begin, followers, hold, rest, some, start, type Wanted } from './crowd.ts'

const rules = `defaults: { ttl: 1m }
rules:
  - { name: things, match: GET /things/:id, cache: { scope: public, key: "thing:{params.id}" } }
  - { name: apart, match: GET /apart, cache: { scope: public, key: apart, collapse: false } }
  - { name: small, match: GET /small, cache: { scope: public, key: small, max_size: 10B } }`

function thing(id: number): Wanted {
  return { target: `/things/${id}`, key: `thing:${id}` }
}

onEachStore(t, 'a thousand cold requests reach the origin once', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const gate = makeGate()
  hold(scene, gate)
  const replies = Array.from({ length: 1000 }, () => scene.house.ask('/things/1'))
  await until('999 to follow', () => followers(scene.house, 'thing:1') === 999)
  gate.open()
  const answered = await Promise.all(replies)
  t.equal(scene.origin.count(), 1)
  t.same(new Set(answered.map(({ status, text }) => `${status} ${text}`)), new Set(['200 #1']))
  const says = answered.map(({ cacheStatus }) => cacheStatus)
  t.equal(says.filter((status) => status === 'fwd=uri-miss; stored; detail=uri-miss').length, 1)
  t.equal(says.filter((status) => status === 'fwd=uri-miss; collapsed; detail=collapsed').length, 999)
  await scene.settled()
  t.match(await scene.ask('/things/1'), { text: '#1', cacheStatus: /^hit; / })
})

onEachStore(t, 'followers are sent what there is while the origin still sends', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const { house, origin } = scene
  const gate = makeGate()
  origin.script(async ({ response }) => {
    response.writeHead(200, { Date: new Date(scene.clock.now()).toUTCString() })
    response.write('first ')
    await gate.wait()
    response.end('last')
  })
  const leader = await begin(house, '/things/1')
  t.equal(await some(leader), 'first ')
  const follower = await begin(house, '/things/1')
  t.match(follower.headers['cache-status'], /collapsed/)
  t.equal(await some(follower), 'first ')
  gate.open()
  t.equal(await rest(leader), 'last')
  t.equal(await rest(follower), 'last')
  await scene.settled()
  t.match(await scene.ask('/things/1'), { text: 'first last', cacheStatus: /^hit; / })
  t.equal(origin.count(), 1)
})

onEachStore(t, 'a client that leaves aborts nothing that others or the store need', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const { house, origin, settled } = scene
  const gate = makeGate()
  origin.script(async ({ request, reply }) => {
    if (request.target !== '/plain') await gate.wait()
    reply(scene.dated({ body: request.target }))
  })
  const [leader, follower, only] = [start(house, '/things/1'), start(house, '/things/1'), start(house, '/things/2')]
  const staying = house.ask('/things/1')
  await gate.arrived(2)
  await until('two to follow', () => followers(house, 'thing:1') === 2)
  for (const leaving of [leader, follower, only]) leaving.destroy()
  // Whoever leaves has been noticed when a later request is through.
  await house.ask('/plain')
  gate.open()
  t.match(await staying, { status: 200, text: '/things/1' })
  await settled()
  t.match(await scene.ask('/things/1'), { cacheStatus: /^hit; / })
  t.match(await scene.ask('/things/2'), { cacheStatus: /^hit; / }, 'stored although nobody waited')
  t.equal(origin.count('/things'), 2)
})

onEachStore(t, 'an answer that is cut is cut for all, and not stored', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const { house, origin } = scene
  const gate = makeGate()
  origin.script(async ({ raw, reset }) => {
    raw('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nfirst ')
    await gate.wait()
    reset()
  })
  const readers = [await begin(house, '/things/1'), await begin(house, '/things/1'), await begin(house, '/things/1')]
  for (const answer of readers) t.equal(await some(answer), 'first ')
  gate.open()
  for (const answer of readers) await t.rejects(rest(answer), { code: 'ECONNRESET' })
  t.equal(origin.count(), 1)
  await scene.settled()
  origin.script(({ reply }) => reply(scene.dated({ body: 'whole' })))
  t.match(await scene.ask('/things/1'), { text: 'whole', cacheStatus: /detail=uri-miss$/ })
})

onEachStore(t, 'followers who want another variant get their own, each fetched once', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const gate = makeGate()
  scene.origin.script(async ({ request, reply }) => {
    const at = request.rawHeaders.findIndex((name) => name.toLowerCase() === 'accept-language')
    await gate.wait()
    reply(scene.dated({ headers: { Vary: 'Accept-Language' }, body: `in ${at < 0 ? 'none' : request.rawHeaders[at + 1]}` }))
  })
  const languages = ['es', 'en', 'es', 'en', 'en', 'nah', 'es']
  const asked = languages.map((language) => ({ headers: { 'accept-language': language } }))
  const replies = await askTogether(scene, gate, { ...thing(1), asked: asked })
  t.same(
    replies.map(({ text }) => text),
    languages.map((language) => `in ${language}`),
  )
  t.equal(scene.origin.count(), 3)
  await scene.settled()
  for (const language of languages) {
    t.match(await scene.ask('/things/1', { headers: { 'accept-language': language } }), {
      text: `in ${language}`,
      cacheStatus: /^hit/,
    })
  }
})

onEachStore(t, 'a rule may want its requests apart', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const gate = makeGate()
  hold(scene, gate)
  const replies = Array.from({ length: 5 }, () => scene.house.ask('/apart'))
  await gate.arrived(5)
  gate.open()
  t.equal(new Set((await Promise.all(replies)).map(({ text }) => text)).size, 5)
})

onEachStore(t, 'an answer above the size limit reaches everybody, and is not stored', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const gate = makeGate()
  const body = 'x'.repeat(100_000)
  hold(scene, gate, { body })
  const replies = await askTogether(scene, gate, { target: '/small', key: 'small', asked: [{}, {}, {}, {}] })
  t.ok(replies.every(({ text }) => text === body))
  await scene.settled()
  t.notMatch(await scene.ask('/small'), { cacheStatus: /^hit/ })
})

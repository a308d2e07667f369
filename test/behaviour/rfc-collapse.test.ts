/** Who may be answered from another's fetch (RFC 9111 §4): whoever could be answered from it were it stored, and nobody else. */
import t from 'tap'
import { makeGate } from '../fixtures/gate.ts'
import type { Asked } from '../fixtures/house.ts'
import { onEachStore, openScene, type Scene } from '../fixtures/scene.ts'
import { until } from '../fixtures/until.ts'
import { begin, followers, rest, some } from './crowd.ts'

const rules = 'rules: []'

/** Asks once, and when that is on its way for all the others; resolves with the bodies. */
async function crowd(scene: Scene, fields: readonly string[], others: readonly Asked[]): Promise<string[]> {
  const { house, origin, dated } = scene
  const gate = makeGate()
  origin.script(async ({ request, reply }) => {
    const isValidation = request.rawHeaders.includes('If-None-Match')
    const answer = dated({ headers: [...fields], ...(isValidation ? { status: 304, body: '' } : {}) })
    if (origin.count() === 1) await gate.wait()
    reply(answer)
  })
  const first = house.ask('/a')
  await gate.arrived(1)
  const replies = others.map((asked) => house.ask('/a', asked))
  await until('all to wait', () => followers(house, 'uri:%2Fa') === others.length)
  gate.open()
  const answered = await Promise.all([first, ...replies])
  await scene.settled()
  return answered.map(({ text }) => text)
}

onEachStore(t, 'a fresh answer is for all who wait', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  t.same(await crowd(scene, ['Cache-Control', 'max-age=60'], [{}, {}, {}]), ['#1', '#1', '#1', '#1'])
  t.equal(scene.origin.count(), 1)
})

onEachStore(t, 'one that must be validated before every use is validated for each', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  t.same(await crowd(scene, ['Cache-Control', 'no-cache', 'ETag', '"a"'], [{}, {}, {}]), ['#1', '#1', '#1', '#1'])
  t.equal(scene.origin.count(), 4)
  t.equal(scene.origin.requests.filter(({ rawHeaders }) => rawHeaders.includes('If-None-Match')).length, 3)
})

onEachStore(t, 'one that comes stale is for nobody else', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const bodies = await crowd(scene, ['Cache-Control', 'max-age=60', 'Age', '60'], [{}, {}])
  t.same(bodies.sort(), ['#1', '#2', '#3'])
})

onEachStore(t, 'a client that wants none that is stored gets none that another asked for', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const noCache = { headers: { 'Cache-Control': 'no-cache' } }
  t.same(await crowd(scene, ['Cache-Control', 'max-age=60'], [{}, noCache]), ['#1', '#1', '#2'])
})

onEachStore(t, 'one that became stale while it came is not for who asks then', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const { answer, clock, dated, house, origin } = scene
  const gate = makeGate()
  origin.script(async ({ response }) => {
    response.writeHead(200, [...(dated().headers as string[]), 'Cache-Control', 'max-age=5'])
    response.write('slow ')
    await gate.wait()
    response.end('answer')
  })
  const slow = await begin(house, '/a')
  t.equal(await some(slow), 'slow ')
  clock.advance(5000)
  answer({ headers: { 'Cache-Control': 'max-age=5' } })
  t.equal((await house.ask('/a')).text, '#2')
  gate.open()
  t.equal(await rest(slow), 'answer')
  await scene.settled()
})

for (const [where, text] of [
  ['without a rule', rules],
  ['under ttl: origin', 'rules: [{ name: a, match: GET /a, cache: { key: a, ttl: origin } }]'],
] as const) {
  onEachStore(t, `a part is for nobody who waits for the whole, ${where}`, async (t, redis) => {
    const { house, origin, dated, settled } = await openScene(t, { rules: text, redis })
    const gate = makeGate()
    origin.script(async ({ request, reply }) => {
      const isPart = request.rawHeaders.includes('bytes=0-1')
      const answer = dated({ headers: { 'Cache-Control': 'max-age=60' }, body: 'whole' })
      if (!isPart) return reply(answer)
      await gate.wait()
      reply({ ...answer, status: 206, body: 'wh', headers: [...(answer.headers as string[]), 'Content-Range', 'bytes 0-1/5'] })
    })
    const part = house.ask('/a', { headers: { Range: 'bytes=0-1' } })
    await gate.arrived(1)
    t.match(await house.ask('/a'), { status: 200, text: 'whole', cacheStatus: /^fwd=uri-miss/ })
    gate.open()
    t.match(await part, { status: 206, text: 'wh' })
    await settled()
    t.equal(origin.count(), 2)
  })
}

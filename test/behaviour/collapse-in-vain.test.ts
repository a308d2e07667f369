/** Followers of a fetch whose answer is not for them: each gets its own, at once, and nobody queues up for nothing. */
import t from 'tap'
import { makeGate } from '../fixtures/gate.ts'
import type { Asked } from '../fixtures/house.ts'
import { onEachStore, openScene } from '../fixtures/scene.ts'
import type { Answer } from '../fixtures/scripted-origin.ts'
import { until } from '../fixtures/until.ts'
import { askTogether, followers, hold, type Wanted } from './crowd.ts'

const rules = `defaults: { ttl: 1m }
rules:
  - { name: things, match: GET /things/:id, cache: { scope: public, key: "thing:{params.id}" } }`

function thing(id: number): Wanted {
  return { target: `/things/${id}`, key: `thing:${id}` }
}

onEachStore(t, 'what is for one alone is shared with nobody', async (t, redis) => {
  const cases: ReadonlyArray<readonly [headers: Record<string, string>, detail: string]> = [
    [{ 'Set-Cookie': 'session=1' }, 'set-cookie'],
    [{ 'Cache-Control': 'private' }, 'private'],
    [{ 'Cache-Control': 'private, max-age=60' }, 'private'],
    [{ 'Cache-Control': 'no-store' }, 'no-store'],
    [{ Vary: '*' }, 'vary-any'],
  ]
  for (const [i, [headers, detail]] of cases.entries()) {
    await t.test(JSON.stringify(headers), async (t) => {
      const scene = await openScene(t, { rules, redis })
      const { house, origin } = scene
      const target = `/things/${i}`
      const first = makeGate()
      const others = makeGate()
      origin.script(async ({ reply }) => {
        const count = origin.count()
        await (count === 1 ? first : others).wait()
        reply(scene.dated({ headers, body: `for ${count} alone` }))
      })
      const replies = Array.from({ length: 60 }, () => house.ask(target))
      await until('59 to follow', () => followers(house, `thing:${i}`) === 59)
      first.open()
      // All at once: none of them waits for another's answer.
      await others.arrived(59)
      // And whoever comes now does not wait for them.
      const late = Array.from({ length: 20 }, () => house.ask(target))
      await others.arrived(79)
      others.open()
      const answered = await Promise.all([...replies, ...late])
      t.equal(new Set(answered.map(({ text }) => text)).size, 80, 'to each its own')
      t.equal(origin.count(), 80)
      const says = answered.map(({ cacheStatus }) => /detail=(.*)$/.exec(cacheStatus)?.[1])
      t.equal(says[0], detail)
      t.same(new Set(says.slice(1)), new Set(['hit-for-miss']))
      t.notMatch(await scene.ask(target), { cacheStatus: /^hit/ }, 'nothing is stored')
    })
  }
})

onEachStore(t, 'hit-for-miss ends when the answer can be shared again, or after a while', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const { ask, answer, clock, origin } = scene
  answer({ headers: { 'Cache-Control': 'no-store' } })
  await ask('/things/1')
  await ask('/things/2')
  answer({})
  t.match(await ask('/things/1'), { text: '#3', cacheStatus: /detail=hit-for-miss$/ })
  t.match(await ask('/things/1'), { text: '#3', cacheStatus: /^hit; / })
  clock.advance(10_001)
  const gate = makeGate()
  hold(scene, gate)
  const replies = await askTogether(scene, gate, { ...thing(2), asked: [{}, {}, {}] })
  t.equal(origin.count('/things/2'), 2, 'they collapse again')
  t.same(new Set(replies.map(({ text }) => text)).size, 1)
})

onEachStore(t, 'a failure promotes one follower, not all of them', async (t, redis) => {
  const fails: ReadonlyArray<readonly [says: string, Answer | 'reset']> = [
    ['a reset', 'reset'],
    ['a 503', { status: 503 }],
    ['a 500', { status: 500 }],
  ]
  for (const [i, [says, failure]] of fails.entries()) {
    await t.test(says, async (t) => {
      const scene = await openScene(t, { rules, redis })
      const { house, origin } = scene
      const key = `thing:${i}`
      const gates = [makeGate(), makeGate()] as const
      origin.script(async ({ reply, reset }) => {
        const count = origin.count()
        await gates[count - 1]?.wait()
        // A GET on a connection that was reset is tried once more by itself: then it fails again.
        if (count > 1) reply(scene.dated())
        else if (failure === 'reset') reset()
        else reply(failure)
      })
      const leader = house.ask(`/things/${i}`)
      await gates[0].arrived(1)
      const others = Array.from({ length: 20 }, () => house.ask(`/things/${i}`))
      await until('all to follow', () => followers(house, key) === 20)
      gates[0].open()
      await gates[1].arrived(1)
      await until('the others to follow the promoted one', () => followers(house, key) === 19)
      t.equal(origin.count(), 2)
      gates[1].open()
      t.match(await leader, { status: failure === 'reset' ? 502 : failure.status })
      t.same(new Set((await Promise.all(others)).map(({ status, text }) => `${status} ${text}`)), new Set(['200 #2']))
      t.equal(origin.count(), 2)
    })
  }
})

onEachStore(t, 'an origin that keeps failing is not asked once for each', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const gate = makeGate()
  hold(scene, gate, { status: 500 })
  const replies = await askTogether(scene, gate, { ...thing(1), asked: Array<Asked>(30).fill({}) })
  t.same(new Set(replies.map(({ status }) => status)), new Set([500]))
  t.ok(scene.origin.count() < 31, `${scene.origin.count()} requests for 30`)
})

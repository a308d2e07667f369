/** Purges between instances, where what was read, when it was read or whose it is makes them hard. */
import t from 'tap'
import { fieldValue } from '../../src/http/fields.ts'
import { startFaultProxy } from '../faults/fault-proxy.ts'
import type { TestClock } from '../fixtures/clock.ts'
import { ask, caughtUp, openGround, thingRules } from '../fixtures/fleet-ground.ts'
import { until } from '../fixtures/until.ts'

const hit = { cacheStatus: /^hit;.*detail=fresh/ }

t.test('what is read before the origin has committed a write is purged by it', async (t) => {
  const { open, hold } = await openGround(t)
  const [here, there] = [await open(), await open()]
  const gate = hold('before')
  const written = here.ask('/things/1', { method: 'PUT', headers: { host: 'shop.example' } })
  await gate.arrived(1)
  t.match(await ask(there, '/things/1'), { text: '0' })
  // The write is under way here: what goes on behind it is not waited for.
  t.match(await here.ask('/things/1', { headers: { host: 'shop.example' } }), { text: '0', ...hit }, 'stored meanwhile')
  gate.open()
  t.match(await written, { text: '1' })
  t.match(await ask(here, '/things/1'), { text: '1', cacheStatus: /detail=purged$/ })
  await caughtUp(there, here)
  t.match(await ask(there, '/things/1'), { text: '1', ...hit })
})

t.test('a write of one person to a URI takes what others have stored of it', async (t) => {
  const rules = `identity: { from: [header.x-api-key] }
rules:
  - { name: profile, match: GET /profile, cache: { scope: user, key: profile, ttl: 1h } }`
  const { open } = await openGround(t, { rules })
  const [here, there] = [await open(), await open()]
  const of = (key: string): { headers: Record<string, string> } => ({ headers: { 'x-api-key': key } })
  for (const house of [here, there]) {
    t.match(await ask(house, '/profile', of('ann')), { text: '0' })
    t.match(await ask(house, '/profile', of('ann')), { text: '0', ...hit })
  }
  t.match(await ask(here, '/profile', { method: 'PUT', ...of('bob') }), { text: '1' })
  t.match(await ask(here, '/profile', of('ann')), { text: '1', cacheStatus: /detail=purged$/ })
  await caughtUp(there, here)
  t.match(await ask(there, '/profile', of('ann')), { text: '1', ...hit })
})

t.test('an entry that comes into Redis 20 minutes late: as old as it is, and gone where it was purged', async (t) => {
  const { redis, clock, open } = await openGround(t)
  const way = await startFaultProxy(redis.port)
  t.teardown(() => way.close())
  const slow = await open({ redis: `redis://127.0.0.1:${way.port}` })
  const here = await open()
  const { store } = slow.app.parts
  for (const [id, isPurged] of [
    [1, true],
    [2, false],
  ] as const) {
    const target = `/things/${id}`
    const { put } = store
    // It is looked for in Redis before the network stands still.
    store.put = (...given) => {
      way.set({ kind: 'pause' })
      return put.apply(store, given)
    }
    t.equal((await slow.ask(target, { headers: { host: 'shop.example' } })).text, '0')
    const key = `test:thing:${id}|h=shop.example`
    await until('it to lie in memory', () => slow.app.parts.local?.store.peek(key) !== undefined)
    clock.advance(20 * 60_000)
    if (isPurged) t.match(await ask(here, target, { method: 'PUT' }), { text: '1' })
    store.put = put
    way.set({ kind: 'pass' })
    await slow.app.parts.background.drain()
    const stranger = await open()
    const expected = isPurged ? { text: '1', cacheStatus: /^fwd=.*detail=purged$/ } : { text: '0', age: '1200', ...hit }
    t.match(await ask(stranger, target), expected)
    await caughtUp(slow, here)
    t.match(await ask(slow, target), { text: isPurged ? '1' : '0' })
  }
})

t.test('instances with different rules: a write through each takes what the other has stored', async (t) => {
  const { open } = await openGround(t)
  const others = thingRules.replaceAll('thing:', 'item:')
  const [here, there] = [await open(), await open({ rules: others })]
  let version = 0
  for (const [writer, reader] of [
    [here, there],
    [there, here],
  ] as const) {
    for (const house of [here, there]) {
      await ask(house, '/things/1')
      t.match(await ask(house, '/things/1'), { text: String(version), ...hit })
    }
    version += 1
    t.match(await ask(writer, '/things/1', { method: 'PUT' }), { text: String(version) })
    t.match(await ask(writer, '/things/1'), { text: String(version), cacheStatus: /detail=purged$/ })
    await caughtUp(reader, writer)
    t.match(await ask(reader, '/things/1'), { text: String(version), cacheStatus: /detail=purged$/ })
  }
})

t.test('a write within the second of Last-Modified: nothing that was purged asks for a 304', async (t) => {
  for (const soft of [false, true]) {
    const rules = `${thingRules}
  - { name: touched, match: "POST /touched/:id", purge: { soft: ${soft}, keys: ["thing:{params.id}"] } }`
    const { open, origin } = await openGround(t, {
      rules,
      answer(version, { rawHeaders }, clock) {
        const headers = { 'Last-Modified': new Date(clock.now()).toUTCString() }
        return fieldValue(rawHeaders, 'if-modified-since') === undefined
          ? { body: String(version), headers }
          : { status: 304, headers }
      },
    })
    const [here, there] = [await open(), await open()]
    for (const house of [here, there]) await ask(house, '/things/1')
    t.match(await ask(here, '/touched/1', { method: 'POST' }), { text: '1' })
    await caughtUp(there, here)
    t.match(await ask(there, '/things/1'), { text: '1', cacheStatus: /^fwd=/ }, `soft: ${soft}`)
    t.equal(fieldValue(origin.requests.at(-1)?.rawHeaders ?? [], 'if-modified-since'), undefined)
    t.match(await ask(here, '/things/1'), { text: '1' })
  }
})

t.test('ids of 64 bits that a double does not tell apart are two tags', async (t) => {
  const rules = `rules:
  - { name: lists, match: "GET /lists/:id", cache: { scope: public, key: "list:{params.id}", ttl: 1h, tags: ["item:{response.json.items[*].id}"] } }
  - { name: changed, match: POST /changed, purge: { tags: ["item:{request.json.id}"] } }`
  const ids = ['9007199254740992', '9007199254740993']
  const { open, origin } = await openGround(t, {
    rules,
    answer: (_version, { target }) => ({
      headers: { 'Content-Type': 'application/json' },
      body: `{"items":[{"id":${target.slice(7)}}]}`,
    }),
  })
  const [here, there] = [await open(), await open()]
  for (const id of ids) for (const house of [here, there]) await ask(house, `/lists/${id}`)
  t.equal(origin.count('/lists'), 2)
  const headers = { 'content-type': 'application/json' }
  t.match(await ask(here, '/changed', { method: 'POST', headers, body: '{"id":9007199254740993}' }), { status: 200 })
  await caughtUp(there, here)
  t.match(await ask(there, '/lists/9007199254740993'), { cacheStatus: /^fwd=.*detail=purged$/ })
  for (const house of [here, there]) t.match(await ask(house, '/lists/9007199254740992'), hit, 'the other stays')
})

/** The same time, from another beginning. */
function skewed(clock: TestClock, by: number): TestClock {
  return { ...clock, now: () => (clock.now() + by) as ReturnType<TestClock['now']> }
}

const hour = 3_600_000

// The origin goes by the clock of the one that fetches, or that one would find everything an hour old.
for (const [fetching, reading] of [
  [hour, -hour],
  [-hour, hour],
] as const) {
  t.test(
    `clocks two hours apart, fetched at ${fetching / hour} h: purges hold, and time errs by no more than that`,
    async (t) => {
      const { open, clock } = await openGround(t, {
        rules: thingRules.replace('ttl: 1h', 'ttl: 10m'),
        answer: (version, _request, clock) => ({
          headers: { Date: new Date(clock.now() + fetching).toUTCString() },
          body: String(version),
        }),
      })
      const one = await open({ clock: skewed(clock, fetching) })
      const other = await open({ clock: skewed(clock, reading) })
      for (const target of ['/things/1', '/things/2']) {
        await ask(one, target)
        t.match(await ask(one, target), { text: '0', age: '0', ...hit })
      }
      const first = fetching > reading ? { age: '0', ...hit } : { cacheStatus: /^fwd=stale/ }
      t.match(await ask(other, '/things/1'), { text: '0', ...first }, 'to the faster clock it is two hours old already')
      t.match(await ask(one, '/things/1', { method: 'PUT' }), { text: '1' })
      await caughtUp(other, one)
      for (const house of [other, one]) t.match(await ask(house, '/things/1'), { text: '1' }, 'whatever the time')
      clock.advance(600_001)
      t.match(await ask(one, '/things/2'), { cacheStatus: /^fwd=stale/ }, 'by the clock that fetched it')
      clock.advance(600_001 + 2 * hour)
      t.match(await ask(other, '/things/2'), { cacheStatus: /^fwd=/ })
    },
  )
}

t.test('clocks two hours apart: a soft purge counts from the time of Redis, and no window errs by more than that', async (t) => {
  const rules = `rules:
  - { name: things, match: "GET /things/:id", cache: { scope: public, key: "thing:{params.id}", ttl: 1d, stale_while_revalidate: 5m } }
  - { name: touched, match: "POST /touched", purge: { soft: true, patterns: ["thing:*"] } }`
  const { open, clock } = await openGround(t, { rules })
  const [fast, slow] = [await open({ clock: skewed(clock, hour) }), await open({ clock: skewed(clock, -hour) })]
  const targets = ['/things/1', '/things/2']
  for (const house of [slow, fast]) for (const target of targets) await ask(house, target)
  await ask(slow, '/touched', { method: 'POST' })
  await caughtUp(fast, slow)
  t.match(await ask(fast, '/things/1'), { cacheStatus: /^fwd=/ }, 'past its window at once')
  clock.advance(hour + 301_000)
  t.match(await ask(slow, '/things/2'), { cacheStatus: /^fwd=/ }, 'an hour late at most')
})

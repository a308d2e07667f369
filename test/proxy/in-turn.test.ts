import t from 'tap'
import { tagLabel } from '../../src/cache/label.ts'
import type { TestClock } from '../fixtures/clock.ts'
import type { FakeClient } from '../fixtures/exchange.ts'
import { type Gate, makeGate } from '../fixtures/gate.ts'
import { makeTiered, type Tiered } from '../fixtures/tiered.ts'
import { makeTurns, type SharedTurns } from '../fixtures/turns.ts'
import { until } from '../fixtures/until.ts'
import { type FakeOrigin, makeOrigin, reply, type Script } from './fake-origin.ts'

interface Fleet {
  readonly one: Tiered
  readonly two: Tiered
  readonly clock: TestClock
  readonly turns: SharedTurns
  readonly origin: FakeOrigin
}

const target = '/page'

/** Two instances over one store, one ledger and one origin. */
function makeFleet(more: string, script?: Script): Fleet {
  const rules = `rules:\n  - { name: page, match: GET /page, cache: { scope: public, key: page, tags: [pages], ttl: 1m${more} } }\n`
  const turns = makeTurns()
  const origin = makeOrigin(script)
  const one = makeTiered({ rules, origin, turns: turns.of('one') })
  const two = makeTiered({ rules, origin, turns: turns.of('two'), beside: one })
  return { one, two, clock: one.clock, turns, origin }
}

/** Moves the time on in small steps, as it goes, until all is answered; says how many milliseconds that took. */
async function untilOver(clock: TestClock, clients: readonly FakeClient[]): Promise<number> {
  const start = clock.monotonic()
  let isOver = false
  void Promise.all(clients.map(({ over }) => over)).then(() => {
    isOver = true
  })
  await until('the answers', () => {
    if (!isOver) clock.advance(10)
    return isOver
  })
  return clock.monotonic() - start
}

/** The next look into the store gets its answer only once the gate is open. */
function holdFirstLook({ gates }: Tiered): Gate {
  const gate = makeGate()
  gates.afterGet = () => {
    gates.afterGet = async () => {}
    return gate.wait()
  }
  return gate
}

/** Answers with `#n` once the gate is open. */
function gated(gate: Gate): Script {
  let count = 0
  return async () => {
    count += 1
    const body = `#${count}`
    await gate.wait()
    return reply({ body })
  }
}

t.test('collapse fleet: of two instances one fetches, and all clients of both get its answer', async (t) => {
  const gate = makeGate()
  const { one, two, clock, turns, origin } = makeFleet(', collapse: fleet', gated(gate))
  const first = Array.from({ length: 5 }, () => one.send({ target }))
  await gate.arrived(1)
  const second = Array.from({ length: 5 }, () => two.send({ target }))
  await until('the second to be told', () => turns.log.includes('two is told'))
  gate.open()
  t.ok((await untilOver(clock, [...first, ...second])) <= 1000)
  t.same(new Set([...first, ...second].map(({ text }) => text)), new Set(['#1']))
  t.equal(origin.requests.length, 1)
  t.same(new Set(two.observed.reports.map(({ reason }) => reason)), new Set(['fresh']), 'a hit like any')
  await Promise.all([one.idle(), two.idle()])
  t.same(turns.log.filter((line) => !line.endsWith('asks')).sort(), ['one releases', 'one takes', 'two is told'])
})

t.test('collapse fleet: whoever gets the turn just after another has ended looks once more', async (t) => {
  const { one, two, origin, turns } = makeFleet(', collapse: fleet')
  const gate = holdFirstLook(two)
  const waiting = two.send({ target })
  await gate.arrived(1)
  await one.ask({ target })
  gate.open()
  await waiting.over
  t.equal(origin.requests.length, 1)
  await two.idle()
  t.same(turns.log, ['one takes', 'one releases', 'two takes', 'two releases'])
})

t.test('collapse fleet: nobody waits longer than a second for another instance, nor twice', async (t) => {
  const gate = makeGate()
  const { one, two, clock, origin } = makeFleet(', collapse: fleet', gated(gate))
  const first = one.send({ target })
  await gate.arrived(1)
  const early = two.send({ target })
  const late: FakeClient[] = []
  // One comes with every step, so that somebody has always just begun to wait.
  await until('a fetch of their own', () => {
    late.push(two.send({ target }))
    clock.advance(10)
    return origin.requests.length === 2
  })
  t.ok(clock.monotonic() <= 1000, `${clock.monotonic()}`)
  gate.open()
  await untilOver(clock, [first, early, ...late])
  t.equal(early.text, '#2')
  t.equal(origin.requests.length, 2, 'and whoever waits with it fetches once')
})

t.test('collapse fleet: whoever has waited does not join one who only begins to wait', async (t) => {
  const gate = makeGate()
  const { one, two, clock, turns } = makeFleet(', collapse: fleet', gated(gate))
  const first = one.send({ target })
  await gate.arrived(1)
  const early = two.send({ target })
  await until('it to be told', () => turns.log.includes('two is told'))
  // It has waited in vain, and is held while it looks again.
  const held = holdFirstLook(two)
  clock.advance(900)
  await held.arrived(1)
  const late = two.send({ target })
  await until('the next one to be told', () => turns.log.filter((line) => line === 'two is told').length === 2)
  held.open()
  await gate.arrived(2)
  t.equal(clock.monotonic(), 900)
  gate.open()
  await untilOver(clock, [first, early, late])
  t.equal(early.text, '#2')
})

t.test('collapse fleet: the turn ends when the answer lies in the store', async (t) => {
  const { one, two, clock, origin, turns } = makeFleet(', collapse: fleet')
  const gate = makeGate()
  one.gates.beforePut = () => gate.wait()
  const first = one.send({ target })
  await gate.arrived(1)
  await first.over
  const second = two.send({ target })
  await until('the second to be told', () => turns.log.includes('two is told'))
  clock.advance(50)
  await until('it to look', () => turns.log.includes('two asks'))
  gate.open()
  await untilOver(clock, [second])
  t.equal(origin.requests.length, 1)
})

t.test('collapse fleet: an answer that is for nobody else is not waited for to the end', async (t) => {
  const gate = makeGate()
  const { one, two, clock, origin } = makeFleet(', collapse: fleet', async () => {
    await gate.wait()
    return reply({ fields: ['Cache-Control', 'no-store'], body: 'own' })
  })
  const first = one.send({ target })
  await gate.arrived(1)
  const second = two.send({ target })
  await until('the second to wait', () => clock.pending() > 0)
  gate.open()
  t.ok((await untilOver(clock, [first, second])) < 300)
  t.equal(origin.requests.length, 2)
  t.same([first.text, second.text], ['own', 'own'])
})

t.test('collapse fleet: a holder that began before a purge is not waited for, and its late answer serves nobody', async (t) => {
  const paused = makeGate()
  let count = 0
  const { one, two, clock, origin, turns } = makeFleet(', collapse: fleet', async () => {
    count += 1
    const body = `#${count}`
    if (count === 1) await paused.wait()
    return reply({ body })
  })
  const first = one.send({ target })
  await paused.arrived(1)
  await two.fleet.purge([tagLabel('pages')], 'hard')
  t.equal((await two.ask({ target })).text, '#2')
  t.equal(clock.monotonic(), 0, 'at once')
  t.equal(turns.log.includes('two takes'), true)
  paused.open()
  await first.over
  t.equal(first.text, '#1', 'its own client asked before the purge')
  await one.idle()
  t.equal((await two.ask({ target })).text, '#2')
  t.equal((await one.ask({ target })).text, '#2')
  t.equal(origin.requests.length, 2)
})

t.test('collapse fleet: a paused leader whose lease has lapsed stores what is already invalid', async (t) => {
  const paused = makeGate()
  let count = 0
  const { one, two, turns, origin } = makeFleet(', collapse: fleet', async () => {
    count += 1
    const body = `#${count}`
    if (count === 1) await paused.wait()
    return reply({ body })
  })
  const first = one.send({ target })
  await paused.arrived(1)
  turns.lapse()
  t.equal((await two.ask({ target })).text, '#2')
  await two.fleet.purge([tagLabel('pages')], 'hard')
  paused.open()
  await first.over
  await one.idle()
  t.equal((await two.ask({ target })).text, '#3', 'neither of what was fetched before the purge')
  t.equal((await one.ask({ target })).text, '#3')
  t.equal(origin.requests.length, 3)
})

t.test('where the turn cannot be asked for, each instance fetches for itself at once', async (t) => {
  const { one, two, clock, turns, origin } = makeFleet(', collapse: fleet, stale_while_revalidate: 1h')
  turns.fail()
  const gate = makeGate()
  origin.script(gated(gate))
  const clients = [one.send({ target }), two.send({ target })]
  await gate.arrived(2)
  gate.open()
  await Promise.all(clients.map(({ over }) => over))
  await Promise.all([one.idle(), two.idle()])
  t.equal(clock.monotonic(), 0)
  clock.advance(61_000)
  await one.ask({ target })
  t.equal(origin.requests.length, 3, 'a refresh too')
  t.same(one.observed.faults, [])
})

t.test('without collapse: fleet each instance fetches what nobody has', async (t) => {
  const gate = makeGate()
  const { one, two, turns, origin } = makeFleet('', gated(gate))
  const clients = [one.send({ target }), two.send({ target })]
  await gate.arrived(2)
  gate.open()
  await Promise.all(clients.map(({ over }) => over))
  t.equal(origin.requests.length, 2)
  t.same(turns.log, [])
})

t.test('what is not stored yet (min_uses) is fetched without a turn: it would never reach the others', async (t) => {
  const { one, turns } = makeFleet(', collapse: fleet, min_uses: 2')
  await one.ask({ target })
  t.same(turns.log, [])
  await one.ask({ target })
  t.same(turns.log, ['one takes', 'one releases'])
})

t.test('refresh: of two instances one refreshes, the other serves on and finds what it brought', async (t) => {
  const gate = makeGate()
  const { one, two, clock, origin, turns } = makeFleet(', stale_while_revalidate: 1h')
  await one.ask({ target })
  clock.advance(61_000)
  origin.script(gated(gate))
  const clients = [
    ...Array.from({ length: 5 }, () => one.send({ target })),
    ...Array.from({ length: 5 }, () => two.send({ target })),
  ]
  await Promise.all(clients.map(({ over }) => over))
  t.same(new Set(clients.map(({ text }) => text)), new Set([target]), 'nobody waits')
  await gate.arrived(1)
  await until('one to be told', () => turns.log.some((line) => line.endsWith('is told')))
  gate.open()
  const idle = Promise.all([one.idle(), two.idle()])
  let isIdle = false
  void idle.then(() => {
    isIdle = true
  })
  await until('the refresh', () => {
    if (!isIdle) clock.advance(10)
    return isIdle
  })
  t.equal(origin.requests.length, 2)
  for (const kit of [one, two]) {
    const client = await kit.ask({ target })
    t.equal(client.text, '#1')
    t.equal(client.cacheStatus.at(-1), 'detail=fresh')
  }
  t.equal(one.observed.refreshed.length + two.observed.refreshed.length, 1, 'reported by the one that did it')
})

t.test('refresh: one that fails elsewhere is taken up by the next that asks', async (t) => {
  const { one, two, clock, origin } = makeFleet(', stale_while_revalidate: 1h')
  await one.ask({ target })
  clock.advance(61_000)
  origin.script(() => reply({ status: 500 }))
  await one.ask({ target })
  origin.script(() => reply({ body: 'new' }))
  await two.ask({ target })
  // Where it failed it is left alone for a moment.
  clock.advance(1000)
  await one.ask({ target })
  t.equal((await one.ask({ target })).text, 'new', 'found elsewhere behind a stale answer')
  t.equal(origin.requests.length, 3)
})

t.test('refresh: an entry that was refreshed just before is not refreshed again', async (t) => {
  const { one, two, clock, origin } = makeFleet(', stale_while_revalidate: 1h')
  await one.ask({ target })
  clock.advance(61_000)
  // The second has looked before the first was done.
  const gate = holdFirstLook(two)
  const slow = two.send({ target })
  await gate.arrived(1)
  await one.ask({ target })
  gate.open()
  await slow.over
  await two.idle()
  t.equal(origin.requests.length, 2)
})

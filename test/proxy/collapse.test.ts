import t from 'tap'
import type { LastPurge } from '../../src/cache/validity.ts'
import { type Flight, Flights, mayJoin } from '../../src/proxy/collapse.ts'
import { instant } from '../../src/time.ts'

function makeFlight(key: string, changes: Partial<Flight> = {}): Flight {
  const outcome = new Promise<never>(() => {})
  return { key, rule: 'rule', stamp: { epoch: 'e', number: 3 }, labels: ['a', 'm:rule'], outcome, followers: 0, ...changes }
}

t.test('Flights: found under their key until they end', async (t) => {
  const flights = new Flights()
  const flight = makeFlight('k')
  flights.add(flight)
  t.equal(flights.find('k'), flight)
  flights.remove(flight)
  t.equal(flights.find('k'), undefined)
  t.same([flights.size, flights.ended], [0, 1])
})

t.test('Flights: the end of an older one does not take a younger one with it', async (t) => {
  const flights = new Flights()
  const [older, younger] = [makeFlight('k'), makeFlight('k')]
  flights.add(older)
  flights.add(younger)
  flights.move(older, 'other')
  flights.remove(older)
  t.equal(flights.find('k'), younger)
  t.equal(flights.find('other'), undefined)
})

t.test('Flights: one that turned out to be a variant is found by its variant alone', async (t) => {
  const flights = new Flights()
  const flight = makeFlight('k')
  flights.add(flight)
  flights.move(flight, 'k|v=en')
  t.same([flights.find('k'), flights.find('k|v=en')], [undefined, flight])
  flights.remove(flight)
  t.equal(flights.size, 0)
})

t.test('mayJoin: only where no label was purged since, softly or not, in the same epoch', async (t) => {
  const none: LastPurge = { hard: 0, soft: 0, softAt: instant(0) }
  const reading = (purges: Record<string, LastPurge>, epoch = 'e', seq = 9) => ({
    epoch,
    seq,
    purges: new Map(Object.entries(purges)),
  })
  const cases: Array<[ReturnType<typeof reading>, boolean]> = [
    [reading({ a: none, 'm:rule': none }), true],
    [reading({ a: { ...none, hard: 3 }, 'm:rule': none }), true],
    [reading({ a: { ...none, hard: 4 }, 'm:rule': none }), false],
    [reading({ a: { ...none, soft: 4 }, 'm:rule': none }), false],
    [reading({ a: none, 'm:rule': { ...none, hard: 4 } }), false],
    [reading({ a: none }), false],
    [reading({ a: none, 'm:rule': none }, 'other'), false],
    [reading({ a: none, 'm:rule': none }, 'e', 2), false],
  ]
  for (const [known, expected] of cases) t.equal(mayJoin(makeFlight('k'), known), expected, JSON.stringify([...known.purges]))
})

import t from 'tap'
import { allLabel, keyLabel } from '../../src/cache/label.ts'
import { SiblingHub } from '../../src/ledger/sibling-hub.ts'
import type { FromHub } from '../../src/ledger/siblings.ts'
import { milliseconds } from '../../src/time.ts'
import { makeClock } from '../fixtures/clock.ts'

const labels = [keyLabel('a')]
const purge = { kind: 'purge', id: 7, labels, how: 'hard', again: undefined, intent: undefined } as const

t.test(
  'SiblingHub: purges go to everybody but the one who purged, who hears when they hold; ticks come back as they are',
  async (t) => {
    const clock = makeClock()
    const hub = new SiblingHub(clock)
    const heard: FromHub[][] = [[], []]
    const [one, two] = heard.map((messages) => hub.join((message) => void messages.push(message)))
    if (one === undefined || two === undefined) return t.fail('two')
    two.take({ kind: 'tick', at: milliseconds(12.5) })
    t.same(heard[1], [{ kind: 'tock', at: 12.5 }])
    one.take(purge)
    await null
    const told = heard[1]?.[1]
    t.match(told, { kind: 'purge', labels, how: 'hard' })
    t.same(heard[0], [])
    two.take({ kind: 'applied', id: told?.kind === 'purge' ? told.id : 0 })
    for (let turn = 0; turn < 10; turn += 1) await null
    t.same(heard[0], [{ kind: 'done', id: 7 }])
    t.equal(clock.pending(), 0, 'no timer is left behind')
  },
)

t.test('SiblingHub: what names nothing is harmless, and one that has no lease is told of nothing until it asks', async (t) => {
  const clock = makeClock()
  const hub = new SiblingHub(clock)
  const heard: FromHub[] = []
  const one = hub.join(() => {})
  const two = hub.join((message) => void heard.push(message))
  two.take({ kind: 'applied', id: 99 })
  two.take({ kind: 'forget', id: 'nothing' })
  one.take(purge)
  t.same(heard, [])
  two.take({ kind: 'tick', at: milliseconds(0) })
  t.match(heard, [{ kind: 'purge', labels: [allLabel], how: 'hard' }, { kind: 'tock' }])
  two.take({ kind: 'tick', at: milliseconds(1) })
  t.equal(heard.length, 3, 'once')
})

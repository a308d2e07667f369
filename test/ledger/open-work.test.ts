import t from 'tap'
import { keyLabel } from '../../src/cache/label.ts'
import { mostRecent, OpenWork } from '../../src/ledger/open-work.ts'
import { milliseconds } from '../../src/time.ts'
import { makeClock } from '../fixtures/clock.ts'

const [a, b] = [keyLabel('a'), keyLabel('b')]

t.test('OpenWork: the purges of the last minute', async (t) => {
  const clock = makeClock()
  const work = new OpenWork(clock)
  work.purged([a])
  clock.advance(30_000)
  work.purged([b])
  t.same(work.recent(), [a, b])
  work.purged([a])
  clock.advance(45_000)
  t.same(work.recent(), [b, a], 'counted from the last')
  clock.advance(15_001)
  t.same(work.recent(), [])
})

t.test('OpenWork: more labels than can be told again are everything', async (t) => {
  const work = new OpenWork(makeClock())
  work.purged(Array.from({ length: mostRecent + 1 }, (_, i) => keyLabel(String(i))))
  t.same(work.recent(), ['all'])
})

t.test('OpenWork: intents are told again to a ledger that does not know them, until they are due or done', async (t) => {
  const clock = makeClock()
  const work = new OpenWork(clock)
  const open = (id: string, dueAt: number) => ({
    id,
    labels: [a],
    kind: 'hard' as const,
    dueAt: milliseconds(dueAt),
    isRecorded: true,
  })
  work.add(open('early', 1000))
  work.add(open('late', 60_000))
  work.add(open('done', 60_000))
  t.same(work.unrecorded(), [])
  work.drop('done')
  clock.advance(6000)
  t.same(work.unrecorded(), [], 'what was due was purged by whoever ticked')
  work.lost()
  t.same(
    work.unrecorded().map(({ id }) => id),
    ['late'],
  )
})

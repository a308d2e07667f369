import t from 'tap'
import { allLabel, keyLabel } from '../../src/cache/label.ts'
import { defaultBounds } from '../../src/ledger/bounds.ts'
import type { LedgerEvent } from '../../src/ledger/event.ts'
import { MemoryLedger } from '../../src/ledger/memory.ts'
import { seconds } from '../../src/time.ts'
import { makeClock } from '../fixtures/clock.ts'
import { ledgerContract } from './contract.ts'

t.test('MemoryLedger keeps the contract', async (t) => {
  await ledgerContract(t, async (_, setup) => new MemoryLedger(setup))
})

t.test('judgeNow and stampNow say at once what read and stamp say later', async (t) => {
  const ledger = new MemoryLedger({ clock: makeClock() })
  const labels = [keyLabel('a'), allLabel]
  const before = ledger.stampNow()
  t.same(await ledger.stamp(), before)
  t.same(ledger.judgeNow(before, labels), { kind: 'valid' })
  await ledger.purge([keyLabel('a')], 'hard')
  t.same(ledger.judgeNow(before, labels), { kind: 'purged' })
  t.same(ledger.judgeNow(ledger.stampNow(), labels), { kind: 'valid' })
  t.same(ledger.judgeNow({ ...ledger.stampNow(), epoch: 'x' }, labels), { kind: 'purged' })
  t.equal(ledger.seq, 1)
})

t.test('two ledgers have different epochs', async (t) => {
  const clock = makeClock()
  t.not(new MemoryLedger({ clock }).epoch, new MemoryLedger({ clock }).epoch)
})

t.test('labels purged longer ago than any entry can live are dropped, and nothing is folded', async (t) => {
  const clock = makeClock()
  const events: LedgerEvent[] = []
  let longestLife = seconds(60)
  const bounds = () => ({ ...defaultBounds, labels: 3, longestLife })
  const ledger = new MemoryLedger({ clock, bounds, report: (event) => events.push(event) })
  const stamp = ledger.stampNow()
  for (const key of ['a', 'b', 'c']) await ledger.purge([keyLabel(key)], 'hard')
  clock.advance(60_001)
  await ledger.purge([keyLabel('d')], 'hard')
  t.same(ledger.judgeNow(stamp, [keyLabel('x'), allLabel]), { kind: 'valid' }, 'an entry that lives longer is spared')
  t.same(events, [])
  t.equal(ledger.status().labels, 3)
  t.match((await ledger.read([keyLabel('a')])).purges.get(keyLabel('a')), { hard: 0 }, 'forgotten')

  longestLife = seconds(1)
  clock.advance(50_000)
  for (const key of ['e', 'f', 'g']) await ledger.purge([keyLabel(key)], 'hard')
  t.same(ledger.judgeNow(stamp, [allLabel]), { kind: 'purged' }, 'a shorter life does not hold for what was stored before')
  t.match(events, [{ kind: 'folded', labels: 1, age: 50 }])
})

t.test('purging a label again moves it behind the others', async (t) => {
  const ledger = new MemoryLedger({ clock: makeClock(), bounds: () => ({ ...defaultBounds, labels: 3 }) })
  for (const key of ['a', 'b', 'c', 'a', 'd']) await ledger.purge([keyLabel(key)], 'hard')
  const { purges } = await ledger.read(['a', 'b', 'c', 'd'].map(keyLabel))
  t.same(
    [...purges.values()].map(({ hard }) => hard),
    [4, 0, 3, 5],
    'b was the lowest',
  )
})

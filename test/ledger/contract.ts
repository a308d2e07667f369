/** What every ledger must do, whatever it keeps its numbers in. Run by memory.test.ts and redis.test.ts. */
import type { Test } from 'tap'
import { allLabel, keyLabel, tagLabel } from '../../src/cache/label.ts'
import { judge, type Stamp, type Validity } from '../../src/cache/validity.ts'
import { defaultBounds, type LedgerBounds } from '../../src/ledger/bounds.ts'
import type { LedgerEvent } from '../../src/ledger/event.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { later, seconds } from '../../src/time.ts'
import { makeClock, type TestClock } from '../fixtures/clock.ts'

export interface LedgerSetup {
  readonly clock: TestClock
  readonly bounds: () => LedgerBounds
  readonly report: (event: LedgerEvent) => void
}

/** A new and empty ledger, closed by whoever made it when `t` ends. */
export type MakeLedger = (t: Test, setup: LedgerSetup) => Promise<Ledger>

const a = keyLabel('a')
const b = tagLabel('b')

export async function ledgerContract(t: Test, make: MakeLedger): Promise<void> {
  const start = async (t: Test, bounds: Partial<LedgerBounds> = {}) => {
    const clock = makeClock()
    const events: LedgerEvent[] = []
    const ledger = await make(t, {
      clock,
      bounds: () => ({ ...defaultBounds, ...bounds }),
      report: (event) => events.push(event),
    })
    const judged = async (stamp: Stamp, labels = [a, b, allLabel]): Promise<Validity | undefined> => {
      const reading = await ledger.read(labels)
      return reading && judge(stamp, labels, reading)
    }
    return { clock, events, ledger, stamped: async () => (await ledger.stamp()) as Stamp, judged }
  }

  await t.test('an entry is valid until one of its labels is purged, and a later one is valid again', async (t) => {
    const { ledger, stamped, judged } = await start(t)
    const before = await stamped()
    t.same(await judged(before), { kind: 'valid' }, 'nothing was purged')
    await ledger.purge([keyLabel('other')], 'hard')
    t.same(await judged(before), { kind: 'valid' }, 'another label was')
    const receipt = await ledger.purge([b], 'hard')
    t.same(await judged(before), { kind: 'purged' })
    const after = await stamped()
    t.same(receipt, { kind: 'done', number: after.number, epoch: after.epoch, previous: 0 }, 'the receipt names the number')
    t.same(await judged(after), { kind: 'valid' })
    const softly = await ledger.purge([a, b], 'soft')
    t.match(softly, { kind: 'done', previous: after.number }, 'and the highest that it covers up')
    t.match(await ledger.purge([b], 'hard'), { kind: 'done', previous: after.number + 1 }, 'a soft one as well')
  })

  await t.test('a fill that took its stamp before a purge is purged, however late it is stored', async (t) => {
    const { ledger, stamped, judged } = await start(t)
    const stamp = await stamped()
    const purging = ledger.purge([a], 'hard')
    await purging
    t.same(await judged(stamp), { kind: 'purged' })
  })

  await t.test('numbers only grow, also for purges under way at once', async (t) => {
    const { ledger, stamped } = await start(t)
    const receipts = await Promise.all(Array.from({ length: 20 }, (_, i) => ledger.purge([keyLabel(String(i))], 'hard')))
    const numbers = receipts.map((receipt) => (receipt.kind === 'done' ? receipt.number : -1))
    t.same(
      [...numbers].sort((x, y) => x - y),
      Array.from({ length: 20 }, (_, i) => i + 1),
      'each its own',
    )
    t.equal((await stamped()).number, 20)
  })

  await t.test('a purge of all reaches every entry', async (t) => {
    const { ledger, stamped, judged } = await start(t)
    const stamp = await stamped()
    await ledger.purge([allLabel], 'hard')
    t.same(await judged(stamp), { kind: 'purged' })
  })

  await t.test('256 labels in one purge, each of them reached', async (t) => {
    const { ledger, stamped } = await start(t)
    const stamp = await stamped()
    const labels = Array.from({ length: 256 }, (_, i) => keyLabel(`experience:${18_446_744_073_709_551_615n - BigInt(i)}:detail`))
    await ledger.purge(labels, 'hard')
    const reading = await ledger.read(labels)
    t.ok(reading)
    for (const label of labels) {
      t.same(reading && judge(stamp, [label], reading), { kind: 'purged' }, label)
    }
    t.equal(reading?.purges.size, 256, 'labels whose numbers differ in the last digit stay apart')
  })

  await t.test('a reading keeps what it said, whatever is purged later', async (t) => {
    const { ledger, stamped } = await start(t)
    const stamp = await stamped()
    const reading = await ledger.read([a])
    await ledger.purge([a], 'hard')
    t.same(reading && judge(stamp, [a], reading), { kind: 'valid' })
  })

  await t.test('a label that was never purged is in the reading, with zeros', async (t) => {
    const { ledger } = await start(t)
    t.match((await ledger.read([a]))?.purges.get(a), { hard: 0, soft: 0 })
  })

  await t.test('a stamp of another epoch, or above the counter, is purged', async (t) => {
    const { stamped, judged } = await start(t)
    const stamp = await stamped()
    t.same(await judged({ ...stamp, epoch: '1' }), { kind: 'purged' })
    t.same(await judged({ ...stamp, number: stamp.number + 1 }), { kind: 'purged' })
  })

  await t.test('a soft purge makes stale from its time on; one after the stamp only', async (t) => {
    const { clock, ledger, stamped, judged } = await start(t)
    const stamp = await stamped()
    clock.advance(5000)
    const at = clock.now()
    await ledger.purge([a], 'soft')
    clock.advance(5000)
    t.same(await judged(stamp), { kind: 'expired', at })
    t.same(await judged(await stamped()), { kind: 'valid' })
  })

  await t.test('a second soft purge inside the longest window keeps the older time', async (t) => {
    const { clock, ledger, stamped, judged } = await start(t, { longestWindow: seconds(30) })
    const first = await stamped()
    const at = clock.now()
    await ledger.purge([a], 'soft')
    const second = await stamped()
    clock.advance(30_000)
    await ledger.purge([a], 'soft')
    t.same(await judged(first), { kind: 'expired', at }, 'its window does not get longer')
    t.same(await judged(second), { kind: 'expired', at }, 'and never longer than the older time allows')
  })

  await t.test('beyond the longest window what the first soft purge marked is purged hard', async (t) => {
    const { clock, ledger, stamped, judged } = await start(t, { longestWindow: seconds(30) })
    const first = await stamped()
    const start_ = clock.now()
    await ledger.purge([a], 'soft')
    const second = await stamped()
    clock.advance(30_001)
    await ledger.purge([a], 'soft')
    t.same(await judged(first), { kind: 'purged' })
    t.same(await judged(second), { kind: 'expired', at: later(start_, seconds(30.001)) })
  })

  await t.test('a hard purge forbids every stale use, before and after soft ones', async (t) => {
    const { clock, ledger, stamped, judged } = await start(t)
    const stamp = await stamped()
    await ledger.purge([a], 'soft')
    await ledger.purge([a], 'hard')
    t.same(await judged(stamp), { kind: 'purged' })
    const between = await stamped()
    clock.advance(1000)
    const at = clock.now()
    await ledger.purge([a], 'soft')
    t.same(await judged(stamp), { kind: 'purged' }, 'a soft purge softens nothing')
    t.same(await judged(between), { kind: 'expired', at }, 'and its time is its own')
  })

  await t.test('above the bound the lowest numbers are folded into all, and said so', async (t) => {
    const { events, ledger, stamped, judged } = await start(t, { labels: 4 })
    const first = await stamped()
    await ledger.purge([keyLabel('0')], 'hard')
    const second = await stamped()
    for (let i = 1; i < 4; i += 1) await ledger.purge([keyLabel(String(i))], 'hard')
    t.same(await judged(first), { kind: 'valid' }, 'at the bound nothing is folded')
    t.equal(ledger.status().folds, 0)
    await ledger.purge([keyLabel('4')], 'soft')
    t.same(await judged(first), { kind: 'purged' }, 'older than the folded number')
    t.same(await judged(second), { kind: 'valid' }, 'younger')
    t.equal(ledger.status().folds, 1)
    t.match(
      events.filter(({ kind }) => kind === 'folded'),
      [{ labels: 1 }],
    )
    const reading = await ledger.read([keyLabel('1'), keyLabel('4')])
    t.match(reading?.purges.get(keyLabel('1')), { hard: 2 }, 'the next lowest stands')
    t.match(reading?.purges.get(keyLabel('4')), { hard: 0, soft: 5 })
  })

  await t.test('random purges and fills: nothing purged after its stamp is ever valid, bound or not', async (t) => {
    const { ledger, stamped } = await start(t, { labels: 7 })
    const labels = Array.from({ length: 20 }, (_, i) => keyLabel(String(i)))
    const fills: Array<{ stamp: Stamp; label: string; isPurged: boolean }> = []
    for (let step = 0; step < 300; step += 1) {
      const label = labels[(step * 7919) % 20] as string
      if (step % 3 === 0) fills.push({ stamp: await stamped(), label, isPurged: false })
      else {
        await ledger.purge([label], step % 3 === 1 ? 'hard' : 'soft')
        for (const fill of fills) if (fill.label === label) fill.isPurged = true
      }
    }
    const reading = await ledger.read([...labels, allLabel])
    const wrong = fills.filter(
      ({ stamp, label, isPurged }) => isPurged && reading && judge(stamp, [label, allLabel], reading).kind === 'valid',
    )
    t.same(wrong, [])
    t.equal(fills.filter(({ isPurged }) => isPurged).length > 80, true, 'the mix purges')
  })
}

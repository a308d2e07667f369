import fc from 'fast-check'
import t from 'tap'
import { keyLabel, type Label } from '../../src/cache/label.ts'
import type { Stamp } from '../../src/cache/validity.ts'
import { LedgerImage, type Purge } from '../../src/ledger/image.ts'
import { instant, seconds } from '../../src/time.ts'

const [a, b] = [keyLabel('a'), keyLabel('b')]

function imageAt(number: number, limit = 100): LedgerImage {
  const image = new LedgerImage({ limit, longestWindow: () => seconds(60) })
  image.reset('1', number)
  return image
}

function purge(number: number, labels: readonly Label[], more: Partial<Purge> = {}): Purge {
  return { epoch: '1', number, kind: 'hard', at: instant(1000), labels, others: [], ...more }
}

const at = (number: number, epoch = '1'): Stamp => ({ epoch, number })

t.test('LedgerImage judges what came after it began, and nothing else', async (t) => {
  const image = imageAt(5)
  t.same(image.judge(at(5), [a]), { kind: 'valid' })
  t.same(image.judge(at(4), [a]), { kind: 'purged' }, 'what happened since then is not known')
  t.same(image.judge(at(6), [a]), { kind: 'purged' }, 'from the future')
  t.same(image.judge(at(5, '2'), [a]), { kind: 'purged' }, 'of another ledger')
  t.ok(image.apply(purge(6, [a])))
  t.same(image.judge(at(5), [a]), { kind: 'purged' })
  t.same([image.judge(at(5), [b]), image.judge(at(6), [a])], [{ kind: 'valid' }, { kind: 'valid' }])
  t.ok(image.apply(purge(7, [b], { kind: 'soft' })))
  t.same(image.judge(at(6), [b]), { kind: 'expired', at: 1000 })
  t.ok(image.apply(purge(8, [], { kind: 'soft', others: [a] })))
  t.same(image.judge(at(7), [a]), { kind: 'purged' }, 'the others are purged hard')
})

t.test('LedgerImage: a purge of this process counts before those that came in front of it are known', async (t) => {
  const image = imageAt(5)
  t.notOk(image.apply(purge(7, [a])), 'one is missing')
  t.equal(image.applied, 5)
  t.same(image.judge(at(5), [a]), { kind: 'purged' })
  t.ok(image.apply(purge(6, [b])))
  t.ok(image.apply(purge(7, [a])), 'told again')
  t.equal(image.applied, 7)
  t.ok(image.apply(purge(6, [a])), 'and again: nothing goes back')
  t.same(image.judge(at(7), [a]), { kind: 'valid' })
})

t.test(
  'LedgerImage: what is not understood leaves nothing that can be judged, and what is of another epoch is not heard',
  async (t) => {
    const image = imageAt(5)
    image.apply(purge(6, [a], { epoch: '2' }))
    t.equal(image.applied, 5)
    image.applyUnknown(9)
    t.same([image.applied, image.judge(at(8), [b]), image.judge(at(9), [a])], [9, { kind: 'purged' }, { kind: 'valid' }])
    image.applyUnknown(3)
    t.equal(image.applied, 9)
  },
)

t.test('LedgerImage: what is not understood takes nothing from a purge of this process that lies behind it', async (t) => {
  const image = imageAt(1)
  image.apply(purge(3, [a]))
  image.applyUnknown(2)
  t.same(image.judge(at(2), [a]), { kind: 'purged' })
  t.same(image.judge(at(2), [b]), { kind: 'valid' })
})

t.test('LedgerImage: above its limit it forgets the oldest purge, and what could have been under it', async (t) => {
  const image = imageAt(0, 2)
  for (const number of [1, 2, 3]) image.apply(purge(number, [keyLabel(String(number))]))
  t.equal(image.size, 2)
  t.same(image.judge(at(0), [b]), { kind: 'purged' })
  t.same(image.judge(at(1), [b]), { kind: 'valid' })
})

t.test('LedgerImage: whatever is missing, doubled or told late, nothing that was purged is valid', async () => {
  const purges = fc.array(fc.record({ label: fc.constantFrom('a', 'b', 'c', 'd'), isSoft: fc.boolean() }), { maxLength: 12 })
  const order = fc.array(fc.nat(20), { maxLength: 30 })
  fc.assert(
    fc.property(purges, order, fc.nat(12), (all, told, number) => {
      const image = imageAt(0, 3)
      const records = all.map(({ label, isSoft }, i) => purge(i + 1, [keyLabel(label)], { kind: isSoft ? 'soft' : 'hard' }))
      for (const i of told) {
        const record = records[i % Math.max(1, records.length)]
        // As from the stream: whoever finds a gap gives up what was before.
        if (record !== undefined && i < 15) image.apply(record)
        else if (record !== undefined && !image.apply(record)) image.applyUnknown(record.number)
      }
      for (const label of ['a', 'b', 'c', 'd'].map(keyLabel)) {
        const isPurged = records.some((one) => one.number > number && one.number <= image.applied && one.labels.includes(label))
        if (isPurged && image.judge(at(number), [label]).kind === 'valid') return false
      }
      return true
    }),
    { numRuns: 2000, seed: 4 },
  )
})

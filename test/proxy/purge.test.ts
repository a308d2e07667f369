import t from 'tap'
import type { Label } from '../../src/cache/label.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { purge } from '../../src/proxy/purge.ts'
import { makeParts } from '../fixtures/parts.ts'
import { makeOrigin } from './fake-origin.ts'

const labels = (...names: string[]): ReadonlySet<Label> => new Set(names)

t.test('purge: one number for the hard labels and one for the soft, a label in both is hard', async (t) => {
  const kit = makeParts({ origin: makeOrigin() })
  const stamp = kit.ledger.stampNow()
  const result = await purge(kit.parts, { causes: ['rule'], hard: labels('a', 'b'), soft: labels('b', 'c'), widened: 1 })
  t.match(result, { kind: 'done', number: 1 })
  t.same(
    ['a', 'b', 'c', 'd'].map((label) => kit.ledger.judgeNow(stamp, [label]).kind),
    ['purged', 'purged', 'expired', 'valid'],
  )
  t.match(kit.observed.purged, [
    { kind: 'hard', labels: 2, widened: 1, result: 'done', causes: ['rule'] },
    { kind: 'soft', labels: 1 },
  ])
})

t.test('purge: nothing to purge takes no number and says nothing', async (t) => {
  const kit = makeParts({ origin: makeOrigin() })
  t.match(await purge(kit.parts, { causes: [], hard: labels(), soft: labels(), widened: 0 }), { kind: 'done', number: undefined })
  t.equal(kit.ledger.seq, 0)
  t.equal(kit.observed.purged.length, 0)
})

t.test('purge: what the ledger did not take is queued, whichever kind it was', async (t) => {
  for (const refused of ['hard', 'soft']) {
    const kit = makeParts({ origin: makeOrigin() })
    const { ledger } = kit
    const half: Ledger['purge'] = async (names, kind) =>
      kind === refused ? { kind: 'queued', waiting: 1 } : await ledger.purge(names, kind)
    const parts = { ...kit.parts, ledger: { ...kit.parts.ledger, purge: half } as Ledger }
    const result = await purge(parts, { causes: ['rule'], hard: labels('a'), soft: labels('b'), widened: 0 })
    t.match(result, { kind: 'queued', waiting: 1 }, refused)
    t.match(kit.observed.purged.find(({ kind }) => kind === refused)?.result, 'queued')
  }
})

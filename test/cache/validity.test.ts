import fc from 'fast-check'
import t from 'tap'
import { judge, type LastPurge, type Reading, type Validity } from '../../src/cache/validity.ts'
import { at } from './builders.ts'

const never: LastPurge = { hard: 0, soft: 0, softAt: at(0) }

function reading(purges: Record<string, Partial<LastPurge>>, seq = 9): Reading {
  return { epoch: 'e', seq, purges: new Map(Object.entries(purges).map(([label, last]) => [label, { ...never, ...last }])) }
}

t.test('judge compares the number of the fill with those of the purges', async (t) => {
  const cases: ReadonlyArray<readonly [string, Record<string, Partial<LastPurge>>, Validity]> = [
    ['never purged', { a: {}, b: {} }, { kind: 'valid' }],
    ['purged before', { a: { hard: 4 }, b: { soft: 5, hard: 5 } }, { kind: 'valid' }],
    ['purged after', { a: {}, b: { hard: 6 } }, { kind: 'purged' }],
    ['a label that was not asked for', { a: {} }, { kind: 'purged' }],
    ['softly', { a: {}, b: { soft: 6, softAt: at(3) } }, { kind: 'expired', at: at(3) }],
    ['twice softly: the older', { a: { soft: 7, softAt: at(5) }, b: { soft: 6, softAt: at(3) } }, { kind: 'expired', at: at(3) }],
    ['softly and hard', { a: { soft: 6 }, b: { hard: 6 } }, { kind: 'purged' }],
  ]
  for (const [name, purges, expected] of cases)
    t.same(judge({ epoch: 'e', number: 5 }, ['a', 'b'], reading(purges)), expected, name)
})

t.test('judge trusts no number of another epoch or from the future', async (t) => {
  t.same(judge({ epoch: 'f', number: 5 }, ['a'], reading({ a: {} })), { kind: 'purged' })
  t.same(judge({ epoch: 'e', number: 10 }, ['a'], reading({ a: {} })), { kind: 'purged' })
  t.same(judge({ epoch: 'e', number: 9 }, ['a'], reading({ a: {} })), { kind: 'valid' })
})

t.test('a purge after the fill is never judged valid', async () => {
  const number = fc.nat(20)
  fc.assert(
    fc.property(number, fc.array(fc.record({ hard: number, soft: number }), { minLength: 1 }), (taken, purges) => {
      const named = Object.fromEntries(purges.map((last, i) => [`l${i}`, last]))
      const judged = judge({ epoch: 'e', number: taken }, Object.keys(named), reading(named, 20)).kind
      const isPurged = purges.some(({ hard }) => hard > taken)
      const isExpired = purges.some(({ soft }) => soft > taken)
      return judged === (isPurged ? 'purged' : isExpired ? 'expired' : 'valid')
    }),
  )
})

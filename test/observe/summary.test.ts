import t from 'tap'
import { unmatchedRule } from '../../src/cache/entry.ts'
import { summarise } from '../../src/observe/summary.ts'
import { RuleTally } from '../../src/observe/tally.ts'
import { instant } from '../../src/time.ts'

t.test('summarise adds up the rules and keeps them apart', async (t) => {
  const [one, other, unmatched] = [new RuleTally('one'), new RuleTally('other'), new RuleTally(unmatchedRule)] as const
  for (let i = 0; i < 5; i++) one.answered('fresh', 'memory', 0)
  other.answered('stale-if-error', 'redis', 0)
  other.answered('uri-miss', 'none', 0)
  other.answered('origin-timeout', 'none', 0)
  other.troubles['store-unavailable'] += 1
  const summary = summarise([one, other, unmatched], instant(0), instant(1000))
  t.match(summary, { hits: 5, stale: 1, misses: 1, errors: 2, hitRate: '85.71%', since: '1970-01-01T00:00:00.000Z' })
  t.match(summary.rules, { one: { hits: 5, hitRate: '100.00%' }, other: { hits: 0, stale: 1, errors: 2, hitRate: '50.00%' } })
  t.same(Object.keys(summary.rules), ['one', 'other'], 'what nobody asked for is not shown')
})

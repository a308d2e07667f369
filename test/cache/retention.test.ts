import t from 'tap'
import type { Lifetime } from '../../src/cache/freshness.ts'
import { longestRetention, retention } from '../../src/cache/retention.ts'
import { seconds } from '../../src/time.ts'

function lifetime(fresh: number, swr = 0, sie = 0, isStaleForbidden = false): Lifetime {
  return {
    fresh: seconds(fresh),
    staleWhileRevalidate: seconds(swr),
    staleIfError: seconds(sie),
    isStaleForbidden,
    source: 'rule',
    isRuleOverruledByOrigin: false,
  }
}

t.test('retention covers the life, the longest window and some time to validate, up to 30 days', async (t) => {
  t.equal(retention(lifetime(60), false), 60)
  t.equal(retention(lifetime(60, 30, 600), false), 660)
  t.equal(retention(lifetime(60, 30, 600, true), false), 60, 'windows that are forbidden')
  t.equal(retention(lifetime(60), true), 3660)
  t.equal(retention(lifetime(7200), true), 14_400)
  t.equal(retention(lifetime(10, 0, 100_000), true), 100_010, 'the window is the longer')
  t.equal(retention(lifetime(Number.POSITIVE_INFINITY), true), longestRetention)
  t.equal(retention(lifetime(1e9), false), 30 * 86_400)
})

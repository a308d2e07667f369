import t from 'tap'
import type { Lifetime } from '../../src/cache/freshness.ts'
import { inTiers, longestRetention, retention } from '../../src/cache/retention.ts'
import { seconds } from '../../src/time.ts'

function lifetime(fresh: number, swr = 0, sie = 0, isStaleForbidden = false): Lifetime {
  return {
    fresh: seconds(fresh),
    staleWhileRevalidate: seconds(swr),
    staleIfError: seconds(sie),
    isStaleForbidden,
    source: 'rule',
    isImmutable: false,
    isRuleOverruledByOrigin: false,
  }
}

const useless = { isValidatable: false, isClientObeyed: false }
const validatable = { isValidatable: true, isClientObeyed: false }
const obedient = { isValidatable: false, isClientObeyed: true }

t.test('retention covers the life, the longest window and some time to validate, up to 30 days', async (t) => {
  t.equal(retention(lifetime(60), useless), 60)
  t.equal(retention(lifetime(60, 30, 600), useless), 660)
  t.equal(retention(lifetime(60, 30, 600, true), useless), 60, 'windows that are forbidden')
  t.equal(retention(lifetime(60), validatable), 3660)
  t.equal(retention(lifetime(7200), validatable), 14_400)
  t.equal(retention(lifetime(10, 0, 100_000), validatable), 100_010, 'the window is the longer')
  t.equal(retention(lifetime(10), obedient), 70, 'a client may take it stale')
  t.equal(retention(lifetime(600), obedient), 1200)
  t.equal(retention(lifetime(10, 0, 0, true), obedient), 10, 'what no client may')
  t.equal(retention(lifetime(0), obedient), 0, 'what was never fresh')
  t.equal(retention(lifetime(Number.POSITIVE_INFINITY), validatable), longestRetention)
  t.equal(retention(lifetime(1e9), useless), 30 * 86_400)
})

t.test('inTiers: each tier as long as it is of use, or as long as the policy lets it', async (t) => {
  const [minute, hour] = [seconds(60), seconds(3600)]
  t.same(inTiers(hour, {}), { memory: hour, shared: hour })
  t.same(inTiers(hour, { l1: minute }), { memory: minute, shared: hour })
  t.same(inTiers(hour, { l1: undefined, l2: minute }), { memory: hour, shared: minute })
  t.same(inTiers(minute, { l1: hour, l2: hour }), { memory: minute, shared: minute })
})

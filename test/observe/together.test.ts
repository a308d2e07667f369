import t from 'tap'
import { createMetrics, type Metrics } from '../../src/observe/metrics.ts'
import { exposeTogether, summariseTogether } from '../../src/observe/together.ts'
import { makeClock } from '../fixtures/clock.ts'

function metricsOf(answers: { readonly hits: number; readonly misses: number; readonly folds: number }): Metrics {
  const metrics = createMetrics('test', makeClock())
  metrics.declareRules(['a'])
  const tally = metrics.rule('a')
  for (let i = 0; i < answers.hits; i += 1) tally.answered('fresh', 'memory', 0.0001)
  for (let i = 0; i < answers.misses; i += 1) tally.answered('uri-miss', 'none', 0.3)
  const tier = { kind: 'memory', isConnected: answers.folds === 0, keys: 2, bytes: 10, undecodable: 0 } as const
  metrics.watch({
    tiers: () => [tier],
    originInFlight: () => 1,
    ledger: () => ({ isConnected: true, waiting: 0, folds: answers.folds }),
  })
  return metrics
}

const both = [metricsOf({ hits: 3, misses: 1, folds: 0 }), metricsOf({ hits: 1, misses: 3, folds: 5 })]

t.test('exposeTogether adds up what counts, takes the worse of what does not, and works the rate out anew', async (t) => {
  const snapshots = await Promise.all(both.map((metrics) => metrics.snapshot()))
  const text = await exposeTogether(structuredClone(snapshots), { service: 'test', silent: 1 })
  const value = (sample: string): string | undefined =>
    text
      .split('\n')
      .find((line) => line.startsWith(`${sample} `))
      ?.slice(sample.length + 1)
  t.equal(value('cache_hits_total{rule="a",tier="memory",service="test"}'), '4')
  t.equal(value('cache_misses_total{rule="a",reason="uri-miss",service="test"}'), '4')
  t.equal(value('cache_hit_rate{service="test"}'), '0.5')
  t.equal(value('cache_keys_total{tier="memory",service="test"}'), '4')
  t.equal(value('cache_connected{tier="memory",service="test"}'), '0', 'not when one is not')
  t.equal(value('ledger_folds_total{service="test"}'), '5', 'their ledgers hold the same labels')
  t.equal(value('origin_in_flight{service="test"}'), '2')
  t.equal(value('http_request_duration_seconds_count{rule="a",outcome="hit",service="test"}'), '4')
  t.equal(value('http_request_duration_seconds_bucket{le="0.0001",rule="a",outcome="hit",service="test"}'), '4')
  t.equal(value('workers{service="test",state="answering"}'), '2')
  t.equal(value('workers{service="test",state="silent"}'), '1')
  t.equal(text.match(/^# TYPE cache_hits_total counter$/gm)?.length, 1)
  t.match(text, /^process_resident_memory_bytes\{service="test"\} \d+$/m)
})

t.test('exposeTogether of nobody says so', async (t) => {
  t.match(await exposeTogether([], { service: 'test', silent: 2 }), /^workers\{service="test",state="silent"\} 2$/m)
})

t.test('summariseTogether adds up, in all and by rule', async (t) => {
  const [one, other] = both.map((metrics) => metrics.summary())
  if (one === undefined || other === undefined) return t.fail('two')
  const elder = { ...other, since: '2020-01-01T00:00:00.000Z', rules: { ...other.rules, b: { ...other, hits: 2, misses: 0 } } }
  t.match(summariseTogether([one, elder]), {
    hits: 4,
    misses: 4,
    hitRate: '50.00%',
    rules: { a: { hits: 4, misses: 4, hitRate: '50.00%' }, b: { hits: 2, hitRate: '100.00%' } },
    since: '2020-01-01T00:00:00.000Z',
    lastUpdated: one.lastUpdated,
  })
  t.equal(summariseTogether([]), undefined)
})

import t from 'tap'
import { difference, parseCounters } from '../../bench/counters.ts'

const exposition = `# HELP cache_hits_total Answers
# TYPE cache_hits_total counter
cache_hits_total{rule="a",tier="memory"} 5
cache_hits_total{rule="b {x} y",tier="redis"} 2
cache_stale_total{rule="a"} 1
cache_misses_total{rule="a",reason="uri-miss"} 3
origin_request_duration_seconds_bucket{le="0.1"} 90
origin_request_duration_seconds_count{service="s"} 91
`

t.test('parseCounters: sums over labels, 0 for what was never counted', async (t) => {
  t.same(parseCounters(exposition), { originRequests: 91, hits: 8, misses: 3 })
  t.same(parseCounters(''), { originRequests: 0, hits: 0, misses: 0 })
})

t.test('difference: what happened between two readings', async (t) => {
  const before = { originRequests: 1, hits: 2, misses: 3 }
  t.same(difference(before, { originRequests: 5, hits: 7, misses: 9 }), { originRequests: 4, hits: 5, misses: 6 })
})

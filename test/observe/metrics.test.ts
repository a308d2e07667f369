import t from 'tap'
import { createMetrics, type MetricSources } from '../../src/observe/metrics.ts'
import { series } from '../../src/observe/series.ts'
import { type Clock, instant, milliseconds } from '../../src/time.ts'

const start = Date.UTC(2026, 0, 1)

function handClock(): Clock & { now: () => ReturnType<typeof instant>; move(ms: number): void } {
  let at = start
  return {
    now: () => instant(at),
    monotonic: () => milliseconds(at),
    after: () => ({ cancel() {} }),
    move(ms) {
      at += ms
    },
  }
}

const sources: MetricSources = {
  tiers: () => [
    { kind: 'memory', isConnected: true, keys: 7, bytes: 4096, undecodable: 0 },
    { kind: 'redis', isConnected: false, keys: undefined, bytes: undefined, undecodable: 3 },
  ],
  originInFlight: () => 3,
  ledger: () => ({ isConnected: true, waiting: 2, folds: 1 }),
}

/** The value of one series, its labels in any order. */
function sampleOf(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
  const line = text.split('\n').find((line) => {
    const match = /^([a-z_]+)\{(.*)\} /.exec(line)
    if (match?.[1] !== name) return false
    const found = (match[2] as string).split(',').sort().join()
    return (
      found ===
      Object.entries({ service: 'shop', ...labels })
        .map(([label, value]) => `${label}="${value}"`)
        .sort()
        .join()
    )
  })
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1))
}

t.test('exposition holds every series of the table with its help, and the process metrics', async (t) => {
  const metrics = createMetrics('shop', handClock())
  const text = await metrics.exposition()
  for (const { name, type, help } of series) {
    t.match(text, `# TYPE ${name} ${type}`)
    t.match(text, `# HELP ${name} ${help}`)
  }
  t.match(text, 'process_resident_memory_bytes{service="shop"}')
  t.match(text, 'nodejs_eventloop_lag_seconds{service="shop"}')
})

t.test('exposition shows what was counted, with the labels that apply', async (t) => {
  const metrics = createMetrics('shop', handClock())
  metrics.declareRules(['badges', 'detail'])
  metrics.watch(sources)
  const badges = metrics.rule('badges')
  badges.answered('fresh', 'memory', 0.0002)
  badges.answered('fresh', 'memory', 0.0002)
  badges.answered('fresh', 'redis', 0.002)
  badges.answered('uri-miss', 'none', 0.2)
  badges.answered('collapsed', 'none', 0.2)
  badges.collapsed += 1
  badges.answered('stale-if-error', 'memory', 0.2)
  badges.answered('origin-timeout', 'none', 31)
  badges.troubles['store-unavailable'] += 1
  badges.sets.memory += 1
  badges.purges.expired += 1
  badges.deletes += 4
  metrics.unmatched.answered('upgrade', 'none', 5)
  metrics.unmatched.answered('bad-host', 'none', 0)
  metrics.originAnswered(0.15)
  const text = await metrics.exposition()

  t.equal(sampleOf(text, 'cache_hits_total', { rule: 'badges', tier: 'memory' }), 2)
  t.equal(sampleOf(text, 'cache_hits_total', { rule: 'badges', tier: 'redis' }), 1)
  t.equal(sampleOf(text, 'cache_misses_total', { rule: 'badges', reason: 'uri-miss' }), 1)
  t.equal(sampleOf(text, 'cache_collapsed_total', { rule: 'badges' }), 1)
  t.equal(sampleOf(text, 'cache_stale_total', { rule: 'badges', tier: 'memory', reason: 'stale-if-error' }), 1)
  t.equal(sampleOf(text, 'cache_bypass_total', { rule: '(unmatched)', outcome: 'tunnel', reason: 'upgrade' }), 1)
  t.equal(sampleOf(text, 'cache_sets_total', { rule: 'badges', tier: 'memory' }), 1)
  t.equal(sampleOf(text, 'cache_deletes_total', { rule: 'badges' }), 4)
  t.equal(sampleOf(text, 'cache_purges_total', { rule: 'badges', outcome: 'expired' }), 1)
  t.equal(sampleOf(text, 'cache_errors_total', { rule: 'badges', outcome: 'error', reason: 'origin-timeout' }), 1)
  t.equal(sampleOf(text, 'cache_errors_total', { rule: 'badges', outcome: 'trouble', reason: 'store-unavailable' }), 1)
  t.equal(sampleOf(text, 'cache_errors_total', { rule: '(unmatched)', outcome: 'refused', reason: 'bad-host' }), 1)
  const undecodable = { outcome: 'trouble', reason: 'undecodable' }
  t.equal(sampleOf(text, 'cache_errors_total', { ...undecodable, tier: 'redis' }), 3)
  t.equal(sampleOf(text, 'cache_errors_total', { ...undecodable, tier: 'memory' }), undefined, 'no series for no trouble')
  t.equal(sampleOf(text, 'cache_hit_rate'), 4 / 6)
  t.equal(sampleOf(text, 'cache_keys_total', { tier: 'memory' }), 7)
  t.equal(sampleOf(text, 'cache_keys_total', { tier: 'redis' }), undefined, 'Redis is never scanned')
  t.equal(sampleOf(text, 'cache_bytes', { tier: 'memory' }), 4096)
  t.equal(sampleOf(text, 'cache_connected', { tier: 'memory' }), 1)
  t.equal(sampleOf(text, 'cache_connected', { tier: 'redis' }), 0)
  t.equal(sampleOf(text, 'ledger_attached'), 1)
  t.equal(sampleOf(text, 'ledger_waiting_labels'), 2)
  t.equal(sampleOf(text, 'ledger_folds_total'), 1)
  t.equal(sampleOf(text, 'origin_in_flight'), 3)

  const hit = { rule: 'badges', outcome: 'hit' }
  t.equal(sampleOf(text, 'http_request_duration_seconds_bucket', { ...hit, le: '0.0001' }), 0)
  t.equal(sampleOf(text, 'http_request_duration_seconds_bucket', { ...hit, le: '0.00025' }), 2)
  t.equal(sampleOf(text, 'http_request_duration_seconds_bucket', { ...hit, le: '+Inf' }), 3, 'buckets are cumulated')
  t.equal(sampleOf(text, 'http_request_duration_seconds_count', hit), 3)
  t.equal(sampleOf(text, 'http_request_duration_seconds_count', { rule: 'badges', outcome: 'error' }), 1)
  t.equal(sampleOf(text, 'origin_request_duration_seconds_sum'), 0.15)
})

t.test('rule: a name that the rules file does not hold never becomes a label', async (t) => {
  const metrics = createMetrics('shop', handClock())
  metrics.declareRules(['badges'])
  for (const name of ['nobody', '/api/x?token=1', 'constructor', '__proto__']) {
    metrics.rule(name).answered('uri-miss', 'none', 0.1)
  }
  t.equal(metrics.unmatched.total('miss'), 4)
  t.notMatch(await metrics.exposition(), /nobody|token|__proto__/)
})

t.test('declareRules: a reload keeps the numbers of rules that stay and drops the others', async (t) => {
  const metrics = createMetrics('shop', handClock())
  metrics.declareRules(['badges', 'detail'])
  metrics.rule('badges').answered('fresh', 'memory', 0.1)
  metrics.rule('detail').answered('fresh', 'memory', 0.1)
  metrics.declareRules(['badges', 'list'])
  t.equal(metrics.rule('badges').total('hit'), 1)
  t.equal(metrics.rule('detail'), metrics.unmatched)
  t.same(Object.keys(metrics.summary().rules), ['badges', 'list'])
})

t.test('summary says the same in short, and reset starts anew', async (t) => {
  const clock = handClock()
  const metrics = createMetrics('shop', clock)
  metrics.declareRules(['badges'])
  const badges = metrics.rule('badges')
  t.equal(metrics.summary().hitRate, '0.00%')
  for (let i = 0; i < 7; i++) badges.answered('fresh', 'memory', 0.1)
  badges.answered('uri-miss', 'none', 0.1)
  metrics.unmatched.answered('method', 'none', 0.1)
  metrics.unmatched.answered('internal', 'none', 0.1)
  badges.sets.redis += 1
  badges.purges.purged += 1
  badges.deletes += 2
  clock.move(60_000)

  const counts = {
    hits: 7,
    misses: 1,
    stale: 0,
    bypass: 0,
    collapsed: 0,
    sets: 1,
    deletes: 2,
    purges: 1,
    errors: 0,
    hitRate: '87.50%',
  }
  const { rules, since, lastUpdated, ...all } = metrics.summary()
  t.same(all, { ...counts, bypass: 1, errors: 1 })
  t.same(Object.entries(rules)[0], ['badges', counts])
  t.match(rules['(unmatched)'], { bypass: 1, errors: 1 })
  t.equal(since, '2026-01-01T00:00:00.000Z')
  t.equal(lastUpdated, '2026-01-01T00:01:00.000Z')

  metrics.originAnswered(0.1)
  metrics.reset()
  t.match(metrics.summary(), { hits: 0, misses: 0, errors: 0, since: '2026-01-01T00:01:00.000Z', hitRate: '0.00%' })
  t.same(Object.keys(metrics.summary().rules), ['badges'])
  t.notMatch(await metrics.exposition(), 'origin_request_duration_seconds_count')
})

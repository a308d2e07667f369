import t from 'tap'
import { createLog } from '../../src/observe/log.ts'
import { createMetrics, type Metrics } from '../../src/observe/metrics.ts'
import { outcomeOf, type Reason } from '../../src/observe/reasons.ts'
import { type RuleTally, reasonTokens } from '../../src/observe/tally.ts'
import { createObserver } from '../../src/proxy/observer.ts'
import type { Observer, PurgeEvent, Report } from '../../src/proxy/parts.ts'
import { milliseconds, seconds } from '../../src/time.ts'
import { makeClock } from '../fixtures/clock.ts'

const clock = makeClock()

const report: Report = {
  rule: 'badges',
  reason: 'fresh',
  method: 'GET',
  status: 200,
  key: 'shop:badges:all',
  duration: milliseconds(2),
  originDuration: undefined,
  bytes: 10,
  isCollapsed: false,
  at: clock.now(),
}

interface Bench {
  readonly observer: Observer
  readonly metrics: Metrics
  readonly lines: ReadonlyArray<Readonly<Record<string, unknown>>>
  /** Every number that is not 0, by its path. */
  numbers(): Record<string, number>
}

function bench(tier: 'memory' | 'redis' = 'memory'): Bench {
  const lines: Record<string, unknown>[] = []
  const log = createLog({ level: 'debug', sampleHits: 1 }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const metrics = createMetrics('shop', clock)
  metrics.declareRules(['badges', 'detail'])
  const tallies = (): RuleTally[] => [metrics.rule('badges'), metrics.rule('detail'), metrics.unmatched]
  return {
    observer: createObserver({ metrics, log, tier }),
    metrics,
    lines,
    numbers: () => Object.fromEntries(tallies().flatMap(({ rule, ...counts }) => leaves(counts, rule))),
  }
}

function leaves(value: unknown, path: string): Array<[path: string, count: number]> {
  if (typeof value === 'number') return value === 0 ? [] : [[path, value]]
  return Object.entries(value as object).flatMap(([name, inner]) => leaves(inner, `${path}.${name}`))
}

/** Of the numbers, those of durations left out. */
function counts(numbers: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(numbers).filter(([path]) => !path.includes('.durations.')))
}

t.test('answered: the reason once, under its rule, and the tier only where the store answered', async (t) => {
  for (const tier of ['memory', 'redis'] as const) {
    for (const reason of reasonTokens) {
      const { observer, numbers, lines } = bench(tier)
      observer.answered({ ...report, reason })
      const outcome = outcomeOf(reason)
      const from = outcome === 'hit' || outcome === 'stale' ? tier : 'none'
      t.same(counts(numbers()), { [`badges.answers.${from}.${reason}`]: 1 }, reason)
      t.match(lines, [{ msg: 'access', rule: 'badges', reason, outcome }])
      t.equal(lines.length, 1)
    }
  }
})

t.test('answered: an answer that says where it lay is counted there', async (t) => {
  const { observer, numbers } = bench('redis')
  observer.answered({ ...report, reason: 'fresh', tier: 'memory' })
  observer.answered({ ...report, reason: 'uri-miss', tier: 'memory' })
  t.same(counts(numbers()), { 'badges.answers.memory.fresh': 1, 'badges.answers.none.uri-miss': 1 })
})

t.test('answered: the duration in seconds, under the outcome', async (t) => {
  const { observer, metrics } = bench()
  observer.answered({ ...report, duration: milliseconds(1500) })
  observer.answered({ ...report, duration: milliseconds(500) })
  t.match(metrics.rule('badges').durations, { hit: { count: 2, sum: 2 }, miss: { count: 0 } })
})

t.test('answered: a follower counts as one beside its reason', async (t) => {
  const { observer, numbers } = bench()
  observer.answered({ ...report, reason: 'collapsed', isCollapsed: true })
  observer.answered({ ...report, reason: 'no-store', isCollapsed: true })
  t.same(counts(numbers()), { 'badges.answers.none.collapsed': 1, 'badges.answers.none.no-store': 1, 'badges.collapsed': 2 })
})

t.test('whatever names no rule in force counts as unmatched', async (t) => {
  const { observer, numbers } = bench()
  observer.answered({ ...report, rule: '(unmatched)' })
  observer.answered({ ...report, rule: 'renamed' })
  observer.stored({ rule: '/api?token=1', key: 'k', bytes: 1, keepFor: seconds(1) })
  t.same(counts(numbers()), { '(unmatched).answers.memory.fresh': 2, '(unmatched).sets.memory': 1 })
})

t.test('stored: one set in the tier', async (t) => {
  for (const tier of ['memory', 'redis'] as const) {
    const { observer, numbers, lines } = bench(tier)
    observer.stored({ rule: 'detail', key: 'shop:experience:7', bytes: 512, keepFor: seconds(60) })
    t.same(numbers(), { [`detail.sets.${tier}`]: 1 })
    t.match(lines, [{ msg: 'stored', level: 20, rule: 'detail', bytes: 512, keepFor: 60, keyHash: /^[0-9a-f]{16}$/ }])
    t.notMatch(JSON.stringify(lines), 'experience', 'keys hold what users asked for')
  }
})

t.test('notStored: a trouble only where an operator should look into it', async (t) => {
  const troubles = new Set<Reason>(['incomplete', 'tags-unread', 'too-many-tags', 'store-unavailable', 'internal'])
  for (const reason of reasonTokens) {
    const { observer, numbers, lines } = bench()
    observer.notStored({ rule: 'badges', key: 'k', reason })
    t.same(numbers(), troubles.has(reason) ? { [`badges.troubles.${reason}`]: 1 } : {}, reason)
    t.match(lines, [{ msg: 'not-stored', level: 20, rule: 'badges', reason }])
  }
})

t.test('purged: one purge for every cause, and each label once', async (t) => {
  const event: PurgeEvent = { causes: ['badges'], kind: 'hard', labels: 3, widened: 0, result: 'done' }
  const cases: ReadonlyArray<readonly [name: string, changes: Partial<PurgeEvent>, numbers: Record<string, number>]> = [
    ['hard', {}, { 'badges.purges.purged': 1, 'badges.deletes': 3 }],
    ['soft', { kind: 'soft' }, { 'badges.purges.expired': 1, 'badges.deletes': 3 }],
    ['widened', { widened: 2 }, { 'badges.purges.purged': 1, 'badges.purges.widened': 2, 'badges.deletes': 3 }],
    ['queued, so nothing is purged yet', { result: 'queued' }, { 'badges.purges.failed': 1 }],
    ['queued softly', { result: 'queued', kind: 'soft' }, { 'badges.purges.failed': 1 }],
    [
      'two rules',
      { causes: ['badges', 'detail'] },
      { 'badges.purges.purged': 1, 'detail.purges.purged': 1, 'badges.deletes': 3 },
    ],
    ['by nobody’s rule', { causes: ['(admin)'] }, { '(unmatched).purges.purged': 1, '(unmatched).deletes': 3 }],
    ['RFC 9111 §4.4', { causes: ['(uri)'], labels: 1 }, { '(unmatched).purges.purged': 1, '(unmatched).deletes': 1 }],
    ['no cause at all', { causes: [] }, { '(unmatched).deletes': 3 }],
  ]
  for (const [name, changes, expected] of cases) {
    const { observer, numbers, lines } = bench()
    observer.purged({ ...event, ...changes })
    t.same(numbers(), expected, name)
    t.match(lines, [{ msg: 'purged', level: changes.result === 'queued' ? 40 : 30, ...event, ...changes }], name)
  }
})

t.test('refreshed: a line, and no number: the exchange with the origin is counted by itself', async (t) => {
  const { observer, numbers, lines } = bench()
  observer.refreshed({ rule: 'badges', key: 'k', isOk: false })
  t.same(numbers(), {})
  t.match(lines, [{ msg: 'refreshed', level: 20, rule: 'badges', isOk: false }])
})

t.test('originAnswered: one observation in seconds, and no line', async (t) => {
  const { observer, metrics, numbers, lines } = bench()
  observer.originAnswered({ rule: 'badges', duration: milliseconds(150), status: 200 })
  observer.originAnswered({ rule: 'badges', duration: milliseconds(350), status: undefined })
  t.same(numbers(), {})
  t.same(lines, [])
  const text = await metrics.exposition()
  t.match(text, /^origin_request_duration_seconds_sum\{.*\} 0\.5$/m)
  t.match(text, /^origin_request_duration_seconds_count\{.*\} 2$/m)
})

t.test('advise: each topic once', async (t) => {
  const { observer, lines } = bench()
  observer.advise('ttl:badges', 'The ttl is not used')
  observer.advise('ttl:badges', 'The ttl is not used, again')
  observer.advise('ttl:detail', 'Nor is this one')
  t.match(lines, [
    { msg: 'advice', level: 40, message: 'The ttl is not used' },
    { msg: 'advice', level: 40, message: 'Nor is this one' },
  ])
  t.equal(lines.length, 2)
  const { observer: other, lines: others } = bench()
  other.advise('ttl:badges', 'The ttl is not used')
  t.equal(others.length, 1, 'each observer for itself')
})

t.test('fault: whatever was thrown becomes a line with where it came from', async (t) => {
  const { observer, numbers, lines } = bench()
  observer.fault(new RangeError('Out of range'))
  observer.fault('a text')
  observer.fault(undefined)
  t.match(lines, [
    { msg: 'fault', level: 50, error: /^RangeError: Out of range\n +at .*observer\.test\.ts/ },
    { msg: 'fault', level: 50, error: 'a text' },
    { msg: 'fault', level: 50, error: 'undefined' },
  ])
  t.same(numbers(), {})
})

import fc from 'fast-check'
import t from 'tap'
import { type DecideInput, type Decision, decide, mayShare } from '../../src/cache/decide.ts'
import { lifetimeOf } from '../../src/cache/freshness.ts'
import type { Validity } from '../../src/cache/validity.ts'
import { instant, seconds } from '../../src/time.ts'
import { at, makeEntry, makePolicy, makeRequest, makeRulePolicy, start } from './builders.ts'

const valid: Validity = { kind: 'valid' }
const purged: Validity = { kind: 'purged' }

/** Lifetime 60, refreshed behind the answer for 30, kept for errors for 600. */
const windows = { staleWhileRevalidate: seconds(30), staleIfError: seconds(600) }
const rule = makeRulePolicy(60, windows)
const listening = makeRulePolicy(60, { ...windows, clientDirectives: 'obey' })
const entry = makeEntry(['ETag', '"a"'])

function softly(when: number): Validity {
  return { kind: 'expired', at: at(when) }
}

function decided(now: number, changes: Partial<DecideInput> = {}): Decision {
  return decide({ entry, validity: valid, request: makeRequest(), policy: rule, now: at(now), ...changes })
}

/** The kind, with the reason where it has one. */
function outcome(decision: Decision): string {
  return 'reason' in decision ? `${decision.kind} ${decision.reason}` : decision.kind
}

t.test('decide follows an entry through its life', async (t) => {
  t.match(decided(0), { kind: 'serve', age: 0, ttl: 60, isDue: false })
  t.match(decided(59.9), { kind: 'serve', age: 59.9 })
  t.match(decided(60), { kind: 'serve-stale', age: 60, ttl: 0 }, 'fresh means younger than its lifetime')
  t.match(decided(89.9), { kind: 'serve-stale' })
  t.match(decided(90), { kind: 'validate', reason: 'stale', isValidatable: true, staleIfErrorUntil: at(660) })
  t.match(decided(659), { kind: 'validate', staleIfErrorUntil: at(660) })
  t.match(decided(660), { kind: 'validate', staleIfErrorUntil: undefined })
  t.match(decided(55, { entry: makeEntry([], { initialAge: seconds(10) }) }), { kind: 'serve-stale', age: 65, ttl: -5 })
  t.match(decided(700, { entry: makeEntry() }), { kind: 'validate', reason: 'stale', isValidatable: false })
})

t.test('decide knows no window of zero length', async (t) => {
  t.equal(outcome(decided(60, { policy: makeRulePolicy(60) })), 'validate stale')
  t.match(decided(60, { policy: makeRulePolicy(60) }), { staleIfErrorUntil: undefined })
})

t.test('decide without a usable entry fetches, and lends no validator of a purged one', async (t) => {
  t.same(decided(0, { entry: undefined }), { kind: 'fetch', reason: 'uri-miss' })
  t.same(decided(0, { validity: purged }), { kind: 'fetch', reason: 'purged' })
})

t.test('decide counts the windows of a softly purged entry from the purge and never lengthens them', async (t) => {
  const cases: ReadonlyArray<readonly [string, now: number, purgedAt: number, string, number | undefined]> = [
    ['at once', 10, 10, 'serve-stale', undefined],
    ['inside', 39, 10, 'serve-stale', undefined],
    ['beyond', 40, 10, 'validate purged', 610],
    ['beyond errors', 610, 10, 'validate purged', undefined],
    ['a purge of what was stale already', 85, 80, 'serve-stale', undefined],
    ['does not begin the window again', 91, 80, 'validate purged', 660],
    ["a purge in the ledger's future", 5, 10, 'serve-stale', undefined],
  ]
  for (const [name, now, purgedAt, expected, until] of cases) {
    const decision = decided(now, { validity: softly(purgedAt) })
    t.equal(outcome(decision), expected, name)
    if (decision.kind === 'validate')
      t.equal(decision.staleIfErrorUntil, until === undefined ? undefined : at(until), `${name}: until`)
  }
  const forever = makePolicy({ ...windows, lifetime: { kind: 'forever' } })
  t.match(
    decided(1e6 + 40, { policy: forever, validity: softly(1e6) }),
    { kind: 'validate', staleIfErrorUntil: at(1e6 + 600) },
    'forever',
  )
})

t.test('decide validates a softly purged entry with a strong ETag only', async (t) => {
  const cases: ReadonlyArray<readonly [readonly string[], boolean]> = [
    [['ETag', '"a"'], true],
    [['ETag', 'W/"a"'], false],
    [['Last-Modified', 'Fri, 01 Mar 2030 11:00:00 GMT'], false],
  ]
  for (const [fields, isValidatable] of cases) {
    t.match(decided(600, { entry: makeEntry(fields), validity: softly(0) }), { kind: 'validate', isValidatable }, fields.join())
    t.match(decided(600, { entry: makeEntry(fields) }), { kind: 'validate', isValidatable: true }, `${fields.join()}: not purged`)
  }
})

t.test('decide serves nothing stale where the origin forbids it', async (t) => {
  const strict = makeEntry(['Cache-Control', 'must-revalidate'])
  t.match(decided(59, { entry: strict }), { kind: 'serve' })
  t.match(decided(61, { entry: strict }), { kind: 'validate', reason: 'stale', staleIfErrorUntil: undefined })
  t.match(decided(1, { entry: strict, validity: softly(1) }), {
    kind: 'validate',
    reason: 'purged',
    staleIfErrorUntil: undefined,
  })
  t.match(decided(0, { entry: makeEntry(['Cache-Control', 'no-cache']) }), {
    kind: 'validate',
    reason: 'stale',
    staleIfErrorUntil: undefined,
  })
  const eager = makeRequest(['Cache-Control', 'max-stale'])
  t.equal(outcome(decided(61, { entry: strict, request: eager, policy: listening })), 'validate stale')
})

t.test('decide obeys a client only where the policy listens', async (t) => {
  const cases: ReadonlyArray<readonly [directives: string, now: number, expected: string]> = [
    ['no-cache', 1, 'validate request-directive'],
    ['max-age=5', 5, 'serve'],
    ['max-age=5', 5.1, 'validate request-directive'],
    ['max-age=0', 0.1, 'validate request-directive'],
    ['max-age=x', 0.1, 'validate request-directive'],
    ['max-age=100', 61, 'validate stale'],
    ['min-fresh=10', 50, 'serve'],
    ['min-fresh=10', 51, 'validate request-directive'],
    ['min-fresh=x', 1, 'validate request-directive'],
    ['min-fresh=10', 61, 'validate stale'],
    ['max-stale', 10_000, 'serve-stale'],
    ['max-stale=100', 159, 'serve-stale'],
    ['max-stale=100', 161, 'validate stale'],
    ['max-stale=5', 66, 'validate stale'],
    ['max-stale=x', 61, 'validate stale'],
    ['max-stale, max-age=50', 61, 'validate stale'],
    ['max-stale, max-age=70', 61, 'serve-stale'],
    ['no-cache, max-stale', 61, 'validate stale'],
    ['only-if-cached', 1, 'serve'],
    ['only-if-cached', 61, 'serve-stale'],
    ['only-if-cached', 91, 'refuse'],
    ['only-if-cached, no-cache', 1, 'refuse'],
    ['no-store', 1, 'serve'],
  ]
  for (const [directives, now, expected] of cases) {
    const request = makeRequest(['Cache-Control', directives])
    t.equal(outcome(decided(now, { request, policy: listening })), expected, `${directives} at ${now}`)
    t.equal(outcome(decided(now, { request })), outcome(decided(now)), `${directives} at ${now}, unheard`)
  }
})

t.test('decide hears Pragma only without Cache-Control', async (t) => {
  const ask = (fields: readonly string[]): string => outcome(decided(1, { request: makeRequest(fields), policy: listening }))
  t.equal(ask(['Pragma', 'no-cache']), 'validate request-directive')
  t.equal(ask(['Pragma', 'no-cache', 'Cache-Control', 'max-stale']), 'serve')
  t.equal(ask(['Pragma', 'other']), 'serve')
})

t.test('decide refuses only-if-cached where nothing is usable', async (t) => {
  const request = makeRequest(['Cache-Control', 'only-if-cached'])
  t.same(decided(0, { entry: undefined, request, policy: listening }), { kind: 'refuse' })
  t.same(decided(0, { validity: purged, request, policy: listening }), { kind: 'refuse' })
})

t.test('decide lets no client lengthen the windows of a purged entry', async (t) => {
  const eager = makeRequest(['Cache-Control', 'max-stale, stale-if-error=9999'])
  t.match(decided(40, { request: eager, policy: listening, validity: softly(10) }), {
    kind: 'validate',
    staleIfErrorUntil: at(610),
  })
  t.match(decided(39, { request: eager, policy: listening, validity: softly(10) }), { kind: 'serve-stale' })
})

t.test("decide takes a client's stale-if-error in place of the policy's", async (t) => {
  const ask = (value: string): Decision =>
    decided(70, { request: makeRequest(['Cache-Control', `no-cache, ${value}`]), policy: listening })
  t.match(ask('stale-if-error=20'), { kind: 'validate', staleIfErrorUntil: at(80) })
  t.match(ask('stale-if-error=0'), { kind: 'validate', staleIfErrorUntil: undefined })
  t.match(ask('x'), { kind: 'validate', staleIfErrorUntil: at(660) })
})

t.test('decide says when a refresh is due', async (t) => {
  const isDue = (now: number, refreshAhead: DecideInput['policy']['refreshAhead']): boolean => {
    const decision = decided(now, { policy: makeRulePolicy(60, { refreshAhead }) })
    return decision.kind === 'serve' && decision.isDue
  }
  t.equal(isDue(59, undefined), false)
  t.equal(isDue(47, { share: 0.2 }), false)
  t.equal(isDue(48, { share: 0.2 }), true)
  t.equal(isDue(49, { duration: seconds(10) }), false)
  t.equal(isDue(50, { duration: seconds(10) }), true)
  t.equal(isDue(29, { duration: seconds(600) }), false, 'longer than the life: its second half')
  t.equal(isDue(30, { duration: seconds(600) }), true)
  t.match(decided(1e6, { policy: makePolicy({ lifetime: { kind: 'forever' }, refreshAhead: { share: 0.2 } }) }), {
    kind: 'serve',
    isDue: false,
  })
})

t.test('decide uses the lifetime it is given', async (t) => {
  const lifetime = lifetimeOf(entry, entry, makeRulePolicy(5))
  t.match(decided(10, { lifetime }), { kind: 'validate', reason: 'stale' })
})

t.test('what is served is inside its lifetime and windows, whatever the purge and the policy', async () => {
  const duration = fc.integer({ min: 0, max: 100 }).map(seconds)
  const time = fc.integer({ min: 0, max: 400 })
  const softAt = fc.option(time, { nil: undefined })
  fc.assert(
    fc.property(duration, duration, duration, time, softAt, (ttl, swr, sie, now, purgedAt) => {
      const policy = makeRulePolicy(ttl, { staleWhileRevalidate: swr, staleIfError: sie })
      const validity = purgedAt === undefined ? valid : softly(Math.min(purgedAt, now))
      const decision = decided(now, { policy, validity })
      const stale = Math.min(ttl, purgedAt === undefined ? Number.POSITIVE_INFINITY : Math.min(purgedAt, now))
      if (decision.kind === 'serve') return purgedAt === undefined && now < ttl
      if (decision.kind === 'serve-stale') return now < stale + swr
      if (decision.kind !== 'validate') return false
      const until = decision.staleIfErrorUntil
      return until === undefined || (until === instant(start + (stale + sie) * 1000) && until > at(now))
    }),
    { numRuns: 2000 },
  )
})

t.test('decide serves what is fresh and immutable to whoever does not say no-cache, and does not refresh it ahead', async (t) => {
  const immutable = makeEntry(['Cache-Control', 'max-age=60, immutable', 'ETag', '"a"'])
  const policy = makePolicy({ refreshAhead: { share: 0.9 } })
  const outcomeOf = (now: number, value: string, validity: Validity = valid): string =>
    outcome(decided(now, { entry: immutable, request: makeRequest(['Cache-Control', value]), policy, validity }))
  t.equal(outcomeOf(10, 'max-age=0'), 'serve')
  t.equal(outcomeOf(10, 'min-fresh=55'), 'serve')
  t.equal(outcomeOf(10, 'no-cache'), 'validate request-directive')
  t.equal(outcomeOf(60, 'max-age=0'), 'validate stale')
  t.equal(outcomeOf(60, 'foo'), 'validate stale', 'an ordinary stale response')
  t.equal(outcomeOf(10, 'foo', softly(5)), 'validate purged', 'whatever was said, a purge knows better')
  t.match(decided(59, { entry: immutable, policy }), { kind: 'serve', isDue: false })
  const shared = { ...immutable, responseTime: start, initialAge: seconds(0) }
  t.equal(mayShare(shared, { request: makeRequest(['Cache-Control', 'max-age=0']), policy, now: at(10) }), true)
  t.equal(mayShare(shared, { request: makeRequest(['Cache-Control', 'no-cache']), policy, now: at(10) }), false)
})

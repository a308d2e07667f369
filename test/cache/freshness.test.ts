import t from 'tap'
import { type Lifetime, type LifetimeSource, lifetimeOf } from '../../src/cache/freshness.ts'
import type { Override, Policy } from '../../src/cache/policy.ts'
import type { Fields } from '../../src/http/fields.ts'
import { seconds } from '../../src/time.ts'
import { httpDate, makePolicy, makeResponse, makeRulePolicy, start } from './builders.ts'

const rfc = makePolicy()
const guessing = makePolicy({ heuristics: true })
const rule = makeRulePolicy(60, {
  negative: new Map([
    ['404', seconds(10)],
    ['4xx', seconds(5)],
  ]),
})
const forever = makePolicy({ lifetime: { kind: 'forever' } })

function lifetime(fields: Fields, policy: Policy, status = 200): Lifetime {
  return lifetimeOf(makeResponse(fields, status), { responseTime: start }, policy)
}

function cc(value: string): Fields {
  return ['Cache-Control', value]
}

function overriding(...names: Override[]): Policy {
  return makeRulePolicy(60, { override: new Set(names) })
}

t.test('lifetimeOf follows the order of RFC 9111 §4.2.1, targeted fields first', async (t) => {
  const cases: ReadonlyArray<readonly [string, Fields, number, LifetimeSource]> = [
    ['silent', [], 0, 'none'],
    ['max-age', cc('max-age=5'), 5, 'max-age'],
    ['s-maxage before max-age', cc('max-age=5, s-maxage=7'), 7, 's-maxage'],
    ['max-age before Expires', [...cc('max-age=5'), 'Expires', httpDate(60)], 5, 'max-age'],
    ['Expires minus Date', ['Date', httpDate(-10), 'Expires', httpDate(60)], 70, 'expires'],
    ['Expires without Date', ['Expires', httpDate(60)], 60, 'expires'],
    ['Expires in the past', ['Expires', httpDate(-60)], 0, 'expires'],
    ['Expires: 0', ['Expires', '0'], 0, 'expires'],
    ['two Expires', ['Expires', httpDate(60), 'Expires', httpDate(60)], 0, 'expires'],
    ['unreadable max-age', [...cc('max-age=1h'), 'Expires', httpDate(60)], 0, 'max-age'],
    ['negative max-age', cc('max-age=-1'), 0, 'max-age'],
    ['quoted', cc('max-age="5"'), 5, 'max-age'],
    ['the smallest of several', cc('max-age=9, max-age=5'), 5, 'max-age'],
    ['huge', cc('max-age=99999999999999999999'), 2 ** 31, 'max-age'],
    ['targeted', ['CDN-Cache-Control', 'max-age=9', ...cc('max-age=5')], 9, 'targeted'],
    ['ours before targeted', ['CDN-Cache-Control', 'max-age=9', 'Springhouse-Cache-Control', 'max-age=8'], 8, 'targeted'],
    ['targeted in place of Expires', ['CDN-Cache-Control', 'public', 'Expires', httpDate(60)], 0, 'none'],
    ['a targeted field that is no dictionary', ['CDN-Cache-Control', 'max-age=', ...cc('max-age=5')], 5, 'max-age'],
    ['a targeted number of the wrong type', ['CDN-Cache-Control', 'max-age="9"', ...cc('max-age=5')], 0, 'targeted'],
  ]
  for (const [name, fields, fresh, source] of cases) {
    const found = lifetime(fields, rfc)
    t.same([found.fresh, found.source], [fresh, source], name)
  }
})

t.test('lifetimeOf guesses only where it may', async (t) => {
  const old: Fields = ['Date', httpDate(0), 'Last-Modified', httpDate(-100)]
  const cases: ReadonlyArray<readonly [string, Fields, Policy, number, number]> = [
    ['a tenth', old, guessing, 200, 10],
    ['not by default', old, rfc, 200, 0],
    ['a status of the list', old, guessing, 404, 10],
    ['another status', old, guessing, 403, 0],
    ['another status, public', [...old, ...cc('public')], guessing, 403, 10],
    ['no Last-Modified', ['Date', httpDate(0)], guessing, 200, 0],
    ['changed after Date', ['Date', httpDate(-200), 'Last-Modified', httpDate(-100)], guessing, 200, 0],
    ['the origin is not silent', [...old, ...cc('max-age=1')], guessing, 200, 1],
  ]
  for (const [name, fields, policy, status, fresh] of cases) {
    const found = lifetime(fields, policy, status)
    t.equal(found.fresh, fresh, name)
    t.equal(found.source === 'heuristic', fresh === 10, `${name}: source`)
  }
})

t.test('lifetimeOf lets a rule stand in where the origin is silent', async (t) => {
  const cases: ReadonlyArray<readonly [string, Fields, Policy, number, number, LifetimeSource]> = [
    ['200', [], rule, 200, 60, 'rule'],
    ['301', [], rule, 301, 60, 'rule'],
    ['the exact status', [], rule, 404, 10, 'negative'],
    ['its class', [], rule, 403, 5, 'negative'],
    ['neither', [], rule, 500, 0, 'none'],
    ['410 has no ttl of its own', [], makeRulePolicy(60), 410, 0, 'none'],
    ['forever', [], forever, 200, Number.POSITIVE_INFINITY, 'rule'],
    ['negative beside ttl: origin', [], makePolicy({ negative: new Map([['404', seconds(3)]]) }), 404, 3, 'negative'],
    ['the origin speaks', cc('max-age=5'), rule, 200, 5, 'max-age'],
    ['the origin speaks of a 500', cc('max-age=5'), rule, 500, 5, 'max-age'],
    ['the origin speaks by Expires', ['Expires', '0'], rule, 200, 0, 'expires'],
    ['other directives are silence', cc('public, x=1'), rule, 200, 60, 'rule'],
    ['overruled', cc('max-age=5, s-maxage=6'), overriding('max-age'), 200, 60, 'rule'],
    ['overruled Expires', ['Expires', '0'], overriding('max-age'), 200, 60, 'rule'],
    ['overruled, but no ttl for it', cc('max-age=5'), overriding('max-age'), 500, 5, 'max-age'],
    ['overruled by another name', cc('max-age=5'), overriding('no-store', 'must-revalidate'), 200, 5, 'max-age'],
  ]
  for (const [name, fields, policy, status, fresh, source] of cases) {
    const found = lifetime(fields, policy, status)
    t.same([found.fresh, found.source], [fresh, source], name)
  }
})

t.test('lifetimeOf says when the origin overrules the rule', async (t) => {
  t.equal(lifetime(cc('max-age=0'), rule).isRuleOverruledByOrigin, true)
  t.equal(lifetime(cc('max-age=0'), rule, 404).isRuleOverruledByOrigin, true)
  t.equal(lifetime([], rule).isRuleOverruledByOrigin, false, 'silent')
  t.equal(lifetime(cc('max-age=0'), overriding('max-age')).isRuleOverruledByOrigin, false, 'overruled')
  t.equal(lifetime(cc('max-age=5'), rule, 500).isRuleOverruledByOrigin, false, 'no ttl for this status')
  t.equal(lifetime(cc('max-age=5'), rfc).isRuleOverruledByOrigin, false, 'no rule')
})

t.test('lifetimeOf is 0 for what must not be used without the origin', async (t) => {
  const cases: ReadonlyArray<readonly [string, Fields, Policy, boolean]> = [
    ['no-cache', cc('no-cache, max-age=60'), rfc, true],
    ['no-cache under a ttl', cc('no-cache'), rule, true],
    ['no-cache for a field', cc('no-cache="x-a", max-age=60'), rfc, false],
    ['no-cache overruled', cc('no-cache'), overriding('no-cache'), false],
    ['no-cache, max-age overruled', cc('no-cache, max-age=0'), overriding('max-age'), true],
    ['no-store no longer overruled', cc('no-store'), rule, true],
    ['private no longer overruled', cc('private'), rule, true],
    ['private overruled', cc('private'), overriding('private'), false],
    ['a cookie no longer kept', ['Set-Cookie', 'a=b'], rule, true],
  ]
  for (const [name, fields, policy, isForbidden] of cases) {
    const found = lifetime(fields, policy)
    t.equal(found.fresh === 0, isForbidden, name)
    t.equal(found.isStaleForbidden, isForbidden, `${name}: stale`)
  }
})

t.test('lifetimeOf forbids stale use where the origin does', async (t) => {
  const windows: Partial<Policy> = { staleWhileRevalidate: seconds(30), staleIfError: seconds(600) }
  const cases: ReadonlyArray<readonly [string, string, Policy, boolean]> = [
    ['nothing said', 'max-age=1', rfc, false],
    ['must-revalidate', 'max-age=1, must-revalidate', rfc, true],
    ['proxy-revalidate', 'max-age=1, proxy-revalidate', rfc, true],
    ['must-revalidate beside windows', 'must-revalidate, stale-if-error=60', makeRulePolicy(60, windows), true],
    [
      'must-revalidate overruled',
      'must-revalidate',
      makeRulePolicy(60, { ...windows, override: new Set(['must-revalidate']) }),
      false,
    ],
    ['proxy-revalidate overruled', 'proxy-revalidate', overriding('must-revalidate'), false],
    ['s-maxage', 's-maxage=1', rfc, true],
    ['s-maxage beside a window', 's-maxage=1, stale-while-revalidate=9', rfc, false],
    ["s-maxage beside the rule's window", 's-maxage=1', makeRulePolicy(60, windows), false],
  ]
  for (const [name, value, policy, expected] of cases) t.equal(lifetime(cc(value), policy).isStaleForbidden, expected, name)
})

t.test("lifetimeOf takes the rule's windows, else the origin's", async (t) => {
  const origin = cc('max-age=1, stale-while-revalidate=7, stale-if-error=8')
  const own = makeRulePolicy(60, { staleWhileRevalidate: seconds(30), staleIfError: seconds(0) })
  t.match(lifetime(origin, rfc), { staleWhileRevalidate: 7, staleIfError: 8 })
  t.match(lifetime(origin, own), { staleWhileRevalidate: 30, staleIfError: 0 })
  t.match(lifetime(cc('stale-while-revalidate=x, stale-if-error'), rfc), { staleWhileRevalidate: 0, staleIfError: 0 })
  t.match(lifetime([...origin, 'CDN-Cache-Control', 'max-age=1'], rfc), { staleWhileRevalidate: 0, staleIfError: 0 })
})

t.test('lifetimeOf takes immutable as said of the origin’s own lifetime', async (t) => {
  const cases: ReadonlyArray<readonly [string, Fields, Policy, boolean]> = [
    ['max-age', cc('max-age=5, immutable'), rfc, true],
    ['whatever its case and argument', cc('max-age=5, Immutable=0'), rfc, true],
    ['Expires', [...cc('immutable'), 'Expires', httpDate(60)], rfc, true],
    ['targeted', ['CDN-Cache-Control', 'max-age=5, immutable'], rfc, true],
    ['a targeted field does not say so', ['CDN-Cache-Control', 'max-age=5', ...cc('max-age=5, immutable')], rfc, false],
    ['nothing', cc('max-age=5'), rfc, false],
    ['no lifetime', cc('immutable'), rfc, false],
    ['a guess', [...cc('immutable'), 'Last-Modified', httpDate(-100)], guessing, false],
    ['the lifetime of a rule', cc('immutable'), rule, false],
    ['before that of a rule', cc('max-age=5, immutable'), rule, true],
    ['overruled by a rule', cc('max-age=5, immutable'), overriding('max-age'), false],
  ]
  for (const [name, fields, policy, isImmutable] of cases) t.equal(lifetime(fields, policy).isImmutable, isImmutable, name)
})

import fc from 'fast-check'
import t from 'tap'
import type { Policy } from '../../src/cache/policy.ts'
import { type Storable, type StorableInput, storable } from '../../src/cache/storable.ts'
import type { Fields } from '../../src/http/fields.ts'
import { seconds } from '../../src/time.ts'
import { at, httpDate, makePolicy, makeRequest, makeResponse, makeRulePolicy, start } from './builders.ts'

const rfc = makePolicy()
const rule = makeRulePolicy(60)

function input(fields: Fields, policy: Policy, changes: Partial<StorableInput> = {}): StorableInput {
  return {
    request: makeRequest(),
    response: makeResponse(fields),
    framing: 'length',
    credentials: 'none',
    policy,
    times: { requestTime: start, responseTime: start },
    ...changes,
  }
}

/** The refusal, or "storable". */
function verdict(fields: Fields, policy: Policy, changes: Partial<StorableInput> = {}): string {
  const result = storable(input(fields, policy, changes))
  return result.kind === 'storable' ? 'storable' : result.reason
}

function cc(value: string): Fields {
  return ['Cache-Control', value]
}

type Row = readonly [name: string, fields: Fields, policy: Policy, changes: Partial<StorableInput>, expected: string]

t.test('storable refuses what no cache may keep', async (t) => {
  const fresh = cc('max-age=60')
  const windowed = makeRulePolicy(60, { staleWhileRevalidate: seconds(60), staleIfError: seconds(600) })
  const etag: Fields = ['ETag', '"a"']
  const cases: readonly Row[] = [
    ['fresh', fresh, rfc, {}, 'storable'],
    ['HEAD', fresh, rfc, { request: makeRequest([], 'HEAD') }, 'method'],
    ['POST', fresh, rule, { request: makeRequest([], 'POST') }, 'method'],
    ['POST with its body in the key', fresh, rule, { request: makeRequest([], 'POST'), isBodyKeyed: true }, 'storable'],
    ['PUT, even then', fresh, rule, { request: makeRequest([], 'PUT'), isBodyKeyed: true }, 'method'],
    ['event stream', [...fresh, 'Content-Type', 'text/event-stream; charset=utf-8'], rule, {}, 'event-stream'],
    ['206', fresh, rule, { response: makeResponse(fresh, 206) }, 'partial'],
    ['Content-Range', [...fresh, 'Content-Range', 'bytes 0-1/2'], rule, {}, 'partial'],
    ['Content-Range that says nothing', [...fresh, 'Content-Range', 'all of it'], rule, {}, 'storable'],
    ['304', fresh, rule, { response: makeResponse(fresh, 304) }, 'status'],
    ['103', fresh, rule, { response: makeResponse(fresh, 103) }, 'status'],
    ['ends with the connection', fresh, rule, { framing: 'close' }, 'no-provable-end'],
    ['ends with an orderly close', fresh, rule, { framing: 'orderly-close' }, 'storable'],
    ['chunked', fresh, rule, { framing: 'chunked' }, 'storable'],
    ['too large by field', [...fresh, 'Content-Length', '1025'], rule, {}, 'too-large'],
    ['too large by framing', fresh, rule, { contentLength: 1025 }, 'too-large'],
    ['just large enough', [...fresh, 'Content-Length', '1024'], rule, { contentLength: 1024 }, 'storable'],
    ['Vary: *', [...fresh, 'Vary', '*'], rule, {}, 'vary-any'],
    ['Vary: *, overruled', [...fresh, 'Vary', '*'], makeRulePolicy(60, { override: new Set(['vary']) }), {}, 'storable'],
    ['no lifetime, no validator', [], rfc, {}, 'no-lifetime'],
    ['no lifetime, a validator', etag, rfc, {}, 'storable'],
    ['lifetime 0, no validator', cc('max-age=0'), rule, {}, 'no-lifetime'],
    ['lifetime 0, a window', cc('max-age=0, stale-while-revalidate=9'), rfc, {}, 'storable'],
    ['lifetime 0, a forbidden window', cc('max-age=0, must-revalidate, stale-if-error=9'), rfc, {}, 'no-lifetime'],
    ['older than its lifetime', [...fresh, 'Age', '60'], rfc, {}, 'no-lifetime'],
    ['no-cache, no validator', cc('no-cache, max-age=60'), rfc, {}, 'no-cache'],
    ['no-cache, a validator', [...cc('no-cache'), ...etag], rfc, {}, 'storable'],
    ['no-cache overruled', cc('no-cache'), makeRulePolicy(60, { override: new Set(['no-cache']) }), {}, 'storable'],
    ['302 without lifetime', etag, rfc, { response: makeResponse(etag, 302) }, 'status'],
    ['302 with lifetime', fresh, rfc, { response: makeResponse(fresh, 302) }, 'storable'],
    ['404 without lifetime', [], rule, { response: makeResponse([], 404) }, 'no-lifetime'],
    ['404 inside a rule’s window', [], windowed, { response: makeResponse([], 404) }, 'no-lifetime'],
    ['404 with a validator under a rule', etag, rule, { response: makeResponse(etag, 404) }, 'no-lifetime'],
    ['500 under a rule', [], rule, { response: makeResponse([], 500) }, 'status'],
    ['599 with lifetime', fresh, rfc, { response: makeResponse(fresh, 599) }, 'storable'],
    [
      '500 with negative',
      [],
      makeRulePolicy(60, { negative: new Map([['5xx', seconds(1)]]) }),
      { response: makeResponse([], 500) },
      'storable',
    ],
  ]
  for (const [name, fields, policy, changes, expected] of cases) t.equal(verdict(fields, policy, changes), expected, name)
})

t.test("storable obeys the origin's directives unless each is overruled by name", async (t) => {
  const everything = makeRulePolicy(60, {
    override: new Set(['max-age', 'no-store', 'private', 'no-cache', 'must-revalidate', 'vary']),
  })
  const cases: readonly Row[] = [
    ['no-store', cc('no-store, max-age=60'), rule, {}, 'no-store'],
    ['private', cc('private, max-age=60'), rule, {}, 'private'],
    ['private under an identity', cc('private, max-age=60'), rule, { credentials: 'keyed' }, 'private'],
    ['private for a field', cc('private="x-user", max-age=60'), rule, {}, 'storable'],
    ['private for what an entry needs', cc('private="vary", max-age=60'), rule, {}, 'private'],
    ['all overruled', cc('no-store, private, no-cache, max-age=0'), everything, {}, 'storable'],
    ['only one overruled', cc('no-store, private'), makeRulePolicy(60, { override: new Set(['no-store']) }), {}, 'private'],
    ['targeted no-store', ['CDN-Cache-Control', 'no-store', ...cc('max-age=60')], rule, {}, 'no-store'],
    ['targeted in place of no-store', ['CDN-Cache-Control', 'max-age=60', ...cc('no-store, private')], rfc, {}, 'storable'],
    ['must-understand with no-store', cc('must-understand, no-store, max-age=60'), rfc, {}, 'storable'],
    [
      'must-understand with no-store, of a part',
      [],
      rfc,
      { isPart: true, response: makeResponse(cc('must-understand, no-store, max-age=60'), 206) },
      'storable',
    ],
    [
      'must-understand with no-store, of what is not kept as a part',
      [],
      rfc,
      { response: makeResponse(cc('must-understand, no-store, max-age=60'), 206) },
      'partial',
    ],
    [
      'must-understand, status not understood',
      cc('must-understand, max-age=60'),
      rfc,
      { response: makeResponse(cc('must-understand, max-age=60'), 299) },
      'must-understand',
    ],
    ['Set-Cookie', [...cc('max-age=60'), 'Set-Cookie', 'a=b'], rule, {}, 'set-cookie'],
    ['Set-Cookie2', [...cc('max-age=60'), 'Set-Cookie2', 'a=b'], rule, {}, 'set-cookie'],
    ['Set-Cookie named by no-cache', [...cc('max-age=60, no-cache="set-cookie"'), 'Set-Cookie', 'a=b'], rule, {}, 'set-cookie'],
    ['Set-Cookie stripped', ['Set-Cookie', 'a=b'], makeRulePolicy(60, { setCookie: 'strip' }), {}, 'storable'],
    ['Set-Cookie kept', ['Set-Cookie', 'a=b'], makeRulePolicy(60, { setCookie: 'keep' }), {}, 'storable'],
  ]
  for (const [name, fields, policy, changes, expected] of cases) t.equal(verdict(fields, policy, changes), expected, name)
})

t.test('storable shares an answer to credentials only where the origin allows it', async (t) => {
  const cases: ReadonlyArray<readonly [value: string, authorization: string, cookie: string]> = [
    ['max-age=60', 'authorization', 'cookie'],
    ['max-age=60, public', 'storable', 'storable'],
    ['s-maxage=60', 'storable', 'storable'],
    ['max-age=60, must-revalidate', 'storable', 'cookie'],
    ['max-age=60, proxy-revalidate', 'authorization', 'cookie'],
  ]
  for (const [value, authorization, cookie] of cases) {
    t.equal(verdict(cc(value), rfc, { credentials: 'authorization' }), authorization, `${value}: Authorization`)
    t.equal(verdict(cc(value), rfc, { credentials: 'cookie' }), cookie, `${value}: Cookie`)
    t.equal(verdict(cc(value), rfc, { credentials: 'keyed' }), 'storable', `${value}: keyed`)
  }
  const targeted: Fields = ['CDN-Cache-Control', 'max-age=60', ...cc('private')]
  t.equal(verdict(targeted, rfc, { credentials: 'authorization' }), 'storable', 'a targeted lifetime')
  t.equal(
    verdict(['CDN-Cache-Control', 'x', ...cc('max-age=9')], rfc, { credentials: 'cookie' }),
    'cookie',
    'a targeted field without one',
  )
  t.equal(verdict(cc('no-store'), rule, { credentials: 'keyed' }), 'no-store', 'an identity in the key overrules nothing')
  const both = { credentials: 'authorization', request: makeRequest(['Authorization', 'x', 'Cookie', 'a=b']) } as const
  t.equal(verdict(cc('max-age=60, must-revalidate'), rfc, both), 'cookie', 'both: the stricter')
})

t.test("storable obeys a client's no-store where the policy listens to clients", async (t) => {
  const request = makeRequest(['Cache-Control', 'no-store'])
  t.equal(verdict(cc('max-age=60'), rfc, { request }), 'no-store')
  t.equal(verdict(cc('max-age=60'), rule, { request }), 'storable')
})

t.test('storable tells the initial age, which the stored fields no longer tell', async (t) => {
  const result = storable(input([...cc('max-age=60'), 'Age', '10'], rfc, { times: { requestTime: at(-1), responseTime: at(0) } }))
  t.match(result, { kind: 'storable', initialAge: 11, lifetime: { fresh: 60 } })
})

t.test('adding no-store never makes anything storable', async () => {
  const directive = fc.constantFrom(
    'max-age=60',
    's-maxage=9',
    'public',
    'private',
    'no-cache',
    'must-understand',
    'must-revalidate',
    '"',
    ';',
    'private="a',
  )
  const field = fc.tuple(
    fc.constantFrom('Cache-Control', 'CDN-Cache-Control', 'Springhouse-Cache-Control'),
    fc.oneof(
      fc.array(directive).map((directives) => directives.join(', ')),
      fc.string(),
    ),
  )
  const policy = fc.constantFrom(rfc, rule, makeRulePolicy(60, { override: new Set(['private', 'max-age']) }))
  const status = fc.constantFrom(200, 204, 299, 302, 404, 500)
  fc.assert(
    fc.property(fc.array(field), fc.nat(3), policy, status, (fields, position, chosen, code) => {
      const before = fields.flat()
      const after = [...fields]
      after.splice(position, 0, ['Cache-Control', 'no-store'])
      const judged = (list: Fields): string => verdict(list, chosen, { response: makeResponse(list, code) })
      return judged(after.flat()) !== 'storable' || judged(before) === 'storable'
    }),
    { numRuns: 3000 },
  )
})

t.test('without a targeted field and must-understand, no-store is never stored', async () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const value = `${a}, no-store, ${b}`
      // A quoted string may swallow it; then it is no directive.
      if (value.includes('"') || value.includes('must-understand')) return true
      return verdict(cc(value), rule) !== 'storable'
    }),
  )
})

t.test('adding no-store never makes anything more cacheable', async () => {
  const value = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          'max-age=60',
          's-maxage=60',
          'max-age=0',
          'public',
          'private',
          'private="x"',
          'no-cache',
          'must-understand',
        ),
        fc.constantFrom('must-revalidate', 'stale-while-revalidate=9', 'stale-if-error=9', 'foo="', '', ';', '"', 'max-age="'),
        fc.string({ maxLength: 6 }),
      ),
      { maxLength: 4 },
    )
    .map((directives) => directives.join(', '))
  const name = fc.constantFrom('Cache-Control', 'CDN-Cache-Control', 'Springhouse-Cache-Control')
  const others = fc.constantFrom<Fields>([], ['Expires', httpDate(60)], ['Last-Modified', httpDate(-1000)], ['ETag', '"a"'])
  const lines = fc.array(
    fc.tuple(name, value).map((line): Fields => line),
    { maxLength: 3 },
  )
  const status = fc.constantFrom(200, 204, 206, 299, 302, 404, 500, 599)
  const credentials = fc.constantFrom('none', 'authorization', 'cookie')
  const policies = fc.constantFrom(rfc, makePolicy({ heuristics: true, setCookie: 'keep' }), rule)
  fc.assert(
    fc.property(lines, others, status, credentials, policies, name, (given, other, code, whose, policy, added) => {
      const before = judged([...given.flat(), ...other])
      // In a line of its own, and as the end of the line that is there.
      const last = given.findLastIndex(([field]) => field === added)
      const longer = given.map((line, i) => (i === last ? [line[0] as string, `${line[1]}, no-store`] : line))
      for (const more of [[...given, [added, 'no-store']], longer]) {
        const after = judged([...more.flat(), ...other])
        if (after.kind === 'storable' && before.kind !== 'storable') return false
        if (after.kind === 'storable' && before.kind === 'storable' && after.lifetime.fresh > before.lifetime.fresh) return false
      }
      return true

      function judged(fields: Fields): Storable {
        const response = makeResponse(fields, code)
        const times = { requestTime: start, responseTime: start }
        return storable({ request: makeRequest(), response, framing: 'length', credentials: whose, policy, times })
      }
    }),
  )
})

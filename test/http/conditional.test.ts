import fc from 'fast-check'
import t from 'tap'
import {
  evaluateIfRange,
  evaluatePreconditions,
  hasOtherPreconditions,
  isEntityTag,
  isStrongEtag,
  parseEtagList,
  type Validators,
  validatorsOf,
} from '../../src/http/conditional.ts'
import type { Fields } from '../../src/http/fields.ts'
import { instant } from '../../src/time.ts'

const now = instant(Date.UTC(2025, 10, 20))
const earlier = 'Mon, 17 Nov 2025 10:00:00 GMT'
const modified = 'Tue, 18 Nov 2025 10:00:00 GMT'
const modifiedAsRfc850 = 'Tuesday, 18-Nov-25 10:00:00 GMT'
const aSecondLater = 'Tue, 18 Nov 2025 10:00:01 GMT'
const later = 'Wed, 19 Nov 2025 10:00:00 GMT'
const nothing: Validators = { etag: undefined, lastModified: undefined, date: undefined }

function stored(known: Partial<Validators>): Validators {
  return { ...nothing, ...known }
}

type Outcome = ReturnType<typeof evaluatePreconditions>

const byEtag: ReadonlyArray<readonly [string, string | undefined, Outcome]> = [
  ['"a"', '"a"', 'not-modified'],
  ['"a"', 'W/"a"', 'not-modified'],
  ['W/"a"', '"a"', 'not-modified'],
  ['W/"a"', 'W/"a"', 'not-modified'],
  ['"x", "a", "y"', '"a"', 'not-modified'],
  ['"x","y",W/"a"', '"a"', 'not-modified'],
  [',, "x" ,"a"', '"a"', 'not-modified'],
  ['"a,b"', '"a,b"', 'not-modified'],
  ['"x", "a,b"', 'W/"a,b"', 'not-modified'],
  ['"a\\"', '"a\\"', 'not-modified'],
  ['"é"', '"é"', 'not-modified'],
  ['*', '"a"', 'not-modified'],
  [' * ', undefined, 'not-modified'],
  ['abc', 'abc', 'not-modified'],
  ['"a"', '"b"', 'proceed'],
  ['"a"', '"A"', 'proceed'],
  ['"a,b"', '"a"', 'proceed'],
  ['"a,b"', '"b"', 'proceed'],
  ['"a"b', '"a"', 'proceed'],
  ['abc', '"abc"', 'proceed'],
  ['"abc"', 'abc', 'proceed'],
  ['w/"a"', '"a"', 'proceed'],
  ['"a"', undefined, 'proceed'],
  ['', '"a"', 'proceed'],
  ['', '', 'proceed'],
  ['"a', '"a"', 'proceed'],
]

for (const [ifNoneMatch, etag, outcome] of byEtag) {
  t.test(`evaluatePreconditions: If-None-Match ${ifNoneMatch} with ETag ${etag} is ${outcome}`, async (t) => {
    t.equal(evaluatePreconditions(['If-None-Match', ifNoneMatch], stored({ etag }), { now }), outcome)
  })
}

const byDate: ReadonlyArray<readonly [string, Partial<Validators>, Outcome]> = [
  [modified, { lastModified: modified }, 'not-modified'],
  [later, { lastModified: modified }, 'not-modified'],
  [modifiedAsRfc850, { lastModified: modified }, 'not-modified'],
  [earlier, { lastModified: modified }, 'proceed'],
  [modified, { date: earlier }, 'not-modified'],
  [modified, { date: later }, 'proceed'],
  [modified, { lastModified: later, date: earlier }, 'proceed'],
  [modified, { lastModified: 'yesterday', date: earlier }, 'proceed'],
  [modified, {}, 'proceed'],
  [`${modified}, ${modified}`, { lastModified: modified }, 'none'],
  ['yesterday', { lastModified: modified }, 'none'],
  ['', { lastModified: modified }, 'none'],
]

for (const [ifModifiedSince, known, outcome] of byDate) {
  t.test(`evaluatePreconditions: If-Modified-Since ${ifModifiedSince} with ${JSON.stringify(known)} is ${outcome}`, async (t) => {
    t.equal(evaluatePreconditions(['If-Modified-Since', ifModifiedSince], stored(known), { now }), outcome)
  })
}

const leniently: typeof byDate = [
  [modified, { date: later }, 'not-modified'],
  [modified, {}, 'not-modified'],
  [earlier, { lastModified: modified }, 'proceed'],
  [modified, { lastModified: 'yesterday', date: later }, 'proceed'],
  ['yesterday', { date: later }, 'none'],
]

for (const [ifModifiedSince, known, outcome] of leniently) {
  const name = `evaluatePreconditions, lenient: If-Modified-Since ${ifModifiedSince} with ${JSON.stringify(known)} is ${outcome}`
  t.test(name, async (t) => {
    const judging = { now, ifModifiedSince: 'lenient' } as const
    t.equal(evaluatePreconditions(['If-Modified-Since', ifModifiedSince], stored(known), judging), outcome)
    t.equal(evaluatePreconditions(['If-None-Match', '"b"', 'If-Modified-Since', later], stored(known), judging), 'proceed')
  })
}

t.test('evaluatePreconditions gives If-None-Match precedence over If-Modified-Since', async (t) => {
  const known = stored({ etag: '"a"', lastModified: modified })
  t.equal(evaluatePreconditions(['If-None-Match', '"a"', 'If-Modified-Since', earlier], known, { now }), 'not-modified')
  t.equal(evaluatePreconditions(['If-Modified-Since', later, 'If-None-Match', '"b"'], known, { now }), 'proceed')
})

t.test('evaluatePreconditions reads all lines of If-None-Match', async (t) => {
  t.equal(
    evaluatePreconditions(['If-None-Match', '"x"', 'if-none-match', '"a"'], stored({ etag: '"a"' }), { now }),
    'not-modified',
  )
})

t.test('evaluatePreconditions says none for a request without conditions', async (t) => {
  t.equal(evaluatePreconditions(['Accept', '*/*'], stored({ etag: '"a"', lastModified: modified }), { now }), 'none')
})

t.test("hasOtherPreconditions sees the conditions that are the origin's", async (t) => {
  t.equal(hasOtherPreconditions(['If-Match', '*']), true)
  t.equal(hasOtherPreconditions(['if-unmodified-since', modified]), true)
  t.equal(hasOtherPreconditions(['If-None-Match', '*', 'If-Range', '"a"']), false)
})

const ranges: ReadonlyArray<readonly [Fields, Partial<Validators>, boolean]> = [
  [[], {}, true],
  [['If-Range', '"a"'], { etag: '"a"' }, true],
  [['If-Range', '"a"'], { etag: '"b"' }, false],
  [['If-Range', '"a"'], { etag: 'W/"a"' }, false],
  [['If-Range', 'W/"a"'], { etag: 'W/"a"' }, false],
  [['If-Range', 'abc'], { etag: 'abc' }, false],
  [['If-Range', '"a"'], {}, false],
  [['If-Range', ''], {}, false],
  [['If-Range', modified], { lastModified: modified, date: later }, true],
  [['If-Range', modified], { lastModified: modified, date: aSecondLater }, true],
  [['If-Range', modified], { lastModified: modified, date: modified }, false],
  [['If-Range', modified], { lastModified: modified }, false],
  [['If-Range', later], { lastModified: modified, date: later }, false],
  [['If-Range', earlier], { lastModified: modified, date: later }, false],
  [['If-Range', 'x'], { lastModified: 'x', date: later }, false],
]

for (const [fields, known, isSame] of ranges) {
  t.test(`evaluateIfRange: ${fields} with ${JSON.stringify(known)} is ${isSame}`, async (t) => {
    t.equal(evaluateIfRange(fields, stored(known), now), isSame)
  })
}

t.test('validatorsOf takes the fields as they came', async (t) => {
  t.same(validatorsOf(['ETag', 'W/"a"', 'LAST-MODIFIED', modified]), { etag: 'W/"a"', lastModified: modified, date: undefined })
})

t.test('isStrongEtag wants quotes and no W/', async (t) => {
  for (const etag of ['"a"', '""', '"a,b"']) t.equal(isStrongEtag(etag), true, etag)
  for (const etag of ['W/"a"', 'a', '"', '"a" ', '"a"b"', '']) t.equal(isStrongEtag(etag), false, etag)
})

t.test('parseEtagList tells the star from a list', async (t) => {
  t.equal(parseEtagList('*'), '*')
  t.same(parseEtagList('"*", *'), ['"*"', '*'])
  t.same(parseEtagList(' W/"a" ,, "b,c",d'), ['W/"a"', '"b,c"', 'd'])
})

t.test('an entity-tag is found in any list that holds it', async () => {
  const etag = fc.stringMatching(/^(W\/)?"[!#-~]{0,8}"$/)
  fc.assert(
    fc.property(etag, fc.array(etag), fc.array(etag), (wanted, before, after) => {
      const list = [...before, wanted, ...after].join(',')
      return evaluatePreconditions(['If-None-Match', list], stored({ etag: wanted }), { now }) === 'not-modified'
    }),
  )
})

t.test('no text makes the evaluation throw', async () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.constantFrom('If-None-Match', 'If-Modified-Since', 'If-Range'),
      (value, etag, name) => {
        const known = stored({ etag, lastModified: etag, date: value })
        evaluatePreconditions([name, value], known, { now })
        evaluateIfRange([name, value], known, now)
      },
    ),
  )
})

t.test('parseEtagList needs no more than a moment for a long hostile value', async (t) => {
  const start = performance.now()
  for (const value of ['"'.repeat(100_001), 'a"'.repeat(50_001), ','.repeat(100_000)]) parseEtagList(value)
  t.ok(performance.now() - start < 1000)
})

t.test('isEntityTag: what can stand in a list, weak ones too', async (t) => {
  for (const etag of ['""', '"a"', '"a, b"', 'W/"a"']) t.ok(isEntityTag(etag), etag)
  for (const etag of ['', 'a', '"a', 'w/"a"', 'W/a', '"a"b"', '"a", "b"', '*']) t.notOk(isEntityTag(etag), etag)
})

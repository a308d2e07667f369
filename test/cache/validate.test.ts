import t from 'tap'
import type { Tagged } from '../../src/cache/entry.ts'
import {
  conditionFields,
  freshen,
  isStronglyValidatable,
  isValidatable,
  matchesStored,
  meantBy,
  type Validating,
  validating,
  validationFields,
} from '../../src/cache/validate.ts'
import type { Fields } from '../../src/http/fields.ts'
import { seconds } from '../../src/time.ts'
import { at, httpDate, makeEntry, makePolicy, makeResponse } from './builders.ts'

const modified = httpDate(-3600)

t.test('isValidatable wants any validator, isStronglyValidatable a strong ETag', async (t) => {
  const cases: ReadonlyArray<readonly [Fields, boolean, boolean]> = [
    [[], false, false],
    [['ETag', ''], false, false],
    [['ETag', '"a"'], true, true],
    [['ETag', 'W/"a"'], true, false],
    [['ETag', 'a'], true, false],
    [['Last-Modified', modified], true, false],
  ]
  for (const [fields, isAny, isStrong] of cases) {
    t.equal(isValidatable({ fields }), isAny, fields.join())
    t.equal(isStronglyValidatable({ fields }), isStrong, `${fields.join()}: strongly`)
  }
})

t.test('validationFields asks with every validator, after a soft purge with a strong ETag alone', async (t) => {
  const both = makeEntry(['ETag', '"a"', 'Last-Modified', modified])
  const weak = makeEntry(['ETag', 'W/"a"', 'Last-Modified', modified])
  t.same(validationFields(both, 'stale'), ['If-None-Match', '"a"', 'If-Modified-Since', modified])
  t.same(validationFields(weak, 'request-directive'), ['If-None-Match', 'W/"a"', 'If-Modified-Since', modified])
  t.same(validationFields(both, 'purged'), ['If-None-Match', '"a"'])
  t.same(validationFields(weak, 'purged'), [])
  t.same(validationFields(makeEntry(), 'stale'), [])
})

const lent = (...tags: string[]): Tagged[] =>
  tags.map((tag) => ({ key: tag, etag: `"${tag}"`, stamp: { epoch: 'e', number: 1 }, terms: '' }))
const about = (fields: Fields, ...tags: string[]): Validating => ({
  selected: { entry: makeEntry(fields), reason: 'stale' },
  lent: lent(...tags),
})

t.test('conditionFields asks about all in one field, and with a date about one alone', async (t) => {
  const dated = ['ETag', '"a"', 'Last-Modified', modified]
  const cases: ReadonlyArray<readonly [says: string, Validating, Fields]> = [
    ['the selected alone', about(dated), ['If-None-Match', '"a"', 'If-Modified-Since', modified]],
    ['the selected first', about(dated, 'b', 'c'), ['If-None-Match', '"a", "b", "c"']],
    ['each tag once', about(dated, 'b', 'a', 'b'), ['If-None-Match', '"a", "b"']],
    ['its own tag is no other', about(dated, 'a'), ['If-None-Match', '"a"', 'If-Modified-Since', modified]],
    ['a date is not outdone', about(['Last-Modified', modified], 'b'), ['If-Modified-Since', modified]],
    ['what is no entity-tag goes alone', about(['ETag', 'a, b'], 'b'), ['If-None-Match', 'a, b']],
    ['a weak one', about(['ETag', 'W/"a"'], 'b'), ['If-None-Match', 'W/"a", "b"']],
    ['without validators of its own', about([], 'b'), ['If-None-Match', '"b"']],
    ['none selected', { selected: undefined, lent: lent('b', 'c') }, ['If-None-Match', '"b", "c"']],
    ['eight in all', about(dated, ...'bcdefghijk'), ['If-None-Match', [...'abcdefgh'].map((tag) => `"${tag}"`).join(', ')]],
  ]
  for (const [says, given, expected] of cases) t.same(conditionFields(given), expected, says)
  t.equal(validating(undefined, []), undefined)
})

t.test('meantBy: among several a 304 must name the one it is about', async (t) => {
  const cases: ReadonlyArray<readonly [Validating, answer: Fields, meant: string | undefined]> = [
    [about(['ETag', '"a"']), [], 'selected'],
    [about(['ETag', '"a"'], 'b'), [], undefined],
    [about(['ETag', '"a"'], 'b'), ['ETag', '"a"'], 'selected'],
    [about(['ETag', '"a"'], 'b'), ['ETag', 'W/"a"'], 'selected'],
    [about(['ETag', '"a"'], 'b'), ['ETag', '"b"'], '"b"'],
    [about(['ETag', '"a"'], 'b'), ['ETag', 'W/"b"'], undefined],
    [about(['ETag', '"a"'], 'b'), ['ETag', '"c"'], undefined],
    [about(['ETag', 'W/"a"'], 'b'), ['ETag', 'W/"a"'], 'selected'],
    [about(['Last-Modified', modified], 'b'), ['ETag', '"b"'], undefined],
    [about(['Last-Modified', modified], 'b'), ['Last-Modified', modified], 'selected'],
    [about(['ETag', '"a"', 'Last-Modified', modified], 'b'), ['Last-Modified', modified], undefined],
    [{ selected: undefined, lent: lent('b') }, ['ETag', '"b"'], '"b"'],
    [{ selected: undefined, lent: lent('b') }, [], undefined],
  ]
  for (const [given, answer, expected] of cases) {
    const meant = meantBy(makeResponse(answer, 304), given)
    t.equal(meant?.kind === 'lent' ? meant.tagged.etag : meant?.kind, expected, `${conditionFields(given)} / ${answer}`)
  }
})

t.test('matchesStored tells a 304 of this entry from one of another', async (t) => {
  const cases: ReadonlyArray<readonly [stored: Fields, answer: Fields, boolean]> = [
    [['ETag', '"a"'], ['ETag', '"a"'], true],
    [['ETag', '"a"'], ['ETag', '"b"'], false],
    [['ETag', 'W/"a"'], ['ETag', '"a"'], false],
    [['ETag', '"a"'], ['ETag', 'W/"a"'], true],
    [['ETag', 'W/"a"'], ['ETag', 'W/"a"'], true],
    [['ETag', 'W/"a"'], ['ETag', 'W/"b"'], false],
    [['Last-Modified', modified], ['ETag', '"a"'], false],
    [['Last-Modified', modified], ['ETag', 'W/"a"'], false],
    [['Last-Modified', modified], ['ETag', 'W/"a"', 'Last-Modified', modified], true],
    [['Last-Modified', modified], ['Last-Modified', modified], true],
    [['Last-Modified', modified], ['Last-Modified', httpDate(0)], false],
    [['ETag', '"a"', 'Last-Modified', modified], ['ETag', '"a"', 'Last-Modified', httpDate(0)], true],
    [['ETag', '"a"'], [], true],
    [['Last-Modified', modified], [], true],
  ]
  for (const [stored, answer, expected] of cases) {
    t.equal(matchesStored(makeEntry(stored), makeResponse(answer, 304)), expected, `${stored.join()} / ${answer.join()}`)
  }
})

t.test('freshen renews fields, times and stamp, and keeps body and labels', async (t) => {
  const entry = makeEntry(['ETag', '"a"', 'Cache-Control', 'max-age=1', 'Date', httpDate(0)], {
    initialAge: seconds(50),
    labels: ['all', 't:x'],
    vary: ['accept'],
  })
  const answer = makeResponse(['Date', httpDate(99), 'Age', '5', 'Cache-Control', 'max-age=9'], 304)
  const fresh = freshen(entry, answer, {
    requestTime: at(98),
    responseTime: at(100),
    stamp: { epoch: 'e', number: 9 },
    policy: makePolicy(),
  })
  t.same(fresh, {
    ...entry,
    fields: ['ETag', '"a"', 'Date', httpDate(99), 'Cache-Control', 'max-age=9'],
    initialAge: 7,
    requestTime: at(98),
    responseTime: at(100),
    stamp: { epoch: 'e', number: 9 },
  })
  t.equal(entry.stamp.number, 1, 'the old one stands')
})

t.test('freshen counts the age anew where the 304 has no Date', async (t) => {
  const entry = makeEntry(['Date', httpDate(0)], { initialAge: seconds(50) })
  const fresh = freshen(entry, makeResponse([], 304), {
    requestTime: at(100),
    responseTime: at(100),
    stamp: entry.stamp,
    policy: makePolicy(),
  })
  t.equal(fresh.initialAge, 0)
  t.same(fresh.fields, ['Date', httpDate(100)])
})

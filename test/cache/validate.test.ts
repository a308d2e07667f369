import t from 'tap'
import { freshen, isStronglyValidatable, isValidatable, matchesStored, validationFields } from '../../src/cache/validate.ts'
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

import fc from 'fast-check'
import t from 'tap'
import { currentAge, initialAge } from '../../src/cache/age.ts'
import type { Fields } from '../../src/http/fields.ts'
import { instant, seconds } from '../../src/time.ts'
import { at, httpDate, makeEntry } from './builders.ts'

t.test('initialAge takes the larger of what Date and Age say', async (t) => {
  const cases: ReadonlyArray<readonly [string, Fields, number]> = [
    ['neither', [], 0],
    ['Date now', ['Date', httpDate(0)], 0],
    ['Date in the past', ['Date', httpDate(-30)], 30],
    ['Date in the future', ['Date', httpDate(30)], 0],
    ['Date unreadable', ['Date', 'yesterday'], 0],
    ['Age', ['Age', '60'], 60],
    ['the larger is the Age', ['Date', httpDate(-30), 'Age', '60'], 60],
    ['the larger is the Date', ['Date', httpDate(-90), 'Age', '60'], 90],
    ['several: the first counts', ['Age', '60, 120'], 60],
    ['several lines: the first counts', ['Age', '60', 'Age', '0'], 60],
    ['first of several unreadable', ['Age', 'x, 120'], 0],
    ['negative', ['Age', '-60'], 0],
    ['a fraction', ['Age', '1.5'], 0],
    ['empty', ['Age', ''], 0],
    ['huge', ['Age', '99999999999999999999'], 2 ** 31],
  ]
  for (const [name, fields, age] of cases) t.equal(initialAge(fields, { requestTime: at(0), responseTime: at(0) }), age, name)
})

t.test('initialAge counts the time on the wire on top of the Age, and no fraction that the Date cut off', async (t) => {
  t.equal(initialAge(['Age', '60'], { requestTime: at(-2), responseTime: at(0) }), 62)
  t.equal(initialAge([], { requestTime: at(-2), responseTime: at(0) }), 2)
  t.equal(initialAge(['Date', httpDate(0)], { requestTime: at(0.9), responseTime: at(0.9) }), 0)
  t.equal(initialAge([], { requestTime: at(2), responseTime: at(0) }), 0, 'a clock that went back')
})

t.test('currentAge adds the time since the response came', async (t) => {
  const entry = makeEntry([], { initialAge: seconds(10), responseTime: at(0) })
  t.equal(currentAge(entry, at(5)), 15)
  t.equal(currentAge(entry, at(-5)), 10, 'a clock that went back')
})

t.test('an age is never negative and never less than the initial one', async () => {
  const time = fc.integer({ min: 0, max: 4e12 }).map(instant)
  const age = fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String))
  fc.assert(
    fc.property(time, time, time, age, (requestTime, responseTime, now, value) => {
      const initial = initialAge(['Age', value, 'Date', new Date(requestTime).toUTCString()], { requestTime, responseTime })
      return initial >= 0 && currentAge({ initialAge: initial, responseTime }, now) >= initial
    }),
  )
})

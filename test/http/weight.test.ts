import fc from 'fast-check'
import t from 'tap'
import { parsePreferences } from '../../src/http/weight.ts'

const cases: ReadonlyArray<readonly [string, ReadonlyArray<readonly [string, number]>]> = [
  ['', []],
  [
    'GZIP, br;q=0.5',
    [
      ['gzip', 1],
      ['br', 0.5],
    ],
  ],
  ['a;q=0', [['a', 0]]],
  ['Text/HTML;q=0.5', [['text/html', 0.5]]],
  ['a ; Q=0.123', [['a', 0.123]]],
  ['a;q=1.000', [['a', 1]]],
  ['text/html;Level=1;q=0.7', [['text/html;level=1', 0.7]]],
  ['text/html;q=0.7;ext="A;b"', [['text/html;ext="A;b"', 0.7]]],
  ['a;flag', [['a;flag', 1]]],
]

for (const [value, preferences] of cases) {
  t.test(`parsePreferences of ${value}`, async (t) => {
    t.same(
      parsePreferences(value),
      preferences.map(([range, weight]) => ({ range, weight })),
    )
  })
}

for (const weight of ['', '2', '1.5', '-1', '0.1234', '1.001', 'x', '.5', '"1"', ' 1']) {
  t.test(`parsePreferences takes the unreadable weight "${weight}" for 0`, async (t) => {
    t.equal(parsePreferences(`a;q=${weight}`)[0]?.weight, 0)
  })
}

t.test('parsePreferences takes the smallest of several weights', async (t) => {
  t.equal(parsePreferences('a;q=0;q=1')[0]?.weight, 0)
})

t.test('parsePreferences never throws, and weighs from 0 to 1', async () => {
  fc.assert(fc.property(fc.string(), (value) => parsePreferences(value).every(({ weight }) => weight >= 0 && weight <= 1)))
})

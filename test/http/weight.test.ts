import fc from 'fast-check'
import t from 'tap'
import { mostWanted, parsePreferences } from '../../src/http/weight.ts'

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

t.test('mostWanted: the one range above every other', async (t) => {
  // biome-ignore format: one case, one line
  const cases: [value: string, wanted: string | undefined][] = [
    ['de', 'de'], ['DE', 'de'], ['fr;q=0.5, de;q=1.0', 'de'], ['de, fr;q=0.9', 'de'], ['fr;q=0.1, de;q=0.2, es;q=0.15', 'de'], ['de;q=0.1, *;q=0.05', 'de'],
    ['de, fr', undefined], ['de;q=0.5, fr;q=0.5', undefined], ['de;q=0', undefined], ['*', undefined], ['', undefined], ['*, de;q=0.5', undefined],
    ['de, de;q=0.5', undefined], ['de;q=x', undefined],
  ]
  for (const [value, wanted] of cases) t.equal(mostWanted(value), wanted, value)
})

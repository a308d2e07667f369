import fc from 'fast-check'
import t from 'tap'
import { delta, maxStale, parseCacheControl, parseDelta, restrictedFields } from '../../src/http/cache-control.ts'

const parsed: ReadonlyArray<readonly [string | undefined, ReadonlyArray<readonly [string, ReadonlyArray<string | true>]>]> = [
  [undefined, []],
  ['', []],
  [' , ', []],
  ['no-store', [['no-store', [true]]]],
  [
    'Max-Age=60, PUBLIC',
    [
      ['max-age', ['60']],
      ['public', [true]],
    ],
  ],
  ['max-age="60"', [['max-age', ['60']]]],
  ['max-age=60, max-age=5', [['max-age', ['60', '5']]]],
  [
    'extension="max-age=3600, no-store", max-age=1',
    [
      ['extension', ['max-age=3600, no-store']],
      ['max-age', ['1']],
    ],
  ],
  [
    'private; max-age=60',
    [
      ['private', [true]],
      ['max-age', ['60']],
    ],
  ],
  ['__proto__=1', [['__proto__', ['1']]]],
]

for (const [value, directives] of parsed) {
  t.test(`parseCacheControl of ${value}`, async (t) => {
    t.same([...parseCacheControl(value)], directives)
  })
}

t.test('parseCacheControl lets no unclosed quote hide a directive', async (t) => {
  t.ok(parseCacheControl('max-age=60, x="y, no-store').has('no-store'))
})

const deltas: ReadonlyArray<readonly [string, number | 'invalid' | undefined]> = [
  ['public', undefined],
  ['max-age=60', 60],
  ['max-age=0', 0],
  ['max-age="3600"', 3600],
  ['max-age=003600', 3600],
  ['max-age=2147483648', 2147483648],
  ['max-age=2147483649', 2147483648],
  ['max-age=99999999999999999999999999', 2147483648],
  ['max-age=1800, max-age=1', 1],
  ['max-age=1, max-age=1800', 1],
  ['max-age=1800, max-age=x', 'invalid'],
  ['max-age', 'invalid'],
  ['max-age=', 'invalid'],
  ['max-age=-1', 'invalid'],
  ['max-age=+1', 'invalid'],
  ['max-age=3600.0', 'invalid'],
  ['max-age=1e3', 'invalid'],
  ['max-age=0x10', 'invalid'],
  ['max-age=3600a', 'invalid'],
  ["max-age='3600'", 'invalid'],
  ['max-age =3600', 'invalid'],
  ['max-age\t=3600', 'invalid'],
  ['max-age= 3600', 'invalid'],
  ['max-age=" 3600"', 'invalid'],
  ['max-age =3600, max-age=5', 'invalid'],
]

for (const [value, seconds] of deltas) {
  t.test(`delta of ${value} is ${seconds}`, async (t) => {
    t.equal(delta(parseCacheControl(value), 'max-age'), seconds)
  })
}

t.test('delta takes the largest min-fresh, which asks for most', async (t) => {
  t.equal(delta(parseCacheControl('min-fresh=5, min-fresh=60'), 'min-fresh'), 60)
})

const staleness: ReadonlyArray<readonly [string, number | undefined]> = [
  ['max-age=1', undefined],
  ['max-stale', Number.POSITIVE_INFINITY],
  ['max-stale=60', 60],
  ['max-stale, max-stale=60', 60],
  ['max-stale=x', 0],
  ['max-stale=', 0],
]

for (const [value, seconds] of staleness) {
  t.test(`maxStale of ${value} is ${seconds}`, async (t) => {
    t.equal(maxStale(parseCacheControl(value)), seconds)
  })
}

const restrictions: ReadonlyArray<readonly [string, 'all' | readonly string[] | undefined]> = [
  ['public', undefined],
  ['no-cache', 'all'],
  ['no-cache="Set-Cookie, X-A"', ['set-cookie', 'x-a']],
  ['no-cache=Set-Cookie', ['set-cookie']],
  ['no-cache="a", no-cache="b"', ['a', 'b']],
  ['no-cache="a", no-cache', 'all'],
  ['no-cache=""', 'all'],
  ['no-cache=" , "', 'all'],
  ['no-cache="a b"', 'all'],
  ['no-cache="a, b', 'all'],
]

for (const [value, fields] of restrictions) {
  t.test(`restrictedFields of ${value}`, async (t) => {
    t.same(restrictedFields(parseCacheControl(value), 'no-cache'), fields)
    t.same(restrictedFields(parseCacheControl(value.replaceAll('no-cache', 'Private')), 'private'), fields)
  })
}

t.test('parseDelta reads digits and nothing else', async (t) => {
  t.equal(parseDelta('0'), 0)
  t.equal(parseDelta('12, 13'), undefined)
  t.equal(parseDelta('١'), undefined)
  t.equal(parseDelta('5\n'), undefined)
})

t.test('no text makes the parser or its readers throw, and no delta leaves its bounds', async () => {
  const name = fc.constantFrom('max-age', 'no-cache', 'max-stale', 'min-fresh')
  const anything = fc.oneof(
    fc.string(),
    fc.tuple(name, fc.string()).map(([directive, value]) => `${directive}=${value}`),
  )
  fc.assert(
    fc.property(anything, name, (value, directive) => {
      const directives = parseCacheControl(value)
      restrictedFields(directives, 'no-cache')
      maxStale(directives)
      const seconds = delta(directives, directive)
      return seconds === undefined || seconds === 'invalid' || (seconds >= 0 && seconds <= 2 ** 31)
    }),
  )
})

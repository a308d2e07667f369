import fc from 'fast-check'
import t from 'tap'
import type { Fields } from '../../src/http/fields.ts'
import { normaliseField, type VaryRule, varyNames } from '../../src/http/vary.ts'

const names: ReadonlyArray<readonly [Fields, '*' | readonly string[]]> = [
  [[], []],
  [['Vary', ''], []],
  [
    ['Vary', 'Origin, Accept-Encoding'],
    ['accept-encoding', 'origin'],
  ],
  [
    ['Vary', 'Origin', 'VARY', 'accept, ORIGIN'],
    ['accept', 'origin'],
  ],
  [['Vary', '*'], '*'],
  [['Vary', '*, *'], '*'],
  [['Vary', ', *'], '*'],
  [['Vary', 'Foo, *'], '*'],
  [['Vary', '*, Foo'], '*'],
  [['Vary', '', 'Vary', '*'], '*'],
  [['Vary', 'Accept', 'Vary', '*'], '*'],
  [['Vary', 'Accept Encoding'], '*'],
  [['Vary', '"Accept'], '*'],
]

for (const [fields, expected] of names) {
  t.test(`varyNames of ${fields}`, async (t) => {
    t.same(varyNames(fields), expected)
  })
}

type Case = readonly [name: string, one: string | undefined, other: string | undefined]

const equal: readonly Case[] = [
  ['foo', '1, 2', '1,2'],
  ['foo', '1,2', ' 1 ,\t2 '],
  ['accept-language', 'en, de', ' eN ,   De'],
  ['accept-language', 'en, de', 'de, en'],
  ['accept-language', 'en;q=1.0, de;q=0.50', 'de;q=0.5,en'],
  ['accept', 'text/html, */*;q=0.8', '*/*;q=0.800,TEXT/HTML;q=1'],
  ['accept-encoding', 'gzip, deflate, br', 'br;q=1.0, gzip;q=0.8, *;q=0.0, identity'],
  ['accept-encoding', undefined, 'identity'],
]

for (const [name, one, other] of equal) {
  t.test(`normaliseField takes ${name}: ${one} for ${other}`, async (t) => {
    t.equal(normaliseField(name, one), normaliseField(name, other))
  })
}

const different: readonly Case[] = [
  ['foo', undefined, ''],
  ['foo', undefined, '-'],
  ['foo', '1', '2'],
  ['foo', '1, 2', '2, 1'],
  ['foo', 'a b', 'a  b'],
  ['foo', '"a, b"', '"a,b"'],
  ['foo', 'A', 'a'],
  ['foo', '1', '1,'],
  ['accept-language', undefined, ''],
  ['accept-language', 'en', 'en;q=0.9'],
  ['accept-language', 'en;q=0.5, de', 'en;q=0.4, de'],
  ['accept-language', 'en;q=0.5, de', 'en, de;q=0.5'],
  ['accept', 'text/html;level=1', 'text/html;level=2'],
  ['accept', 'text/html;v=A', 'text/html;v=a'],
  ['accept-encoding', 'gzip', 'br'],
  ['accept-encoding', 'gzip', 'gzip, identity;q=0'],
]

for (const [name, one, other] of different) {
  t.test(`normaliseField tells ${name}: ${one} from ${other}`, async (t) => {
    t.not(normaliseField(name, one), normaliseField(name, other))
  })
}

t.test('normaliseField with ignore is the same for everybody', async (t) => {
  t.equal(normaliseField('cookie', 'a=1', 'ignore'), normaliseField('cookie', undefined, 'ignore'))
})

t.test('normaliseField with exact keeps every byte', async (t) => {
  t.not(normaliseField('accept-language', 'en, de', 'exact'), normaliseField('accept-language', 'en,de', 'exact'))
  t.not(normaliseField('foo', undefined, 'exact'), normaliseField('foo', '', 'exact'))
  t.not(normaliseField('foo', undefined, 'exact'), normaliseField('foo', '-', 'exact'))
})

t.test('normaliseField with a list gives one of the list', async (t) => {
  const rule: VaryRule = ['es', 'en']
  t.equal(normaliseField('accept-language', 'en-GB,en;q=0.9', rule), normaliseField('accept-language', 'en', rule))
  t.equal(normaliseField('accept-language', undefined, rule), normaliseField('accept-language', 'fr', rule))
  t.not(normaliseField('accept-language', 'en', rule), normaliseField('accept-language', 'es', rule))
})

t.test('normaliseField of an unknown field merges only what differs in whitespace at commas', async () => {
  const squeeze = (value: string): string => value.replace(/[ \t]*,[ \t]*/g, ',').replace(/^[ \t]+|[ \t]+$/g, '')
  const value = fc.string({ unit: fc.constantFrom(...'ab, \t') })
  fc.assert(
    fc.property(value, value, (one, other) => {
      return (normaliseField('foo', one) === normaliseField('foo', other)) === (squeeze(one) === squeeze(other))
    }),
  )
})

t.test('normaliseField never throws, and no value looks absent', async () => {
  const name = fc.constantFrom('accept', 'accept-language', 'accept-encoding', 'cookie')
  const rule = fc.constantFrom<VaryRule | undefined>(undefined, 'exact', ['a', 'b'], [])
  fc.assert(
    fc.property(name, fc.string(), rule, (field, value, vary) => {
      varyNames(['Vary', value])
      return normaliseField(field, value, vary).startsWith('=')
    }),
  )
})

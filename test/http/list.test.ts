import fc from 'fast-check'
import t from 'tap'
import { isToken, splitElements, splitList, trimWhitespace, unquote } from '../../src/http/list.ts'

const lists: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['', []],
  [' , ,', []],
  ['a', ['a']],
  ['a,b , c', ['a', 'b', 'c']],
  ['a="b, c", d', ['a="b, c"', 'd']],
  ['a="b\\", c", d', ['a="b\\", c"', 'd']],
  ['"a" , "b"\t,c', ['"a"', '"b"', 'c']],
  ['a="b, c', ['a="b', 'c']],
  ['"a, b", c="d, e', ['"a, b"', 'c="d', 'e']],
  ['a="\\", b, c', ['a="\\"', 'b', 'c']],
  ['\ta\t,\t', ['a']],
]

for (const [value, elements] of lists) {
  t.test(`splitList of ${JSON.stringify(value)}`, async (t) => {
    t.same(splitList(value), elements)
  })
}

t.test('splitList takes another separator', async (t) => {
  t.same(splitList('a;b="c;d";;e', ';'), ['a', 'b="c;d"', 'e'])
})

t.test('splitElements keeps empty elements', async (t) => {
  t.same(splitElements('a,,"b,"'), ['a', '', '"b,"'])
  t.same(splitElements(''), [''])
})

t.test('splitElements hides nothing but what is quoted', async () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{1,5}$/)), fc.constantFrom('"', '"\\', 'x="'), (words, opening) => {
      const value = [...words, opening, 'no-store'].join(', ')
      return splitList(value).includes('no-store')
    }),
  )
})

t.test('splitElements needs no more than a moment for a long hostile value', async (t) => {
  const hostile = ['"'.repeat(100_001), '\\"'.repeat(50_000), `a${' '.repeat(100_000)}b"`, ',"'.repeat(50_001)]
  for (const value of hostile) {
    const start = performance.now()
    splitElements(value)
    t.ok(performance.now() - start < 500)
  }
})

t.test('trimWhitespace removes spaces and tabs, and no other character', async (t) => {
  t.equal(trimWhitespace(' \t a b\t '), 'a b')
  t.equal(trimWhitespace('\u00a0a\u00a0'), '\u00a0a\u00a0')
  t.equal(trimWhitespace('  '), '')
})

t.test('unquote resolves a quoted string and leaves other text alone', async (t) => {
  t.equal(unquote('"a\\"b\\\\c"'), 'a"b\\c')
  t.equal(unquote('""'), '')
  t.equal(unquote('"'), '"')
  t.equal(unquote('"a'), '"a')
  t.equal(unquote("'a'"), "'a'")
})

t.test('isToken knows the characters of a token', async (t) => {
  for (const token of ['a', 'x-gzip', "!#$%&'*+-.^_`|~09AZaz"]) t.equal(isToken(token), true, token)
  for (const text of ['', 'a b', 'a,', '"a"', 'ü', 'a\n', 'a:']) t.equal(isToken(text), false, text)
})

import fc from 'fast-check'
import t from 'tap'
import type { Policy } from '../../src/cache/policy.ts'
import { selectorOf, variantKey } from '../../src/cache/variant.ts'
import type { Fields } from '../../src/http/fields.ts'
import { makePolicy } from './builders.ts'

t.test('selectorOf names the request fields that select a response', async (t) => {
  const plain = makePolicy()
  const overruled = makePolicy({ override: new Set(['vary']) })
  const ignoring = makePolicy({
    vary: new Map([
      ['user-agent', 'ignore'],
      ['origin', 'ignore'],
      ['accept-encoding', 'ignore'],
    ]),
  })
  const cases: ReadonlyArray<readonly [string, Fields, Policy, readonly string[] | '*']> = [
    ['no Vary', [], plain, []],
    ['sorted, lower case, once', ['Vary', 'User-Agent, Accept', 'vary', 'accept'], plain, ['accept', 'user-agent']],
    ['any', ['Vary', 'Accept, *'], plain, '*'],
    ['a coding without Vary', ['Content-Encoding', 'gzip'], plain, ['accept-encoding']],
    ['identity is no coding', ['Content-Encoding', 'identity'], plain, []],
    ['one allowed origin without Vary', ['Access-Control-Allow-Origin', 'https://a.example'], plain, ['origin']],
    ['every allowed origin', ['Access-Control-Allow-Origin', '*'], plain, []],
    ['overruled', ['Vary', 'User-Agent'], overruled, []],
    ['overruled any', ['Vary', '*'], overruled, []],
    ['overruled, yet coded', ['Vary', '*', 'Content-Encoding', 'br'], overruled, ['accept-encoding']],
    ['ignored', ['Vary', 'User-Agent, Accept', 'Access-Control-Allow-Origin', 'null'], ignoring, ['accept']],
    ['ignored, yet coded', ['Vary', 'Accept-Encoding', 'Content-Encoding', 'br'], ignoring, ['accept-encoding']],
  ]
  for (const [name, fields, policy, expected] of cases) t.same(selectorOf(fields, policy), expected, name)
})

t.test('variantKey is one for what means the same and differs for what does not', async (t) => {
  const policy = makePolicy({ vary: new Map([['accept-encoding', 'ignore']]) })
  const key = (selector: readonly string[], fields: Fields): string => variantKey('p:k', selector, fields, policy)
  const gzip = ['Accept-Encoding', 'gzip, br']
  t.equal(key([], gzip), 'p:k|v=')
  t.equal(key(['accept-encoding'], gzip), key(['accept-encoding'], ['accept-encoding', 'br,  gzip']))
  t.not(key(['accept-encoding'], gzip), key(['accept-encoding'], []), 'an ignored coding still selects a coded answer')
  t.not(key(['x-a'], ['X-A', '']), key(['x-a'], []), 'empty is not absent')
  t.not(key(['x-a'], ['X-A', '-']), key(['x-a'], []))
  t.not(key(['x-a', 'x-b'], ['X-A', '1&x-b=2']), key(['x-a', 'x-b'], ['X-A', '1', 'X-B', '2']))
  t.ok(key(['x-a'], ['X-A', 'x'.repeat(10_000)]).length < 200, 'a long value is digested')
})

t.test('variantKey never gives two values of a field one key', async () => {
  const value = fc.string({ unit: fc.constantFrom('a', 'A', '=', '&', '%', '|', '-') })
  fc.assert(
    fc.property(value, value, value, value, (a, b, c, d) => {
      const key = (x: string, y: string): string => variantKey('p', ['x-a', 'x-b'], ['X-A', x, 'X-B', y], makePolicy())
      return (a === c && b === d) === (key(a, b) === key(c, d))
    }),
  )
})

import fc from 'fast-check'
import t from 'tap'
import { formatQuery, parseQuery } from '../../src/http/query.ts'

t.test('parseQuery keeps order, duplicates and the difference between empty and missing', async (t) => {
  t.same(parseQuery('b=1&a&b=&=x'), [
    { rawName: 'b', rawValue: '1', name: 'b', value: '1', hasEquals: true },
    { rawName: 'a', rawValue: '', name: 'a', value: '', hasEquals: false },
    { rawName: 'b', rawValue: '', name: 'b', value: '', hasEquals: true },
    { rawName: '', rawValue: 'x', name: '', value: 'x', hasEquals: true },
  ])
})

const decoded: ReadonlyArray<readonly [string, string, string]> = [
  ['a=b+c', 'a', 'b c'],
  ['a=b%20c', 'a', 'b c'],
  ['a=b%2Bc', 'a', 'b+c'],
  ['%61+b=1', 'a b', '1'],
  ['a=1=2', 'a', '1=2'],
  ['a=%26%3D', 'a', '&='],
  ['a=%C3%A9', 'a', 'é'],
  ['a=%zz+%ff', 'a', '%zz %ff'],
  ['a=1;b=2', 'a', '1;b=2'],
  ['a?b=c?d', 'a?b', 'c?d'],
]

for (const [query, name, value] of decoded) {
  t.test(`parseQuery of ${query}`, async (t) => {
    const [parameter, ...others] = parseQuery(query)
    t.equal(parameter?.name, name)
    t.equal(parameter?.value, value)
    t.same(others, [])
  })
}

t.test('parseQuery of no query and of an empty one is empty', async (t) => {
  t.same(parseQuery(undefined), [])
  t.same(parseQuery(''), [])
})

t.test('formatQuery of what is left keeps the bytes', async (t) => {
  const kept = parseQuery('a=%2f&utm=1&b=+&&c').filter(({ name }) => name !== 'utm')
  t.equal(formatQuery(kept), 'a=%2f&b=+&&c')
})

t.test('formatQuery gives back every query that parseQuery took apart', async () => {
  const query = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'ab=&+%2c') }))
  fc.assert(fc.property(query, (text) => formatQuery(parseQuery(text)) === text))
})

t.test('parseQuery reads what URLSearchParams wrote', async () => {
  const pair = fc.tuple(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' }))
  fc.assert(
    fc.property(fc.array(pair), (pairs) => {
      const read = parseQuery(new URLSearchParams(pairs).toString()).map(({ name, value }) => [name, value])
      return JSON.stringify(read) === JSON.stringify(pairs)
    }),
  )
})

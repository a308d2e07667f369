import fc from 'fast-check'
import t from 'tap'
import { canonical, fromParsed, type Json, memberAt, parseJson, scalarText } from '../../src/rules/json.ts'

function at(text: string, ...path: string[]): string | undefined {
  return scalarText(memberAt(parseJson(text), path))
}

t.test('parseJson keeps the digits of numbers', async (t) => {
  t.equal(at('{"id":9007199254740993}', 'id'), '9007199254740993')
  t.equal(at('{"id":42.0}', 'id'), '42.0')
  t.equal(at('{"id":1e2}', 'id'), '1e2')
  t.equal(at('[-0]', '0'), '-0')
  t.equal(scalarText(parseJson('18446744073709551615')), '18446744073709551615')
})

t.test('parseJson takes no name for special', async (t) => {
  t.equal(at('{"__proto__":{"id":1}}', 'id'), undefined)
  t.equal(at('{"__proto__":{"id":1}}', '__proto__', 'id'), '1')
  t.equal(at('{"a":1}', 'constructor', 'name'), undefined)
  t.equal(at('{"source":"x","b":{"source":"y"}}', 'b', 'source'), 'y')
  t.equal(at('[7]', 'length'), undefined)
  t.equal(at('"text"', 'length'), undefined)
})

t.test('parseJson gives undefined for what cannot be read', async (t) => {
  for (const text of ['', '{', '{"a":}', '\ufeff{}', 'NaN', '[1,]', '{"a":1}x']) t.equal(parseJson(text), undefined, text)
})

t.test('parseJson gives undefined where a name comes twice: nobody knows which one the origin takes', async (t) => {
  const texts = [
    '{"id":1,"id":2}',
    '{"id":1,"id":1}',
    '[{"a":{"b":1,"b":2}}]',
    '{"__proto__":1,"__proto__":2}',
    '{"id":1,"\\u0069d":2}',
  ]
  for (const text of texts) t.equal(parseJson(text), undefined, text)
  t.equal(at('{"id":"a:b","b":{"id":":"},"c":[{"id":"\\":"},{"id":2}]}', 'id'), 'a:b')
})

t.test('parseJson bounds nesting and counts only real brackets', async (t) => {
  t.equal(parseJson('['.repeat(100_000)), undefined)
  t.equal(parseJson(`${'['.repeat(65)}${']'.repeat(65)}`), undefined)
  t.not(parseJson(`${'['.repeat(64)}${']'.repeat(64)}`), undefined)
  t.equal(scalarText(parseJson(JSON.stringify(`"\\${'['.repeat(100)}`))), `"\\${'['.repeat(100)}`)
})

t.test('parseJson never throws', async (t) => {
  fc.assert(fc.property(fc.string(), (text) => parseJson(text) !== null || text.trim() === 'null'))
  t.equal(parseJson('null'), null)
})

t.test('canonical is one text for equal values and keeps the meaning', async () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = canonical(parseJson(JSON.stringify(value)) as Json)
      return text === canonical(parseJson(JSON.stringify(JSON.parse(text), undefined, 2)) as Json)
    }),
  )
})

t.test('canonical sorts members and tells types apart', async (t) => {
  t.equal(canonical(parseJson('{ "b": [1, "1", null, true], "a": {} }') as Json), '{"a":{},"b":[1,"1",null,true]}')
  t.not(canonical(parseJson('{"a":1}') as Json), canonical(parseJson('{"a":"1"}') as Json))
})

t.test('fromParsed refuses integers that another parser may have rounded', async (t) => {
  t.equal(scalarText(fromParsed(42)), '42')
  t.equal(fromParsed(2 ** 53), undefined)
  t.equal(fromParsed({ ids: [1, 2 ** 60] }), undefined)
  t.equal(canonical(fromParsed({ b: [1.5, 'x'], a: null }) as Json), '{"a":null,"b":[1.5,"x"]}')
})

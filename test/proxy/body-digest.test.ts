import t from 'tap'
import { digestBody } from '../../src/proxy/body-digest.ts'
import { parseJson } from '../../src/rules/json.ts'
import { makeRequest } from '../fixtures/exchange.ts'

const json = ['Content-Type', 'application/json']
const digest = (body: string, fields: string[] = json): string =>
  digestBody(makeRequest({ method: 'POST', fields }), Buffer.from(body), fields === json ? parseJson(body) : undefined)

t.test('digestBody: JSON counts by what it means', async (t) => {
  const one = digest('{"a":{"b":[1,{"c":"x:y"}]},"d":"\\"q\\":"}')
  t.equal(digest('{ "d": "\\"q\\":", "a": {"b": [1, {"c": "\\u0078:y"}]} }'), one, 'order, white space and escapes say nothing')
  for (const other of ['{"a":{"b":[{"c":"x:y"},1]},"d":"\\"q\\":"}', '{"a":{"b":[1.0,{"c":"x:y"}]},"d":"\\"q\\":"}', '{}'])
    t.not(digest(other), one, other)
})

t.test('digestBody: where a name comes twice, nobody knows which one the origin takes', async (t) => {
  t.not(digest('{"q":"evil","q":"good"}'), digest('{"q":"good"}'))
  t.not(digest('[{"q":{"r":1,"r":2}}]'), digest('[{"q":{"r":2}}]'))
  t.not(digest('{"__proto__":1,"__proto__":2}'), digest('{"__proto__":2}'))
})

t.test('digestBody: anything else counts by its bytes, its type and its coding', async (t) => {
  const plain = ['Content-Type', 'text/plain']
  const digests = [
    digest('{"a":1}'),
    digest('{"a":1}', plain),
    digest('{"a": 1}', plain),
    digest('{"a":1}', []),
    digest('{"a":1}', [...json, 'Content-Encoding', 'x']),
    digest('', plain),
  ]
  t.equal(new Set(digests).size, digests.length)
})

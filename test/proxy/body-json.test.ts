import { gzipSync } from 'node:zlib'
import t from 'tap'
import { bodyJson } from '../../src/proxy/body-json.ts'

t.test('bodyJson: JSON by its type, in the coding it came in, up to the limit', async (t) => {
  const body = Buffer.from('{"id":9007199254740993}')
  const id = new Map([['id', { source: '9007199254740993' }]])
  const cases: Array<[fields: string[], body: Uint8Array, expected: unknown]> = [
    [['Content-Type', 'application/json; charset=utf-8'], body, id],
    [['Content-Type', 'application/problem+json'], body, id],
    [['Content-Type', 'application/json', 'Content-Encoding', 'gzip'], gzipSync(body), id],
    [['Content-Type', 'text/plain'], body, undefined],
    [[], body, undefined],
    [['Content-Type', 'application/json'], Buffer.from('{"id":'), undefined],
    [['Content-Type', 'application/json'], Buffer.alloc(200, '1'), undefined],
    [['Content-Type', 'application/json', 'Content-Encoding', 'gzip'], body, undefined],
  ]
  for (const [fields, given, expected] of cases) t.same(await bodyJson({ fields }, given, 100), expected, fields.join())
})

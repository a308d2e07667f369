import t from 'tap'
import { readExplainRequest } from '../../src/admin/explain-request.ts'

const read = (members: Array<[string, string]>) => readExplainRequest(new URLSearchParams(members), 'localhost:8080')

t.test('readExplainRequest splits a URL and keeps its bytes', async (t) => {
  t.match(read([['url', '/a/../b?c=%20&d?']]), {
    method: 'GET',
    host: 'localhost:8080',
    scheme: 'http',
    target: { raw: '/a/../b?c=%20&d?', path: '/a/../b', query: 'c=%20&d?' },
  })
  t.match(
    read([
      ['url', 'https://Shop.example:444/a'],
      ['method', 'POST'],
    ]),
    { method: 'POST', host: 'shop.example:444', scheme: 'https', target: { raw: '/a' } },
  )
  t.match(read([['url', 'http://shop.example']]), { host: 'shop.example', target: { raw: '/', path: '/' } })
  t.match(read([['url', 'http://shop.example?a']]), { target: { raw: '/?a', path: '/', query: 'a' } })
  t.match(read([['url', '//evil.example/a']]), { host: 'localhost:8080', target: { path: '//evil.example/a' } })
  t.same(
    (
      read([
        ['url', '/'],
        ['header', 'A: b '],
        ['header', 'c:'],
      ]) as { fields: unknown }
    ).fields,
    ['A', 'b', 'c', ''],
  )
})

t.test('readExplainRequest refuses what no request could be', async (t) => {
  for (const members of [
    [],
    [['url', '']],
    [['url', 'a/b']],
    [['url', '/a b']],
    [['url', '/a#b']],
    [['url', '/a\r\nx: y']],
    [['url', '/ü']],
    [['url', 'http://user@host/']],
    [
      ['url', '/'],
      ['method', 'get'],
    ],
    [
      ['url', '/'],
      ['method', 'A B'],
    ],
    [
      ['url', '/'],
      ['header', 'no colon'],
    ],
    [
      ['url', '/'],
      ['header', 'a b: c'],
    ],
    [
      ['url', '/'],
      ['header', 'a: b\r\nc: d'],
    ],
    [['url', '/'], ...Array.from({ length: 101 }, (): [string, string] => ['header', 'a: b'])],
  ] as Array<Array<[string, string]>>) {
    const refusal = read(members)
    t.match(refusal, { error: /^["A-Z]/, fix: /^[A-Z]/ }, JSON.stringify(members).slice(0, 80))
    t.notMatch(JSON.stringify(refusal), /no colon at all/)
  }
})

import fc from 'fast-check'
import t from 'tap'
import { parsePath } from '../../src/rules/path.ts'

t.test('parsePath reads texts, named segments and what follows', async (t) => {
  const cases: Array<[string, unknown]> = [
    ['/', []],
    ['/a', [{ kind: 'text', text: 'a' }]],
    [
      '/a/',
      [
        { kind: 'text', text: 'a' },
        { kind: 'text', text: '' },
      ],
    ],
    [
      '/v1/items:batch',
      [
        { kind: 'text', text: 'v1' },
        { kind: 'text', text: 'items:batch' },
      ],
    ],
    [
      '/a/:id/b',
      [
        { kind: 'text', text: 'a' },
        { kind: 'param', name: 'id' },
        { kind: 'text', text: 'b' },
      ],
    ],
    [
      '/a/*',
      [
        { kind: 'text', text: 'a' },
        { kind: 'rest', start: '' },
      ],
    ],
    [
      '/a/cart*',
      [
        { kind: 'text', text: 'a' },
        { kind: 'rest', start: 'cart' },
      ],
    ],
    ['/*', [{ kind: 'rest', start: '' }]],
    ['/a%20b', [{ kind: 'text', text: 'a%20b' }]],
  ]
  for (const [path, parts] of cases) t.same(parsePath(path), { kind: 'path', parts }, path)
})

t.test('parsePath refuses what no request could match, and points at it', async (t) => {
  const cases: Array<[string, number, RegExp, RegExp]> = [
    ['a', 0, /starts with "\/"/, /"\/a"/],
    ['/a?b=c', 2, /no query/, /"query" of "match"/],
    ['/a#b', 2, /never reaches a server/, /Leave it out/],
    ['/a/*/b', 3, /at the end of a path only/, /":name"/],
    ['/a*b', 2, /at the end of a path only/, /":name"/],
    ['/:id*', 4, /cannot end in/, /":id\/\*"/],
    ['/a/:id.json', 3, /not one whole named segment/, /":id"/],
    ['/a/:', 3, /has no name/, /":id"/],
    ['/:id/:id', 5, /Two segments are called ":id"/, /own name/],
    ['/:rest/*', 1, /is called "rest" already/, /another name/],
    ['/a//b', 0, /two ways/, /Leave out/],
    ['/a/../b', 0, /two ways/, /Leave out/],
    ['/a%2Fb', 0, /two ways/, /Leave out/],
    ['/caf\u00e9', 4, /never send "é"/, /"%C3%A9"/],
    ['/a b', 2, /never send " "/, /"%20"/],
    ['/a/{id}', 3, /no templates/, /":name"/],
    ['/%61b', 0, /escapes that clients do not send/, /"\/ab"/],
  ]
  for (const [path, offset, what, fix] of cases) t.match(parsePath(path), { kind: 'problem', offset, what, fix }, path)
})

t.test('parsePath never throws and points inside the text', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const parsed = parsePath(text)
      return parsed.kind === 'path' || (parsed.offset >= 0 && parsed.offset <= text.length)
    }),
  )
})

import fc from 'fast-check'
import t from 'tap'
import { escapeValue, formatPrimaryKey, type PrimaryKey } from '../../src/cache/key.ts'

t.test('escapeValue keeps unreserved characters and encodes every other one as UTF-8', async (t) => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ['', ''],
    ['Az09._~-', 'Az09._~-'],
    ['a:b*c|d/e%f', 'a%3Ab%2Ac%7Cd%2Fe%25f'],
    ['a b\n', 'a%20b%0A'],
    ["!'()", '%21%27%28%29'],
    ['ñ', '%C3%B1'],
    ['😀', '%F0%9F%98%80'],
    ['\ud83d', '%ED%A0%BD'],
  ]
  for (const [text, escaped] of cases) t.equal(escapeValue(text), escaped, JSON.stringify(text))
})

t.test('escapeValue digests what is longer than 128 bytes', async (t) => {
  const digest = /^~sha256-[0-9a-f]{64}$/
  t.equal(escapeValue('x'.repeat(128)), 'x'.repeat(128))
  t.match(escapeValue('x'.repeat(129)), digest)
  t.equal(escapeValue('ñ'.repeat(64)), '%C3%B1'.repeat(64), 'bytes are counted before they are escaped')
  t.match(escapeValue('ñ'.repeat(65)), digest)
  t.not(escapeValue('x'.repeat(129)), escapeValue('x'.repeat(130)))
  t.not(escapeValue(`\ud800${'x'.repeat(129)}`), escapeValue(`\udbff${'x'.repeat(129)}`), 'lone surrogates differ')
})

t.test('escapeValue gives no value the text of a digest', async (t) => {
  const digest = escapeValue('x'.repeat(200))
  t.not(escapeValue(digest), digest)
  t.match(escapeValue(digest), /^~sha256-/, 'it is digested itself')
})

t.test('escapeValue is injective and holds no separator and no glob', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('%', '7', 'C', '|', ':', '\ud800', 'é', '~') }),
  )
  fc.assert(
    fc.property(text, text, (a, b) => {
      if (!/^[A-Za-z0-9._~%-]*$/.test(escapeValue(a))) return false
      return (a === b) === (escapeValue(a) === escapeValue(b))
    }),
  )
})

t.test('formatPrimaryKey appends what the key does not name, escaped and in one order', async (t) => {
  const cases: ReadonlyArray<readonly [PrimaryKey['key'], PrimaryKey['appended'], string]> = [
    ['badges:all', {}, 'p:badges:all'],
    ['badges:all', { query: '' }, 'p:badges:all|q='],
    [
      'k',
      { identity: 'jwt:7', host: 'a.example:8080', method: 'POST', query: 'a=1&b=2', body: 'x' },
      'p:k|q=a%3D1%26b%3D2|m=POST|h=a.example%3A8080|i=jwt%3A7|b=x',
    ],
    ['k', { values: '1:a', query: 'x' }, 'p:k|v=1%3Aa|q=x'],
    ['k|q=x', {}, 'p:k||q=x'],
    ['k', { query: 'x' }, 'p:k|q=x'],
  ]
  for (const [key, appended, text] of cases) t.equal(formatPrimaryKey({ prefix: 'p', key, appended }), text)
})

t.test('formatPrimaryKey gives two different requests two keys', async () => {
  // Few characters, those that separate above all, so that near-collisions are tried.
  const text = fc.string({ unit: fc.constantFrom('|', 'q', 'm', '=', ':', '%', 'a'), maxLength: 6 })
  const appended = fc.record({ query: text, method: text, host: text, identity: text, body: text }, { requiredKeys: [] })
  const input = fc.record({ prefix: fc.constantFrom('p', 'pp', 'p|'), key: text, appended })
  fc.assert(
    fc.property(input, input, (a, b) => {
      const isSame = JSON.stringify(a, order) === JSON.stringify(b, order)
      return isSame === (formatPrimaryKey(a) === formatPrimaryKey(b))
    }),
    { numRuns: 20_000 },
  )
})

const order = ['prefix', 'key', 'appended', 'query', 'method', 'host', 'identity', 'body']

import t from 'tap'
import { rulesOf } from '../fixtures/rules-text.ts'

const text = `version: 1
identity: { from: [jwt.sub], jwt: { secret_env: S } }
rules:
  - name: a
    match: GET /a
    cache: { scope: public, key: "a:{query.x}", ttl: 1m, tags: [a], query: { only: [x] } }
  - name: b
    match: POST /a
    purge: { tags: [a] }
`

function hashWith(from: string, to: string): string {
  const edited = text.replace(from, to)
  if (edited === text) throw new Error(`Nothing to replace: ${from}`)
  return rulesOf(edited).hash
}

t.test('digestRules: what decides keys and labels changes it, lifetimes and purges do not', async (t) => {
  const { hash } = rulesOf(text)
  t.match(hash, /^[0-9a-f]{16}$/)
  t.equal(rulesOf(text).hash, hash)
  const same: Array<[string, string]> = [
    ['ttl: 1m', 'ttl: 1h'],
    ['ttl: 1m', 'ttl: 1m, stale_if_error: 1m, max_size: 1KiB, mode: shadow, negative: { 404: 1s }'],
    ['purge: { tags: [a] }', 'purge: { all: true }'],
    ['rules:\n', 'rules:\n  # a comment\n'],
  ]
  for (const [from, to] of same) t.equal(hashWith(from, to), hash, to)
  const other: Array<[string, string]> = [
    ['version: 1', 'version: 1\nprefix: other'],
    ['jwt.sub', 'jwt.id'],
    ['secret_env: S', 'secret_env: S, issuer: i'],
    ['GET /a', 'GET /b'],
    ['name: a', 'name: aa'],
    ['scope: public', 'scope: user'],
    ['"a:{query.x}"', '"b:{query.x}"'],
    ['only: [x]', 'only: [x, y]'],
    ['tags: [a],', 'tags: [a, b],'],
    ['ttl: 1m', 'ttl: 1m, vary: { accept: ignore }'],
    ['ttl: 1m', 'ttl: 1m, override: [vary]'],
  ]
  for (const [from, to] of other) t.not(hashWith(from, to), hash, to)
})

import t from 'tap'
import { rulesFile } from '../../src/rules/schema.ts'

t.test('rulesFile reads values and fills in nothing', async (t) => {
  const read = rulesFile.parse({
    version: 1,
    rules: [{ name: 'a', match: { path: '/a', methods: 'GET|POST' }, cache: { ttl: '5m', tags: ['a:{params.id}'] } }],
  })
  t.same(Object.keys(read), ['version', 'rules'])
  t.match(read.rules, [{ match: { path: '/a', methods: 'GET|POST' }, cache: { ttl: { kind: 'fixed', duration: 300 } } }])
  t.equal(read.rules[0]?.cache?.tags?.[0]?.parts.length, 2)
})

t.test('rulesFile takes text and objects, lists and words, where both are allowed', async (t) => {
  const accepts = (rule: object): boolean =>
    rulesFile.safeParse({ version: 1, rules: [{ name: 'a', match: 'GET /a', ...rule }] }).success
  t.ok(accepts({ match: { path: '/a', methods: ['GET'] } }))
  t.ok(accepts({ cache: { vary: { accept: 'ignore', 'accept-language': ['es', 'en'] } } }))
  t.ok(accepts({ match: { path: '/a', json: { a: 'b', 'c.d': ['e'] } } }))
  t.ok(accepts({ purge: { status: 202 } }))
  t.notOk(accepts({ match: ['GET /a'] }))
  t.notOk(accepts({ match: { path: '/a', json: { 'a..b': 'c' } } }))
  t.notOk(accepts({ cache: [] }))
})

import t from 'tap'
import { listRules } from '../../src/admin/rules-listing.ts'
import { rulesOf } from '../fixtures/house.ts'

t.test('listRules gives a match back as rules.yaml writes it', async (t) => {
  const matches = ['GET /', 'GET|POST /a/:b', 'ANY /a/:b/c', 'DELETE /api/cart*', 'GET /files/*']
  const text = matches.map((match, i) => `  - { name: r${i}, match: "${match}", purge: { all: true } }\n`).join('')
  const listing = listRules(rulesOf(`rules:\n${text}`))
  t.same(
    listing.rules.map(({ match }) => match),
    matches,
  )
  t.same(
    listing.rules.map(({ purges }) => purges),
    matches.map(() => ['all']),
  )
})

t.test('listRules adds what the long form asks for', async (t) => {
  const match = '{ methods: [GET], path: /a, host: "*.shop.example", headers: { accept: "*json*" }, query: { v: "2" } }'
  const { rules } = listRules(rulesOf(`rules:\n  - { name: a, match: ${match}, cache: { scope: public, key: a, ttl: 1h30m } }\n`))
  t.match(rules, [{ match: 'GET /a, host *.shop.example, header accept: *json*, query v=2', ttl: '1h30m', mode: 'on' }])
})

import t from 'tap'
import { enforce } from '../../src/proxy/in-force.ts'
import { makeEntry, makeRulePolicy } from '../cache/builders.ts'
import { makeRules } from '../fixtures/parts.ts'

const put = (yaml: string) => enforce(makeRules(yaml), { paths: 'lenient', secret: () => 'secret' })
const identity = 'identity: { from: [jwt.sub], jwt: { secret_env: SECRET } }'

t.test('enforce: what is known of each rule', async (t) => {
  const inForce = put(`
${identity}
rules:
  - { name: list, match: GET /list, cache: { scope: public, key: "list:{query.page|1}", ttl: 1m, tags: ["item:{response.json.items[*].id}"] } }
  - { name: mine, match: GET /mine, cache: { scope: user, key: "mine:{user}", ttl: 1m } }
  - { name: ours, match: GET /ours, cache: { scope: user, key: ours, ttl: 1m } }
  - { name: lang, match: GET /lang, cache: { scope: public, key: "lang:{header.accept-language|en}", ttl: 1m } }
  - { name: change, match: POST /list, purge: { tags: ["item:{request.json.id}"] } }
`)
  const traits = new Map([...inForce.traits].map(([rule, trait]) => [rule.name, trait]))
  const column = (name: 'isRememberable' | 'hasMadeTags' | 'isUserInKey') =>
    ['list', 'mine', 'ours', 'lang'].map((rule) => traits.get(rule)?.[name])
  t.same(column('isRememberable'), [true, false, false, false])
  t.same(column('hasMadeTags'), [true, false, false, false])
  t.same(column('isUserInKey'), [false, true, false, false])
  t.ok(traits.get('change')?.purgeNeeds.has('request.json'))
  t.ok(inForce.identities)
  t.equal(put('rules: []').identities, undefined)
})

t.test('enforce: what lies behind a rule that looks at fields or bodies is not remembered', async (t) => {
  const plain = '{ name: plain, match: GET /a, cache: { scope: public, key: a, ttl: 1m } }'
  const fielded =
    '{ name: fielded, match: { methods: [GET], path: /b, headers: { x-beta: "*" } }, cache: { scope: public, key: b, ttl: 1m } }'
  const purging = '{ name: purging, match: { methods: [GET], path: /a, headers: { x-again: "*" } }, purge: { keys: [a] } }'
  const writing = '{ name: writing, match: { methods: [POST], path: /a, headers: { x-again: "*" } }, purge: { keys: [a] } }'
  const cases: Array<[rules: string[], from: number]> = [
    [[plain], Number.POSITIVE_INFINITY],
    [[plain, fielded], 1],
    [[fielded, plain], 0],
    [[plain, purging], 0],
    [[plain, writing], 1],
  ]
  for (const [rules, from] of cases)
    t.equal(put(`rules:\n${rules.map((rule) => `  - ${rule}`).join('\n')}`).conditionalFrom, from, rules.join())
})

t.test('enforce: an edited lifetime holds for what is stored already', async (t) => {
  const inForce = put('rules: []')
  const entry = makeEntry()
  const before = inForce.lifetimeOf(entry, makeRulePolicy(60))
  t.equal(before.fresh, 60)
  t.equal(inForce.lifetimeOf(entry, makeRulePolicy(10)).fresh, 10)
  const policy = makeRulePolicy(20)
  t.equal(inForce.lifetimeOf(entry, policy), inForce.lifetimeOf(entry, policy), 'worked out once')
})

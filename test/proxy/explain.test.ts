import t from 'tap'
import { explain } from '../../src/proxy/explain.ts'
import { makeRequest } from '../fixtures/exchange.ts'
import { makeParts } from '../fixtures/parts.ts'
import { makeOrigin, reply } from './fake-origin.ts'

const rules = `
identity: { from: [header.x-api-key] }
unmatched: pass
rules:
  - { name: item, match: GET /items/:id, cache: { scope: public, key: "item:{params.id}", query: { only: [a] }, ttl: 1m, stale_while_revalidate: 10s, tags: [items] } }
  - { name: mine, match: GET /mine, cache: { scope: user, key: "mine", ttl: 1m } }
  - { name: search, match: POST /search, cache: { scope: public, key: "search:{request.json.q}", ttl: 1m } }
  - { name: change, match: PUT /items/:id, purge: { tags: [items] } }
  - { name: count, match: GET /count, cache: { key: count }, purge: { patterns: ["{response.json.kind}:*"], settle: 5s, on_purge_failure: refuse } }
`

for (const isRemote of [false, true]) {
  t.test(
    `explain: says what would be, and leaves everything as it is, ${isRemote ? 'over a store elsewhere' : 'in this process'}`,
    async (t) => {
      const origin = makeOrigin(() => reply({ fields: ['ETag', '"1"'], body: 'x' }))
      const kit = makeParts({ rules, origin, isRemote })
      const target = '/items/1?a=2&b=3'
      const told = () => explain(kit.parts, makeRequest({ target }))
      t.match(await told(), {
        rule: 'item',
        way: 'read',
        outcome: 'fetch',
        reason: 'uri-miss',
        key: 'springhouse:item:1|q=a%3D2|h=shop.example',
        forwardTarget: '/items/1?a=2',
        credentials: 'stripped',
        entry: undefined,
      })
      t.equal(origin.requests.length, 0)
      await kit.ask({ target })
      kit.clock.advance(20_000)
      t.match(await told(), {
        outcome: 'serve',
        reason: 'fresh',
        entry: { status: 200, ageSeconds: 20, ttlSeconds: 40, lifetimeSeconds: 60, source: 'rule', validity: 'valid' },
      })
      kit.clock.advance(45_000)
      t.match(await told(), { outcome: 'serve-stale', reason: 'stale-while-revalidate', entry: { ttlSeconds: -5 } })
      kit.clock.advance(45_000)
      t.match(await told(), { reason: 'stale' })
      await kit.ledger.purge(['t:items'], 'hard')
      t.match(await told(), { outcome: 'fetch', reason: 'purged', entry: { validity: 'purged' } })
      t.same([origin.requests.length, kit.observed.reports.length], [1, 1])
    },
  )
}

t.test('explain: says the same as the answer does', async (t) => {
  const kit = makeParts({ rules, origin: makeOrigin(() => reply()) })
  for (const asked of [
    { target: '/items/1' },
    { target: '/items/1' },
    { target: '/items/1', fields: ['If-Match', 'a'] },
    { target: '/mine' },
    { target: '/mine', fields: ['X-Api-Key', 'k'] },
    { target: '/elsewhere' },
    { target: '/items/1', method: 'PUT' },
    { target: '/search', method: 'POST' },
  ]) {
    const { reason, rule } = await explain(kit.parts, makeRequest(asked))
    await kit.ask(asked)
    t.match(kit.observed.reports.at(-1), { reason, rule }, JSON.stringify(asked))
  }
})

t.test('explain: a write names the rules that it would trigger; an identity is never told', async (t) => {
  const kit = makeParts({ rules, origin: makeOrigin() })
  t.match(await explain(kit.parts, makeRequest({ target: '/items/1', method: 'PUT' })), {
    way: 'write',
    purges: ['change'],
    purging: { labels: ['t:items', 'u:shop.example/items/1'], widened: 0, settles: [], onPurgeFailure: 'queue' },
  })
  t.match(await explain(kit.parts, makeRequest({ target: '/count', method: 'GET' })), {
    way: 'read',
    purges: ['count'],
    purging: { labels: ['r:item', 'r:search'], widened: 1, settles: [5], onPurgeFailure: 'refuse' },
  })
  t.same([kit.ledger.seq, kit.observed.purged], [0, []])
  const told = await explain(kit.parts, makeRequest({ target: '/mine', fields: ['X-Api-Key', 'secret-key'] }))
  t.equal(told.identity, 'somebody')
  t.notMatch(JSON.stringify(told), /secret-key/)
})

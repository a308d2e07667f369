/** The rule sets that ship: which reads they keep for how long. A lifetime changed by accident is seen nowhere else. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'

interface Written {
  readonly name: string
  readonly match: string
  readonly cache?: { readonly key?: string; readonly ttl?: string; readonly scope?: string; readonly mode?: string }
  readonly purge?: Readonly<Record<string, unknown>>
}

const lifetimes: Record<string, Record<string, string>> = {
  'rules.yaml': {
    'badges:all': '1h',
    'user:{user}:badges': '5m',
    'user:{user}:stats': '1m',
    'user:{user}:rank': '5m',
    'leaderboard:page:{query.page|1}:limit:{query.limit|10}': '5m',
    'experience:{params.id}:detail': '2m',
    'experience:{params.id}:slots:{query.start|all}:{query.end|all}': '1m',
    'experiences:list:cat:{query.category|all}:page:{query.page|1}:limit:{query.limit|10}': '5m',
    'user:{user}:bookings:page:{query.page|1}': '1m',
    'event:{params.id}:detail': '5m',
    'events:list:page:{query.page|1}:limit:{query.limit|10}': '10m',
    'user:{user}:rsvps': '2m',
    'product:{params.id}:detail': '2m',
    'products:list:cat:{query.category|all}:page:{query.page|1}:limit:{query.limit|10}': '10m',
    'cart:{user}': '1m',
    'config:app': 'forever',
  },
  'config/examples/concerts.yaml': {
    'concerts:search:{query.q}:city:{query.city|all}:page:{query.page|1}': '10m',
    'concerts:upcoming:page:{query.page|1}': '5m',
    'concerts:{params.id}:detail': '30m',
    'lyrics:search:{query.q}:page:{query.page|1}': '30m',
    'lyrics:{params.id}:detail': '1h',
    'products:categories': '1h',
    'products:{params.id}:detail': '30m',
    'products:list:cat:{query.category|all}:page:{query.page|1}': '15m',
    'user:{user}:recommendations': '5m',
  },
  'config/examples/shop.yaml': {
    'sales:{query.from|all}:{query.to|all}': '5m',
    'best-sellers:{query.limit|10}': '5m',
    'users:{query.from|all}:{query.to|all}': '10m',
    'payment-methods:{query.from|all}:{query.to|all}': '10m',
    'products:list:{query.category|all}:page:{query.page|1}': '5m',
    'product:{params.id}': '5m',
    'user:{user}:profile': '1h',
  },
}

for (const [path, expected] of Object.entries(lifetimes)) {
  t.test(`${path}: the keys and their lifetimes`, async (t) => {
    const { rules } = parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')) as { rules: Written[] }
    const cached = rules.flatMap(({ cache }) => (cache === undefined || cache.mode === 'off' ? [] : [cache]))
    t.same(Object.fromEntries(cached.map(({ key, ttl }) => [key, ttl])), expected)
    for (const { key = '', scope } of cached) t.equal(scope, key.includes('{user}') ? 'user' : scope, `${key} is its user's`)
    t.ok(
      cached.every(({ scope }) => scope !== undefined),
      'every rule says for whom it caches',
    )
    t.equal(new Set(rules.map(({ name }) => name)).size, rules.length, 'names are unique')
  })
}

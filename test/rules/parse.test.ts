import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseRules } from '../../src/rules/parse.ts'
import { seconds } from '../../src/time.ts'
import { rulesOf } from '../fixtures/rules-text.ts'

for (const file of ['rules.yaml', 'config/examples/concerts.yaml', 'config/examples/shop.yaml']) {
  t.test(`parseRules finds nothing wrong with ${file}`, async (t) => {
    const parsed = parseRules(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'), file)
    t.same(parsed.kind === 'rules' ? parsed.warnings : parsed.problems, [])
    t.equal(parsed.kind, 'rules')
  })
}

t.test('parseRules reads the whole grammar', async (t) => {
  const rules = rulesOf(`
version: 1
prefix: shop
identity:
  from: [jwt.sub, header.X-Api-Key, cookie.session]
  jwt: { jwks_url: "https://id.example/keys", issuer: https://id.example, audience: api, algorithms: [ES256] }
  forward: [Cookie]
defaults: { ttl: 1m, stale_while_revalidate: 30s, stale_if_error: 10m, collapse: false, vary: { accept: exact } }
unmatched: pass
rfc: { set_cookie: strip, client_directives: ignore, heuristics: true }
rules:
  - name: search
    match:
      methods: POST|QUERY
      path: /search/:index
      host: "*.Shop.example"
      headers: { Content-Type: "application/json*" }
      query: { view: full }
      json: { operationName: [A, B], kind: c }
    cache:
      mode: shadow
      scope: user
      key: "search:{params.index}:{request.json.q}"
      query: { only: ["page*"] }
      tags: ["index:{params.index}", "{response.header.surrogate-key}"]
      ttl: forever
      negative: { 404: 10s, 5xx: 1s }
      override: [max-age, set-cookie]
      stale_if_error: 1h
      refresh_ahead: 20%
      collapse: fleet
      min_uses: 2
      max_size: 256KiB
      l1: 30s
      l2: 1h
      vary: { accept-language: [es, en], user-agent: ignore }
      consistency: strict
      client_directives: obey
  - name: write
    match: ANY /things/*
    purge:
      keys: ["search:{params.rest}:x"]
      patterns: ["search:*"]
      tags: ["index:{request.json.id}"]
      rules: [search]
      all: true
      soft: true
      status: [202, 3xx]
      when: response.json.paid
`)
  t.match(rules, { prefix: 'shop', unmatched: 'pass', rfc: { setCookie: 'strip', clientDirectives: 'ignore', heuristics: true } })
  t.same(rules.identity, {
    from: [
      { kind: 'jwt', claim: 'sub' },
      { kind: 'header', name: 'x-api-key' },
      { kind: 'cookie', name: 'session' },
    ],
    jwt: {
      keys: { kind: 'jwks', url: 'https://id.example/keys' },
      issuer: 'https://id.example',
      audience: 'api',
      algorithms: ['ES256'],
    },
    forward: new Set(['cookie']),
  })
  const [search, write] = rules.rules
  t.same(search?.position, { line: 12, column: 5 })
  t.same(search?.match, {
    methods: new Set(['POST', 'QUERY']),
    path: [
      { kind: 'text', text: 'search' },
      { kind: 'param', name: 'index' },
    ],
    host: '*.shop.example',
    headers: new Map([['content-type', 'application/json*']]),
    query: new Map([['view', 'full']]),
    json: new Map([
      ['operationName', ['A', 'B']],
      ['kind', ['c']],
    ]),
  })
  const cache = search?.cache
  t.match(cache, { mode: 'shadow', scope: 'user', collapse: 'fleet', minUses: 2, consistency: 'strict', isBodyKeyed: true })
  t.same(cache?.query, { kind: 'only', names: ['page*', 'view'] })
  t.same(
    cache?.tags.map((tag) => tag.source),
    ['index:{params.index}', '{response.header.surrogate-key}'],
  )
  t.same(cache?.policy, {
    lifetime: { kind: 'forever' },
    negative: new Map([
      ['404', 10],
      ['5xx', 1],
    ]),
    staleWhileRevalidate: 30,
    staleIfError: 3600,
    refreshAhead: { share: 0.2 },
    override: new Set(['max-age', 'set-cookie']),
    setCookie: 'strip',
    clientDirectives: 'obey',
    heuristics: false,
    parts: 'strict',
    maxSize: 262_144,
    l1: 30,
    l2: 3600,
    vary: new Map<string, unknown>([
      ['accept', 'exact'],
      ['accept-language', ['es', 'en']],
      ['user-agent', 'ignore'],
    ]),
  })
  t.equal(write?.match.methods, undefined)
  t.match(write?.purge, { isAll: true, isSoft: true, rules: ['search'], status: ['202', '3xx'], settle: undefined })
  t.match(write?.purge?.when, {
    source: 'response.json.paid',
    parts: [{ kind: 'value', value: { root: 'response.json', path: ['paid'] } }],
  })
})

t.test('the settings fill in what the file leaves out, and nothing else', async (t) => {
  const rule = 'rules:\n  - { name: a, match: GET /a, cache: { key: a } }\n'
  const defaults = { prefix: 'env', defaultTtl: seconds(7) }
  const silent = parseRules(`version: 1\n${rule}`, 'f', defaults)
  t.match(silent, { rules: { prefix: 'env', rules: [{ cache: { policy: { lifetime: { kind: 'fixed', duration: 7 } } } }] } })
  t.same(silent.kind === 'rules' && silent.filled, new Set(['prefix', 'defaultTtl']))
  const written = parseRules(`version: 1\nprefix: file\ndefaults: { ttl: 1m }\n${rule}`, 'f', defaults)
  t.match(written, { rules: { prefix: 'file', rules: [{ cache: { policy: { lifetime: { kind: 'fixed', duration: 60 } } } }] } })
  t.same(written.kind === 'rules' && written.filled, new Set())
  t.match(parseRules(`version: 1\n${rule}`, 'f'), {
    rules: { prefix: 'springhouse', rules: [{ cache: { policy: { lifetime: { kind: 'origin' } } } }] },
    warnings: [{ line: 3, column: 31, what: /has no ttl/ }],
  })
})

t.test('problems come in the order of the file, warnings among them', async (t) => {
  const parsed = parseRules(
    'version: 1\nrules:\n  - { name: a, match: GET /a, cache: { key: a } }\n  - { name: a, match: GET /b, cache: { key: b, ttl: 1m } }\n',
    'f',
  )
  t.match(parsed, {
    kind: 'problems',
    problems: [
      { severity: 'warning', line: 3 },
      { severity: 'error', line: 4 },
    ],
  })
})

t.test('ten thousand rules are parsed and compared in seconds', async (t) => {
  let text = 'version: 1\nrules:\n'
  for (let i = 0; i < 5000; i++) {
    text += `- name: r${i}\n  match: GET /api/thing${i}/:id\n  cache: { scope: public, key: "api:t${i}:{params.id}", ttl: 5m, tags: ["t:${i}:{params.id}"] }\n`
    text += `- name: w${i}\n  match: PUT /api/thing${i}/:id\n  purge: { keys: ["api:t${i}:{params.id}"], patterns: ["api:t${i}:*"], tags: ["t:${i}:{params.id}"] }\n`
  }
  const started = process.cpuUsage()
  const rules = rulesOf(text)
  const { user, system } = process.cpuUsage(started)
  t.equal(rules.rules.length, 10_000)
  t.ok(user + system < 20_000_000, `${Math.round((user + system) / 1000)} ms of CPU`)
})

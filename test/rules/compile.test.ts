import t from 'tap'
import type { Rule } from '../../src/rules/rule.ts'
import { problemLines, rulesOf, withIdentity } from '../fixtures/rules-text.ts'

function ruleOf(text: string): Rule {
  return rulesOf(withIdentity(text)).rules[0] as Rule
}

const methodsOf = (text: string): string[] | undefined => {
  const { methods } = ruleOf(text).match
  return methods && [...methods].sort()
}

t.test('methods: HEAD belongs to GET, ANY is every one, and left out they follow from what the rule does', async (t) => {
  t.same(methodsOf('- { name: a, match: GET /a, cache: { ttl: 1m } }'), ['GET', 'HEAD'])
  t.same(methodsOf('- { name: a, match: GET|POST /a, purge: { all: true } }'), ['GET', 'HEAD', 'POST'])
  t.equal(methodsOf('- { name: a, match: ANY /a, purge: { all: true } }'), undefined)
  t.same(methodsOf('- { name: a, match: { path: /a }, cache: { ttl: 1m } }'), ['GET', 'HEAD'])
  t.same(methodsOf('- { name: a, match: { path: /a }, purge: { all: true } }'), ['DELETE', 'PATCH', 'POST', 'PUT'])
  t.same(methodsOf('- { name: a, match: { path: /a, methods: [PUT] }, purge: { all: true } }'), ['PUT'])
})

t.test('match: what cannot be read is pointed at', async (t) => {
  const rule = (match: string) => withIdentity(`- name: a\n  match: ${match}\n  purge: { all: true }\n`)
  const cases: Array<[string, string]> = [
    ['/a', '5:10: error: "/a" names no method: write "GET /a", or "ANY /a" for every method'],
    ['GET', '5:10: error: "GET" is no "METHOD /path": write it as in "GET /api/experiences/:id"'],
    ['get /a', '5:10: error: There is no method "get": write "GET"'],
    ['GET|PSOT /a', '5:10: error: There is no method "PSOT": write "POST"'],
    ['"* /a"', '5:10: error: There is no method "*": write "ANY" for every method'],
    ['GET a', '5:14: error: A path starts with "/": write "/a"'],
    ['GET  /a?b', '5:17: error: A path has no query'],
    ['"POST /a/*/b"', '5:19: error: "*" stands at the end of a path only'],
    ['{ path: /a?b }', '5:20: error: A path has no query'],
    ['{ path: /a, host: "a b" }', '5:28: error: "a b" is no host'],
    ['{ path: /a, methods: [] }', '5:31: error: The list of methods is empty'],
    ['{ path: /a, methods: [GETT] }', '5:31: error: There is no method "GETT": write "GET"'],
  ]
  for (const [match, expected] of cases) t.equal(problemLines(rule(match))[0]?.slice(0, expected.length), expected, match)
  t.match(problemLines(withIdentity('- { name: a, match: { path: /a }, cache: { ttl: 1m }, purge: { all: true } }')), [
    /^4:21: error: A rule that caches and purges does not say for which methods/,
  ])
})

t.test('defaults: a rule with a ttl or none inherits all, ttl: origin only what bends no promise', async (t) => {
  const rules = rulesOf(`version: 1
defaults:
  ttl: 1m
  stale_while_revalidate: 30s
  stale_if_error: 10m
  refresh_ahead: 20%
  negative: { 404: 10s, 5xx: 1s }
  override: [max-age]
  max_size: 1KiB
  l1: 30s
  min_uses: 2
rules:
  - { name: none, match: GET /a, cache: { scope: public } }
  - { name: own, match: GET /b, cache: { scope: public, ttl: 1h, stale_if_error: 0s, negative: { 404: 1m }, override: [] } }
  - { name: origin, match: GET /c, cache: { scope: public, ttl: origin } }
`)
  const [none, own, origin] = rules.rules.map((rule) => rule.cache?.policy)
  t.match(none, {
    lifetime: { kind: 'fixed', duration: 60 },
    staleWhileRevalidate: 30,
    staleIfError: 600,
    clientDirectives: 'ignore',
  })
  t.match([none, own, origin], [{ l1: 30 }, { l1: 30 }, { l1: 30, l2: undefined }])
  t.match(own, {
    lifetime: { kind: 'fixed', duration: 3600 },
    staleWhileRevalidate: 30,
    staleIfError: 0,
    refreshAhead: { share: 0.2 },
  })
  t.same(
    [...(own?.negative ?? [])],
    [
      ['404', 60],
      ['5xx', 1],
    ],
  )
  t.same([...(none?.override ?? [])], ['max-age'])
  t.same([...(own?.override ?? [])], [])
  for (const policy of [origin, rules.rfc]) {
    t.match(policy, { lifetime: { kind: 'origin' }, maxSize: 1024, clientDirectives: 'obey', heuristics: true })
    t.equal(policy?.staleWhileRevalidate, undefined)
    t.equal(policy?.staleIfError, undefined)
    t.equal(policy?.refreshAhead, undefined)
    t.equal(policy?.negative.size, 0)
    t.equal(policy?.override.size, 0)
  }
  t.equal(rules.rules[2]?.cache?.minUses, 2)
})

t.test('a rule without a key gets one of its name and the path', async (t) => {
  t.equal(ruleOf('- { name: blog, match: GET /blog/*, cache: { ttl: 5m } }').cache?.key.source, 'blog:{path}')
})

t.test('query: what the key, the tags or the match name is never dropped', async (t) => {
  const rule = (query: string) =>
    `- { name: a, match: { path: /a, query: { v: x } }, cache: { ttl: 1m, key: "a:{query.k}", tags: ["t:{query.t}"]${query} } }`
  t.same(ruleOf(rule(', query: { only: [p] }')).cache?.query, { kind: 'only', names: ['p', 'k', 't', 'v'] })
  t.same(ruleOf(rule(', query: { ignore: ["utm_*"] }')).cache?.query, { kind: 'ignore', names: ['utm_*'] })
  t.same(ruleOf(rule('')).cache?.query, { kind: 'all' })
  for (const dropped of ['k', 't*', 'v', '*']) {
    t.match(
      problemLines(withIdentity(rule(`, query: { ignore: ["${dropped}"] }`))),
      [/error: ".+" drops the parameter "[ktv]"/],
      dropped,
    )
  }
  t.match(problemLines(withIdentity(rule(', query: { only: [a], ignore: [b] }'))), [
    /error: "only" and "ignore" exclude each other/,
  ])
})

t.test('purge: something, after success unless said otherwise', async (t) => {
  t.match(ruleOf('- { name: a, match: POST /a, purge: { all: true } }').purge, {
    status: ['2xx', '3xx'],
    isSoft: false,
    isAll: true,
    settle: undefined,
    onPurgeFailure: 'queue',
  })
  t.match(ruleOf('- { name: a, match: POST /a, purge: { all: true, settle: 1500ms, on_purge_failure: refuse } }').purge, {
    settle: 1.5,
    onPurgeFailure: 'refuse',
  })
  t.match(problemLines(withIdentity('- { name: a, match: POST /a, purge: { all: false } }')), [
    /^4:30: error: This purge names nothing/,
  ])
  t.match(problemLines(withIdentity('- { name: a, match: POST /a }')), [/^4:5: error: Rule "a" neither caches nor purges/])
})

t.test('identity: the keys and algorithms of a token never mix', async (t) => {
  const file = (identity: string) => `version: 1\nidentity: ${identity}\nrules: []\n`
  const jwtOf = (jwt: string) => rulesOf(file(`{ from: [jwt.sub], jwt: ${jwt} }`)).identity?.jwt
  t.match(jwtOf('{ secret_env: S }'), { keys: { kind: 'secret', env: 'S' }, algorithms: ['HS256', 'HS384', 'HS512'] })
  t.notOk(jwtOf('{ jwks_url: "https://id.example/keys" }')?.algorithms.some((name) => name.startsWith('HS')))
  const cases: Array<[string, RegExp]> = [
    ['{ from: [] }', /^2:19: error: The identity comes from nowhere/],
    ['{ from: [jwt.sub] }', /^2:20: error: Nothing says how the token is verified/],
    ['{ from: [jwt.sub], jwt: {} }', /^2:35: error: Nothing says how the token is verified: write either/],
    [
      '{ from: [jwt.sub], jwt: { secret_env: S, jwks_url: "https://x/" } }',
      /error: "secret_env" and "jwks_url" exclude each other/,
    ],
    ['{ from: [jwt.sub], jwt: { secret_env: S, algorithms: [RS256] } }', /^2:65: error: "RS256" does not go with "secret_env"/],
    ['{ from: [jwt.sub], jwt: { jwks_url: "https://x/", algorithms: [HS256] } }', /error: "HS256" does not go with "jwks_url"/],
    ['{ from: [jwt.sub], jwt: { jwks_url: "file:///x" } }', /error: "file:\/\/\/x" is no URL/],
  ]
  for (const [identity, expected] of cases) t.match(problemLines(file(identity)), [expected], identity)
  t.same(problemLines(file('{ from: [header.x-api-key] }')), [])
})

t.test('rfc: keeping a stored Set-Cookie is doubtful', async (t) => {
  t.match(problemLines('version: 1\nrfc: { set_cookie: keep }\nrules: []\n'), [
    /^2:20: warning: A stored Set-Cookie gives every client/,
  ])
})

t.test('rfc: an If-Modified-Since that is always met is doubtful', async (t) => {
  t.match(problemLines('version: 1\nrfc: { if_modified_since: lenient }\nrules: []\n'), [
    /^2:27: warning: A client may be told to keep a copy that is older than what is stored/,
  ])
  t.same(problemLines('version: 1\nrfc: { if_modified_since: strict }\nrules: []\n'), [])
})

import t from 'tap'
import { problemLines, withIdentity } from '../fixtures/rules-text.ts'

type Assertions = Pick<typeof t, 'same'>
type Case = readonly [name: string, rules: string, expected: readonly string[]]

function check(t: Assertions, cases: readonly Case[], file: (rules: string) => string = withIdentity): void {
  for (const [name, rules, expected] of cases) {
    const lines = problemLines(file(rules))
    t.same(
      lines.map((line, i) => line.slice(0, expected[i]?.length ?? line.length)),
      expected,
      name,
    )
  }
}

/** Rules without an identity; the first one's "-" is on line 3. */
const anonymous = (rules: string): string => `version: 1\nrules:\n${rules}`

t.test('names are unique', async (t) => {
  check(t, [
    [
      'twice',
      '- { name: a, match: GET /a, cache: { ttl: 1m } }\n- { name: a, match: POST /a, purge: { all: true } }\n',
      ['5:11: error: Another rule is called "a" too, on line 4: give each rule its own name'],
    ],
  ])
})

t.test('methods: only answers that can be stored are cached, and a body counts', async (t) => {
  const rule = (match: string, key: string) => `- { name: a, match: ${match}, cache: { ttl: 1m, key: "${key}" } }\n`
  check(t, [
    ['GET', rule('GET /a', 'a'), []],
    ['PUT', rule('PUT /a', 'a'), ['4:21: error: An answer to PUT cannot be cached: write the methods that read']],
    ['ANY', rule('ANY /a', 'a'), ['4:21: error: Not every method can be cached']],
    ['HEAD', rule('HEAD /a', 'a'), ['4:21: error: An answer to HEAD is never stored: write GET']],
    [
      'POST without its body',
      rule('POST /a', 'a'),
      ['4:48: error: A POST is cached without any part of its body in the key: put what'],
    ],
    ['QUERY without its body', rule('QUERY /a', 'a:{query.x}'), ['4:49: error: A QUERY is cached without any part of its body']],
    ['POST with its body', rule('POST /a', 'a:{request.json.q}'), []],
    ['a body that GET lacks', rule('{ path: /a, json: { k: v } }', 'a'), ['4:33: error: A condition on the body never holds']],
    ['mode off', '- { name: a, match: ANY /a, cache: { mode: off } }\n', []],
    [
      'refresh_ahead as long as the ttl',
      '- { name: a, match: GET /a, cache: { ttl: 1m, refresh_ahead: 1m } }\n',
      ['4:62: warning: "refresh_ahead" is not shorter than the ttl: every use would refresh'],
    ],
    [
      'a copy in memory that outlives the one in Redis',
      '- { name: a, match: GET /a, cache: { ttl: 1m, l1: 61s, l2: 1m } }\n',
      ['4:51: warning: "l1" is longer than "l2": the copy in memory outlives the one in Redis: write a shorter "l1"'],
    ],
    [
      'either alone, and both alike',
      '- { name: a, match: GET /a, cache: { ttl: 1m, l1: 1h } }\n- { name: b, match: GET /b, cache: { ttl: 1m, l1: 1m, l2: 1m } }\n',
      [],
    ],
  ])
})

t.test('reach: a cache rule whose requests earlier ones take is dead', async (t) => {
  const pair = (first: string, second: string) =>
    `- { name: a, match: ${first}, cache: { ttl: 1m, key: "a:{path}" } }\n- { name: b, match: ${second}, cache: { ttl: 1m } }\n`
  const dead = ['5:11: error: Rule "b" never caches: "a" on line 4 takes all its requests: move it above "a", or take it out']
  check(t, [
    ['same path', pair('GET /a', 'GET /a'), dead],
    ['named segment', pair('GET /a/:id', 'GET /a/b'), dead],
    ['named segments', pair('GET /:x/:y', 'GET /:z/b'), dead],
    ['star', pair('GET /a/*', 'GET /a/:id/c'), dead],
    ['star takes the bare path', pair('GET /a/*', 'GET /a'), dead],
    ['star takes a star', pair('GET /a/*', 'GET /a/b*'), dead],
    ['segment prefix', pair('GET /a/ca*', 'GET /a/cart/x'), dead],
    ['no condition takes a condition', pair('GET /a', '{ path: /a, headers: { accept: x } }'), dead],
    ['the same condition', pair('{ path: /a, host: h }', '{ path: /a, host: h }'), dead],
    ['reverse order', pair('GET /a/b', 'GET /a/:id'), []],
    ['other segment prefix', pair('GET /a/cart*', 'GET /a/ca*'), []],
    ['one segment is not two', pair('GET /a/:id', 'GET /a/b/c'), []],
    ['one segment is not the rest', pair('GET /a/:id', 'GET /a/*'), []],
    ['trailing slash', pair('GET /a/:id', 'GET /a/'), []],
    ['a condition does not take all', pair('{ path: /a, query: { x: "1" } }', 'GET /a'), []],
    [
      'two rules together',
      `- { name: a, match: GET /a, cache: { ttl: 1m } }
- { name: b, match: POST /:x, cache: { ttl: 1m, key: "b:{request.json.x}" } }
- { name: c, match: GET|POST /a, cache: { ttl: 1m, key: "c:{request.json.x|}" } }
`,
      ['6:11: error: Rule "c" never caches: "a" on line 4 takes all its requests'],
    ],
    [
      'a purge rule takes nothing',
      '- { name: a, match: ANY /*, purge: { all: true } }\n- { name: b, match: GET /b, cache: { ttl: 1m } }\n',
      [],
    ],
  ])
})

t.test('values: those that exist where the template is rendered', async (t) => {
  const cached = (match: string, template: string) =>
    `- { name: a, match: ${match}, cache: { scope: user, ttl: 1m, key: "${template}" } }\n`
  const tagged = (match: string, template: string) =>
    `- { name: a, match: ${match}, cache: { scope: user, ttl: 1m, tags: ["${template}"] } }\n`
  const purging = (match: string, template: string) =>
    `- { name: a, match: ${match}, purge: { keys: ["${template}"] } }\n- { name: z, match: GET /z, cache: { ttl: 1m, key: "k:{query.x}" } }\n`
  check(t, [
    ['of the path', cached('GET /a/:id', 'k:{params.id}'), []],
    ['misspelt', cached('GET /a/:slug', 'k:{params.slgu}'), ['4:74: error: The path has no ":slgu": write "{params.slug}"']],
    [
      'no such segment',
      cached('GET /a', 'k:{params.id}'),
      ['4:68: error: The path has no ":id": name the segment in the path, as in "/:id"'],
    ],
    ['the rest', cached('GET /a/*', 'k:{params.rest}'), []],
    [
      'no rest',
      cached('GET /a/:id', 'k:{params.rest}'),
      ['4:72: error: "{params.rest}" is what a final "*" stands for, and the path has none'],
    ],
    ['the second value', cached('GET /a/:id', 'k:{params.id}:{params.x}'), ['4:84: error: The path has no ":x"']],
    [
      'an answer in a key',
      cached('GET /a', 'k:{response.json.id}'),
      ['4:68: error: "{response.json.id}" does not exist before the origin answers'],
    ],
    ['a status in a key', cached('GET /a', 'k:{status}'), ['4:68: error: "{status}" does not exist before the origin answers']],
    ['an answer in a tag', tagged('GET /a', 'k:{response.json.items[*].id}:{status}'), []],
    [
      'a list in a key',
      cached('POST /a', 'k:{request.json.ids[*]}'),
      ['4:69: error: "{request.json.ids[*]}" is several values, and an entry has one key'],
    ],
    [
      'a body of GET',
      cached('GET /a', 'k:{request.json.q}'),
      [`4:68: error: "{request.json.q}" does not exist: the rule's requests have no body`],
    ],
    ['a body of a write', purging('PUT /a', 'k:{request.json.q}'), []],
    ['an answer of a write', purging('PUT /a', 'k:{response.json.q}'), []],
    ['a body of a purging GET', purging('GET /a', 'k:{request.json.q}'), ['4:48: error: "{request.json.q}" does not exist']],
  ])
  check(
    t,
    [
      ['user', purging('PUT /a', 'k:{user}'), ['3:48: error: "{user}" needs an identity: write "identity:']],
      ['jwt', purging('PUT /a', 'k:{jwt.org}'), ['3:48: error: "{jwt.org}" needs a token that can be verified']],
    ],
    anonymous,
  )
})

t.test('scope: what leaks, one by one', async (t) => {
  const rule = (scope: string, key: string, tag = 'x') =>
    `- { name: a, match: GET /a, cache: { ${scope}ttl: 1m, key: "${key}", tags: ["${tag}"] } }\n`
  const leaks = (value: string, but: string) => [
    `4:${but.includes('public') ? 70 : 55}: error: "{${value}}" belongs to one person, and ${but}`,
  ]
  check(t, [
    ...['user', 'jwt.org', 'cookie.session', 'header.authorization', 'header.cookie'].map(
      (value): Case => [
        `${value} in a public key`,
        rule('scope: public, ', `k:{${value}}`),
        leaks(value, '"scope: public" answers everybody'),
      ],
    ),
    [
      'user in a public tag',
      rule('scope: public, ', 'k', 'u:{user}'),
      ['4:82: error: "{user}" belongs to one person, and "scope: public"'],
    ],
    [
      'user without a scope',
      rule('', 'k:{user}'),
      leaks('user', 'without a scope requests with credentials are not cached: write "scope: user"'),
    ],
    [
      'user for all identities',
      rule('scope: authenticated, ', 'k:{user}'),
      ['4:77: error: "{user}" belongs to one person, and "scope: authenticated"'],
    ],
    ['user for the user', rule('scope: user, ', 'k:{user}:{cookie.theme}'), []],
    ['any other field', rule('scope: public, ', 'k:{header.accept-language}'), []],
  ])
  check(
    t,
    [
      ['user', rule('scope: user, ', 'k'), ['3:45: error: "scope: user" needs an identity']],
      ['authenticated', rule('scope: authenticated, ', 'k'), ['3:45: error: "scope: authenticated" needs an identity']],
    ],
    anonymous,
  )
  check(
    t,
    [
      [
        'unverified',
        rule('scope: authenticated, ', 'k'),
        ['4:45: error: "scope: authenticated" needs an identity that is verified'],
      ],
      ['unverified user', rule('scope: user, ', 'k'), []],
      [
        "the identity's own field",
        rule('scope: public, ', 'k:{header.x-api-key}'),
        ['4:70: error: "{header.x-api-key}" belongs to one person'],
      ],
    ],
    (rules) => `version: 1\nidentity: { from: [header.x-api-key] }\nrules:\n${rules}`,
  )
})

t.test('labels: purges name what rules produce', async (t) => {
  const reads = `- name: list
  match: GET /things
  cache: { ttl: 1m, key: "things:list:{query.page|1}", tags: [things, "thing:{response.json.items[*].id}"] }
- name: write
  match: POST /things/:id
`
  const open = `- name: page
  match: GET /pages/*
  cache: { ttl: 1m, tags: ["{response.header.surrogate-key}"] }
`
  check(t, [
    ['tag', `${reads}  purge: { tags: [things, "thing:{params.id}"] }\n`, []],
    [
      'tag misspelt',
      `${reads}  purge: { tags: [thigns] }\n`,
      ['9:19: error: No rule gives its entries the tag "thigns": did you mean "things"?'],
    ],
    [
      'tag of another shape',
      `${reads}  purge: { tags: ["user:x"] }\n`,
      ['9:19: error: No rule gives its entries the tag "user:x": write it under "tags"'],
    ],
    [
      'tag that the origin may name',
      `${open}${reads}  purge: { tags: ["user:x"] }\n`,
      ['12:19: warning: No rule gives its entries the tag "user:x", unless the origin does'],
    ],
    ['key', `${reads}  purge: { keys: ["things:list:2"] }\n`, []],
    [
      'key that none has',
      `${reads}  purge: { keys: ["things:detail"] }\n`,
      ['9:19: warning: No rule has a key like "things:detail": '],
    ],
    [
      'key with the prefix',
      `${reads}  purge: { keys: ["springhouse:things:list:2"] }\n`,
      ['9:19: warning: No rule has a key like "springhouse:things:list:2": leave out the prefix: "things:list:2"'],
    ],
    ['pattern', `${reads}  purge: { patterns: ["things:*", "*:list:*"] }\n`, []],
    [
      'pattern that fits none',
      `${reads}  purge: { patterns: ["thing:*"] }\n`,
      ['9:23: warning: No rule has a key that fits "thing:*"'],
    ],
    [
      'pattern without a star',
      `${reads}  purge: { patterns: ["things:list:1"] }\n`,
      ['9:23: warning: "things:list:1" has no "*": move it to "keys"'],
    ],
    ['rule', `${reads}  purge: { rules: [list] }\n`, []],
    ['rule that is none', `${reads}  purge: { rules: [lst] }\n`, ['9:20: error: There is no rule "lst": did you mean "list"?']],
    [
      'rule that caches nothing',
      `${reads}  purge: { rules: [write] }\n`,
      ['9:20: error: Rule "write" caches nothing: write the name of a rule with "cache"'],
    ],
  ])
})

t.test('labels: keys of two rules that can be equal', async (t) => {
  const pair = (first: string, second: string, more = '') =>
    `- { name: a, match: GET /a/:id, cache: { ttl: 1m, key: "${first}" } }\n- { name: b, match: GET /b/:id, cache: { ttl: 1m, key: "${second}"${more} } }\n`
  const shared = ['5:56: warning: This key and that of "a" on line 4 can be equal, and would share an entry: begin']
  check(t, [
    ['same', pair('k:{params.id}', 'k:{params.id}'), shared],
    ['a value and a text', pair('k:{params.id}:x', 'k:all:{query.y|1}'), shared],
    ['different words', pair('k:{params.id}:x', 'k:{params.id}:y'), []],
    ['different lengths', pair('k:{params.id}', 'k:{params.id}:y'), []],
    ['different scopes', pair('k:{params.id}', 'k:{params.id}', ', scope: public'), []],
    [
      'different hosts',
      ['x', 'y'].map((host) => `- { name: ${host}, match: { path: /a, host: ${host} }, cache: { ttl: 1m, key: k } }\n`).join(''),
      [],
    ],
    ['both left out', '- { name: a, match: GET /a, cache: { ttl: 1m } }\n- { name: b, match: GET /b, cache: { ttl: 1m } }\n', []],
  ])
})

/**
 * Which requests share an answer, and what the origin sees of a request whose answer may be shared: what the rule says is merged, everything
 * else is told apart, and nothing that is not in the key can steer what is stored.
 */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { fieldValue } from '../../src/http/fields.ts'
import { type Asked, tokenOf } from '../fixtures/house.ts'
import { onEachStore, openScene } from '../fixtures/scene.ts'

const list = (cache: string): string => `rules:\n  - name: list\n    match: GET /list\n    cache: { ttl: 1h, ${cache} }`

t.test('two queries share an answer only where the rule says so', async (t) => {
  const plain = 'key: "list"'
  const paged = 'key: "list:{query.page|1}"'
  const searched = 'key: "list:{query.q}"'
  const only = 'key: "list", query: { only: [page, "f_*"] }'
  const ignore = 'key: "list", query: { ignore: ["utm_*", fbclid] }'
  // biome-ignore format: one case, one line
  const cases: Array<{ cache: string; one: string; other: string; shared: boolean; says: string }> = [
    { cache: plain, one: '?a=1', other: '?a=2', shared: false, says: 'a parameter that nothing mentions' },
    { cache: plain, one: '?a=1', other: '', shared: false, says: 'one that is absent' },
    { cache: plain, one: '?a=1&b=2', other: '?b=2&a=1', shared: true, says: 'another order of names' },
    { cache: plain, one: '?a=1&a=2', other: '?a=2&a=1', shared: false, says: 'another order of values' },
    { cache: plain, one: '?a=1&a=1', other: '?a=1', shared: false, says: 'a repetition' },
    { cache: plain, one: '?a=', other: '?a', shared: false, says: 'an empty value and none' },
    { cache: plain, one: '?a=', other: '', shared: false, says: 'an empty value and a missing one' },
    { cache: plain, one: '?a=b+c', other: '?a=b%20c', shared: false, says: '"+" and "%20"' },
    { cache: plain, one: '?a=%41', other: '?a=A', shared: false, says: 'an escape that need not be' },
    { cache: plain, one: '?a=1%26b=2', other: '?a=1&b=2', shared: false, says: 'a separator and its escape' },
    { cache: plain, one: '?a=1|m=POST', other: '?a=1', shared: false, says: 'what looks like an appendix' },
    { cache: paged, one: '?page=1', other: '', shared: true, says: 'a default and what it stands for' },
    { cache: paged, one: '?page=1', other: '?page=2', shared: false, says: 'what the key names' },
    { cache: paged, one: '?page=', other: '?page=1', shared: false, says: 'an empty value and the default' },
    { cache: paged, one: '?page=1&page=2', other: '?page=2&page=1', shared: false, says: 'a named parameter, repeated' },
    { cache: paged, one: '?page=1%2C2', other: '?page=1&page=2', shared: false, says: 'a joined text and two values' },
    { cache: paged, one: '?page=1&sort=up', other: '?page=1&sort=down', shared: false, says: 'one named, one not' },
    { cache: searched, one: '?q=a+b', other: '?q=a%20b', shared: false, says: '"+" and "%20" of a named parameter' },
    { cache: searched, one: '?q=%C3%A9', other: '?q=%c3%a9', shared: false, says: 'escapes in two cases' },
    { cache: searched, one: '?q=a:b', other: '?q=a%3Ab', shared: false, says: 'a separator of keys' },
    { cache: only, one: '?page=1&x=1', other: '?page=1&x=2', shared: true, says: 'what "only" leaves out' },
    { cache: only, one: '?f_a=1', other: '?f_a=2', shared: false, says: 'what its glob keeps' },
    { cache: ignore, one: '?utm_source=a&p=1', other: '?p=1&fbclid=2', shared: true, says: 'what "ignore" names' },
    { cache: ignore, one: '?utm_source=a&p=1', other: '?p=2', shared: false, says: 'what it does not name' },
    { cache: ignore, one: '?utm%5Fsource=a', other: '', shared: true, says: 'the same, escaped' },
    { cache: 'key: "list", query: { only: [] }', one: '?a=1', other: '?b=2', shared: true, says: 'no parameter at all' },
  ]
  for (const { cache, one, other, shared, says } of cases) {
    await t.test(`${says} (${one}, ${other || 'no query'})`, async (t) => {
      const { ask, answer } = await openScene(t, { rules: list(cache) })
      answer(({ target }) => ({ body: target }))
      const first = await ask(`/list${one}`)
      t.match(await ask(`/list${one}`), { text: first.text, cacheStatus: /^hit/ })
      t.match(await ask(`/list${other}`), shared ? { text: first.text, cacheStatus: /^hit/ } : { cacheStatus: /^fwd=uri-miss/ })
      t.match(await ask(`/list${one}`), { text: first.text, cacheStatus: /^hit/ }, 'the first one stands')
    })
  }
})

t.test('the origin sees the parameters that count, in the bytes and the order they came in', async (t) => {
  const cases = [
    { cache: 'key: "list:{query.page|1}", query: { only: [page] }', asked: '?x=1&page=2&y=3', seen: '?page=2' },
    { cache: 'key: "list:{query.page|1}", query: { only: [] }', asked: '?x=1&page=2', seen: '?page=2' },
    { cache: 'key: "list", query: { ignore: ["utm_*"] }', asked: '?utm_a=1&b=2&%75tm_c=3&a=1', seen: '?b=2&a=1' },
    { cache: 'key: "list", query: { ignore: ["utm_*"] }', asked: '?utm_a=1', seen: '' },
    { cache: 'key: "list"', asked: '?b=+&a=%20&b&&c=', seen: '?b=+&a=%20&b&c=' },
  ]
  for (const { cache, asked, seen } of cases) {
    const { ask, answer } = await openScene(t, { rules: list(cache) })
    answer(({ target }) => ({ body: target }))
    t.equal((await ask(`/list${asked}`)).text, `/list${seen}`, asked)
  }
})

t.test('answers of several hosts are told apart', async (t) => {
  const hosts = ['a.example', 'b.example', 'A.EXAMPLE', 'a.example:8080']
  for (const rules of [list('key: list'), 'unmatched: rfc\nrules: []']) {
    const { ask, answer, origin } = await openScene(t, { rules })
    answer(({ rawHeaders }) => ({ body: fieldValue(rawHeaders, 'host') ?? '', headers: { 'Cache-Control': 'max-age=60' } }))
    const bodies: string[] = []
    for (const host of hosts) bodies.push((await ask('/list', { headers: { Host: host } })).text)
    t.same(bodies, ['a.example', 'b.example', 'a.example', 'a.example:8080'])
    t.equal(origin.count(), 3)
  }
})

t.test('HEAD belongs to GET; another method is another answer, or none', async (t) => {
  const rules = 'rules:\n  - { name: all, match: GET|QUERY|POST /list, cache: { key: "list:{request.json.q|none}", ttl: 1h } }'
  const { ask, origin } = await openScene(t, { rules })
  await ask('/list')
  t.match(await ask('/list', { method: 'HEAD' }), { text: '', cacheStatus: /^hit/ })
  t.match(await ask('/list', { method: 'OPTIONS' }), { text: '#2', cacheStatus: /detail=method$/ })
  t.match(await ask('/list', { method: 'OPTIONS' }), { text: '#3' })
  t.match(await ask('/list'), { text: '#1', cacheStatus: /^hit/ })
  const query: Asked = { method: 'QUERY', headers: { 'Content-Type': 'application/json' }, body: '{"q":"none"}' }
  t.match(await ask('/list', query), { text: '#4', cacheStatus: /^fwd=uri-miss; stored/ })
  t.match(await ask('/list', query), { text: '#4', cacheStatus: /^hit/ })
  t.match(await ask('/list', { ...query, method: 'POST' }), { text: '#5', cacheStatus: /^fwd=uri-miss; stored/ })
  t.match(await ask('/list', query), { text: '#4', cacheStatus: /^hit/ }, 'a POST that a rule caches is a read')
  t.equal(origin.count(), 5)
})

const graphql = `identity: { from: [jwt.sub], jwt: { secret_env: JWT_SECRET } }
rules:
  - name: graphql
    match: { methods: [POST], path: /graphql, json: { operationName: [Search, Detail] } }
    cache: { scope: user, key: "gql:{request.json.operationName}:{request.json.variables}", ttl: 1h }`

onEachStore(t, 'a POST is cached with its body in the key', async (t, redis) => {
  const { ask, answer, origin } = await openScene(t, { rules: graphql, redis })
  answer(({ body }) => ({ body: `#${origin.count()} ${body.toString()}` }))
  const [ada, bob] = [await tokenOf('ada'), await tokenOf('bob')]
  const post = (body: unknown, token = ada): Asked => ({
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const search = { operationName: 'Search', variables: { q: 'tours', page: 1 } }
  const first = await ask('/graphql', post(search))
  t.match(first, { text: `#1 ${JSON.stringify(search)}`, cacheStatus: /^fwd=uri-miss; stored/ }, 'the origin gets the body')
  t.match(await ask('/graphql', post(search)), { text: first.text, cacheStatus: /^hit/ })
  const reordered = { variables: { page: 1, q: 'tours' }, operationName: 'Search' }
  t.match(await ask('/graphql', post(reordered)), { text: first.text, cacheStatus: /^hit/ }, 'members in another order')
  for (const [says, asked] of [
    ['other variables', post({ ...search, variables: { q: 'tours', page: 2 } })],
    ['another operation', post({ ...search, operationName: 'Detail' })],
    ['another user', post(search, bob)],
    ['64-bit integers that doubles do not tell apart', post('{"operationName":"Search","variables":{"id":9007199254740993}}')],
    ['its neighbour', post('{"operationName":"Search","variables":{"id":9007199254740992}}')],
  ] as const)
    t.match(await ask('/graphql', asked), { cacheStatus: /^fwd=uri-miss; stored/ }, says)
  t.match(await ask('/graphql', post(search)), { text: first.text, cacheStatus: /^hit/ }, 'none of them purged it')
  t.match(await ask('/graphql', post({ operationName: 'Search' })), { cacheStatus: /detail=key-incomplete$/ })
  t.match(await ask('/graphql', post({ operationName: 'Book', variables: {} })), { cacheStatus: /detail=write$/ })
  t.match(
    await ask('/graphql', post(search)),
    { cacheStatus: /^fwd=miss; stored; detail=purged/ },
    'a mutation invalidates its URI',
  )
})

t.test('a body that is in no key is never answered from the store', async (t) => {
  const { ask } = await openScene(t, { rules: list('key: list') })
  await ask('/list')
  t.match(await ask('/list', { body: 'x', headers: { 'Content-Length': '1' } }), {
    text: '#2',
    cacheStatus: 'fwd=bypass; fwd-status=200; detail=body-not-keyed',
  })
  t.match(await ask('/list'), { text: '#1', cacheStatus: /^hit/ })
})

t.test('a value that is missing from the key bypasses', async (t) => {
  const { ask } = await openScene(t, { rules: list('key: "list:{query.q}"') })
  const replies = [await ask('/list?p=1'), await ask('/list?p=1')]
  const bypassed = 'fwd=bypass; fwd-status=200; detail=key-incomplete'
  t.match(replies, [
    { text: '#1', cacheStatus: bypassed },
    { text: '#2', cacheStatus: bypassed },
  ])
})

t.test('no field that steers origins reaches one', async (t) => {
  // biome-ignore format: a list
  const steering = [
    'X-Forwarded-Host', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Port', 'X-Forwarded-Prefix', 'X-Forwarded-Server', 'X-Host', 'X-Original-URL',
    'X-Original-Host', 'X-Rewrite-URL', 'X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'Forwarded', 'X-Real-IP', 'True-Client-IP',
  ]
  const { ask, answer, origin, house } = await openScene(t, { rules: `unmatched: rfc\n${list('key: list')}` })
  answer(({ rawHeaders }) => ({ body: rawHeaders.join('\n') }))
  for (const target of ['/list', '/unmatched']) {
    const { text: seen } = await ask(target, { headers: Object.fromEntries(steering.map((name) => [name, 'evil'])) })
    t.notMatch(seen, /evil/, target)
    t.match(seen, new RegExp(`X-Forwarded-Host\n${new URL(house.url).host}`), target)
    t.match(seen, /X-Forwarded-For\n127\.0\.0\.1\nX-Forwarded-Proto\nhttp\n/, target)
  }
  const disguised = await raw(house.url, 'GET /list HTTP/1.1\r\nHost: a\r\nX_Forwarded_Host: evil\r\nConnection: close\r\n\r\n')
  t.match(disguised, /^HTTP\/1\.1 400 /, 'nor in disguise')
  t.equal(origin.count(), 2)
})

t.test('Connection cannot take from a request what its answer depends on', async (t) => {
  const { answer, house, settled, origin } = await openScene(t, { rules: list('key: "list:{header.x-tenant|none}"') })
  answer(({ rawHeaders }) => ({ body: `tenant ${fieldValue(rawHeaders, 'x-tenant') ?? ''}` }))
  const tenant = (connection: string): string =>
    `GET /list HTTP/1.1\r\nHost: a\r\nX-Tenant: t1\r\nAccept-Encoding: identity\r\nConnection: ${connection}\r\n\r\n`
  t.match(await raw(house.url, tenant('close')), /\r\n\r\ntenant t1$/)
  await settled()
  for (const name of ['X-Tenant', 'Host', 'Accept-Encoding', 'Cookie', 'Authorization', 'X-Forwarded-For', 'Content-Length']) {
    const answered = await raw(house.url, tenant(`close, ${name}`))
    await settled()
    t.match(await raw(house.url, tenant('close')), /; hit;[\s\S]*\r\n\r\ntenant t1$/, `${name}: nothing was planted`)
    if (name !== 'X-Tenant') t.match(answered, /^HTTP\/1\.1 400 [\s\S]*detail=bad-field/, `${name}: refused`)
    else t.notMatch(answered, /tenant t1/, 'a field that may be named is neither keyed nor forwarded')
  }
  t.ok(origin.requests.every(({ rawHeaders }) => fieldValue(rawHeaders, 'host') === 'a'))
})

/** Whatever comes back for these bytes until the other side closes. */
async function raw(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(bytes, 'latin1')
  return text(socket)
}

onEachStore(
  t,
  'paths of which the key leaves out a part have entries of their own, and one key to purge them by',
  async (t, redis) => {
    const rules = `rules:
  - { name: part, match: GET /of/:shop/things/:id, cache: { scope: public, key: "thing:{params.id}", ttl: 1h } }
  - { name: rest, match: GET /files/*, cache: { scope: public, key: "files", ttl: 1h } }
  - { name: whole, match: GET /all/:id/*, cache: { scope: public, key: "all:{path}", ttl: 1h } }
  - { name: write, match: POST /things, purge: { keys: ["thing:7"] } }`
    const { ask, answer } = await openScene(t, { rules, redis })
    answer(({ target }) => ({ body: target }))
    const targets = ['/of/one/things/7', '/of/two/things/7', '/files/a', '/files/b/c', '/files', '/all/1/a', '/all/2/a']
    for (const target of [...targets, ...targets]) t.equal((await ask(target)).text, target)
    for (const target of targets) t.match(await ask(target), { cacheStatus: /^hit/ })
    await ask('/things', { method: 'POST' })
    for (const target of targets)
      t.match(await ask(target), { cacheStatus: target.startsWith('/of/') ? /detail=purged$/ : /^hit/ })
  },
)

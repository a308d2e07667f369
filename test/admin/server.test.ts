import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { bearer, entryUnder, fakeAdmin, serveAdmin, token } from './fake-admin.ts'

t.test('health is open, says why, and gives no address of the origin away', async (t) => {
  const admin = fakeAdmin()
  const { ask } = await serveAdmin(t, admin, token)
  t.equal((await ask('/health/live')).status, 200)
  const ready = await ask('/health/ready')
  t.equal(ready.status, 200)
  t.match(ready.json, {
    status: 'ready',
    reasons: [],
    store: { kind: 'memory', keys: 3 },
    ledger: { isAttached: true, waiting: 0 },
    origin: { circuit: 'closed' },
  })
  t.notMatch(ready.text, /secret-host/)

  const ill = await serveAdmin(t, fakeAdmin({ health: { isReady: false, reasons: ['The origin cannot be reached'] } }))
  const notReady = await ill.ask('/health/ready')
  t.equal(notReady.status, 503)
  t.same(notReady.json.reasons, ['The origin cannot be reached'])
  t.equal((await ill.ask('/health/live')).status, 200, 'it lives all the same')
})

t.test('with a token everything but health and the page needs it', async (t) => {
  const admin = fakeAdmin()
  const { ask, events } = await serveAdmin(t, admin, token)
  for (const target of ['/metrics', '/metrics/cache', '/keys', '/keys/a', '/explain?url=/', '/rules']) {
    const refused = await ask(target)
    t.equal(refused.status, 401, target)
    t.match(refused.headers['www-authenticate'], /^Bearer/, target)
    t.match(refused.json.fix, /Authorization: Bearer/)
  }
  for (const authorization of [
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    'Bearer ',
    token,
    `Basic ${token}`,
    `Bearer ${token} x`,
  ]) {
    t.equal((await ask('/rules', { headers: { authorization } })).status, 401, authorization)
  }
  t.equal((await ask('/purge', { method: 'POST', body: '{"all":true}' })).status, 401)
  t.same(admin.orders, [], 'nothing was purged')
  t.match(events[0], ['warn', 'admin-refused', { status: 401 }])
  t.notMatch(JSON.stringify(events), token.slice(1), 'what was sent is not logged')
  t.equal((await ask('/rules', { headers: bearer })).status, 200)
  t.equal((await ask('/rules', { headers: { authorization: `bearer  ${token}` } })).status, 200, 'the scheme in any case')
})

t.test('without a token it only reads, and says what to set', async (t) => {
  const admin = fakeAdmin()
  const { ask } = await serveAdmin(t, admin)
  t.equal((await ask('/metrics/cache')).status, 200)
  for (const [method, target] of [
    ['POST', '/purge'],
    ['DELETE', '/keys/a'],
    ['DELETE', '/metrics/cache'],
  ] as const) {
    const refused = await ask(target, { method, headers: bearer, body: '{"all":true}' })
    t.equal(refused.status, 403, `${method} ${target}`)
    t.match(refused.json.fix, /ADMIN_TOKEN/)
  }
  t.same(admin.orders, [])
})

t.test('without a token a page of another name cannot read from it', async (t) => {
  const { ask, port } = await serveAdmin(t, fakeAdmin())
  for (const host of [`evil.example:${port}`, 'localhost.evil.example', '127.0.0.1.evil.example']) {
    t.equal((await ask('/keys', { headers: { host } })).status, 403, host)
  }
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
    t.equal((await ask('/keys', { headers: { host } })).status, 200, host)
  }
})

t.test('GET /metrics is Prometheus text; /metrics/cache is JSON that DELETE resets', async (t) => {
  const admin = fakeAdmin()
  const { ask } = await serveAdmin(t, admin, token)
  const metrics = await ask('/metrics', { headers: bearer })
  t.match(metrics.headers['content-type'], /^text\/plain; version=0\.0\.4/)
  t.match(metrics.text, /^# HELP cache_hits_total /m)
  const { summary } = admin.metrics
  let resets = 0
  Object.assign(admin.metrics, {
    reset: async () => {
      resets += 1
    },
  })
  t.match((await ask('/metrics/cache', { headers: bearer })).json, {
    hits: 0,
    hitRate: (await summary()).hitRate,
    rules: { badges: {} },
  })
  t.equal(resets, 0)
  t.equal((await ask('/metrics/cache', { method: 'DELETE', headers: bearer })).json.hits, 0)
  t.equal(resets, 1)
})

t.test('POST /purge takes every form, several at once, hard and soft', async (t) => {
  const admin = fakeAdmin()
  const { ask } = await serveAdmin(t, admin, token)
  const order = { keys: [], patterns: [], tags: [], rules: [], urls: [], isAll: false, kind: 'hard' }
  const forms: Array<[body: object, order: object]> = [
    [{ key: 'badges:all' }, { ...order, keys: ['badges:all'] }],
    [{ pattern: 'thing:*' }, { ...order, patterns: ['thing:*'] }],
    [{ tag: 'badges' }, { ...order, tags: ['badges'] }],
    [
      { tags: ['a', 'b'], rule: 'detail' },
      { ...order, tags: ['a', 'b'], rules: ['detail'] },
    ],
    [{ rule: '(unmatched)' }, { ...order, rules: ['(unmatched)'] }],
    [{ url: 'https://shop.example/a?b' }, { ...order, urls: ['https://shop.example/a?b'] }],
    [
      { all: true, soft: true },
      { ...order, isAll: true, kind: 'soft' },
    ],
  ]
  for (const [body] of forms) {
    const reply = await ask('/purge', { method: 'POST', headers: bearer, body: JSON.stringify(body) })
    t.equal(reply.status, 200, JSON.stringify(body))
    t.match(reply.json, { number: 7, labels: ['t:badges'], kind: 'soft' in body ? 'soft' : 'hard' })
  }
  t.same(
    admin.orders,
    forms.map(([, order]) => order),
  )
})

t.test('POST /purge that the ledger did not take is 503 and says how many wait', async (t) => {
  const { ask } = await serveAdmin(t, fakeAdmin({ result: { kind: 'queued', waiting: 3 } }), token)
  const reply = await ask('/purge', { method: 'POST', headers: bearer, body: '{"all":true}' })
  t.equal(reply.status, 503)
  t.equal(reply.json.queued, 3)
})

t.test('POST /purge of a tag that no rule gives warns, and purges all the same', async (t) => {
  const admin = fakeAdmin()
  const { ask } = await serveAdmin(t, admin, token)
  for (const dryRun of [false, true]) {
    const body = JSON.stringify({ tags: ['badge', 'badges'], dryRun })
    const reply = await ask('/purge', { method: 'POST', headers: bearer, body })
    t.match(reply, { status: 200, json: { warnings: ['No rule gives the tag "badge": did you mean "badges"?'] } })
  }
  t.match(admin.orders, [{ tags: ['badge', 'badges'] }])
})

t.test('POST /purge as a dry run lists by pages and purges nothing', async (t) => {
  const admin = fakeAdmin({ keys: ['a', 'b', 'c'] })
  const { ask } = await serveAdmin(t, admin, token)
  const dry = (cursor: string): string => JSON.stringify({ tag: 'badges', dryRun: true, cursor })
  const first = await ask('/purge', { method: 'POST', headers: bearer, body: dry('') })
  t.same(first.json, { labels: ['t:badges'], keys: ['a', 'b'], cursor: '2' })
  t.same((await ask('/purge', { method: 'POST', headers: bearer, body: dry('2') })).json, { labels: ['t:badges'], keys: ['c'] })
  t.same(admin.orders, [])
})

t.test('POST /purge with a body that is no JSON, no purge, or too large is refused, and nothing is done', async (t) => {
  const admin = fakeAdmin()
  const { ask, events } = await serveAdmin(t, admin, token)
  const post = (body: string | Uint8Array) => ask('/purge', { method: 'POST', headers: bearer, body })
  for (const body of ['', '{', 'tag=x', Uint8Array.of(0x22, 0xff, 0x22)]) {
    const reply = await post(body)
    t.equal(reply.status, 400)
    t.match(reply.json, { error: 'The body is not JSON', fix: /Write an object/ })
  }
  t.match((await post('[]')).json, { fix: /"tag": "experiences"/ })
  const declared = await post(JSON.stringify({ tag: 'x'.repeat(70_000) }))
  t.equal(declared.status, 413)
  t.match(declared.json.error, '65536')
  const chunked = await ask('/purge', {
    method: 'POST',
    headers: { ...bearer, 'transfer-encoding': 'chunked' },
    body: 'x'.repeat(70_000),
  })
  t.equal(chunked.status, 413)
  t.same(admin.orders, [])
  t.same(events, [], 'none of it is a fault of ours')
})

t.test('GET /keys passes pattern, cursor and count on, within bounds', async (t) => {
  const admin = fakeAdmin({ keys: ['a', 'b', 'c'] })
  const { ask } = await serveAdmin(t, admin)
  t.same((await ask('/keys')).json, { keys: ['a', 'b'], cursor: '2' })
  t.same((await ask('/keys?match=*&cursor=2&count=5')).json, { keys: ['c'] })
  await ask('/keys?match=user%3Aa%2540b%3A*&count=1000000')
  await ask('/keys?count=-1')
  t.same(admin.asked, [
    { match: '*', cursor: '', count: 100 },
    { match: '*', cursor: '2', count: 5 },
    { match: 'user:a%40b:*', cursor: '', count: 1000 },
    { match: '*', cursor: '', count: 100 },
  ])
  t.equal((await ask(`/keys?match=${'*'.repeat(2000)}`)).status, 400)
})

t.test(
  'GET /keys/… shows an entry as listed or escaped once more, without secrets; HEAD too; 404 says where to look',
  async (t) => {
    const { ask } = await serveAdmin(t, fakeAdmin({ shown: [entryUnder('user:a%40b:x|h=h')], keys: ['user:a%40b:x|h=h'] }))
    const shown = await ask('/keys/user:a%40b:x|h=h')
    t.equal(shown.status, 200)
    t.match(shown.json, {
      key: 'user:a%40b:x|h=h',
      status: 200,
      state: 'fresh',
      age: 12,
      lifetime: 60,
      ttl: 48,
      bytes: 40,
      bytesAtRest: 10,
      labels: ['k:badges:all', 't:badges', 'all'],
    })
    t.same(shown.json.fields, { 'content-type': 'application/json', 'set-cookie': '***', 'x-trace': ['a', 'b'] })
    t.notMatch(shown.text, 'hunter2')
    t.same((await ask(`/keys/${encodeURIComponent('user:a%40b:x|h=h')}`)).json, shown.json)
    t.same((await ask('/keys/user:a%40b:x')).json, shown.json, 'without what was appended, where only one can be meant')
    const head = await ask('/keys/user:a%40b:x|h=h', { method: 'HEAD' })
    t.equal(head.status, 200)
    t.equal(head.text, '')
    t.equal(head.headers['content-length'], String(Buffer.byteLength(shown.text)))
    for (const missing of ['/keys/none', '/keys/%ff', '/keys/']) {
      const reply = await ask(missing)
      t.equal(reply.status, 404, missing)
      t.match(reply.json.fix, 'GET /keys')
    }
  },
)

t.test('GET /keys/… that could mean several names them', async (t) => {
  const { ask } = await serveAdmin(
    t,
    fakeAdmin({ shown: [entryUnder('a|h=1'), entryUnder('a|h=2')], keys: ['a|h=1', 'a|h=2', 'ab'] }),
  )
  const reply = await ask('/keys/a')
  t.equal(reply.status, 404)
  t.same(reply.json.keys, ['a|h=1', 'a|h=2'])
})

t.test('DELETE /keys/… purges what the rule rendered, whatever was appended', async (t) => {
  const admin = fakeAdmin()
  const { ask } = await serveAdmin(t, admin, token)
  const reply = await ask('/keys/badges:all|h=localhost%3A8080', { method: 'DELETE', headers: bearer })
  t.equal(reply.status, 200)
  t.equal(reply.json.number, 7)
  t.same(new Set(admin.orders[0]?.keys), new Set(['badges:all']))
  t.equal((await ask('/keys/', { method: 'DELETE', headers: bearer })).status, 404)
  t.equal(admin.orders.length, 1)
})

t.test('GET /explain asks about the request it was told of', async (t) => {
  const admin = fakeAdmin()
  const { ask } = await serveAdmin(t, admin)
  const url = encodeURIComponent('/badges?a=%20b')
  const reply = await ask(`/explain?method=GET&url=${url}&header=accept%3A%20a&header=accept%3Ab`)
  t.match(reply.json, { rule: 'badges', reason: 'uri-miss', key: 'test:badges:all' })
  t.match(admin.asked, [
    {
      method: 'GET',
      target: { raw: '/badges?a=%20b', path: '/badges', query: 'a=%20b' },
      host: 'localhost:8080',
      fields: ['accept', 'a', 'accept', 'b'],
    },
  ])
  t.equal((await ask('/explain')).status, 400)
})

t.test('GET /rules lists them in the words of rules.yaml', async (t) => {
  const { ask } = await serveAdmin(t, fakeAdmin())
  const { json } = await ask('/rules')
  t.match(json, { prefix: 'test', unmatched: 'rfc' })
  t.match(json.rules, [
    { name: 'badges', line: 4, match: 'GET /badges', key: 'badges:all', scope: 'public', ttl: '1h' },
    { name: 'detail', match: 'GET /things/:id', key: 'thing:{params.id}:detail', ttl: 'forever' },
    { name: 'changed', match: 'PUT|PATCH /things/:id', purges: ['key thing:{params.id}:detail (soft)'] },
  ])
})

t.test('what is not there is 404, a wrong method 405 with Allow, OPTIONS says what is allowed', async (t) => {
  const { ask } = await serveAdmin(t, fakeAdmin(), token)
  for (const target of ['/nothing', '/metrics/', '/health', '/purge/x', '//', '/rules%2f', '/keysx']) {
    const reply = await ask(target)
    t.equal(reply.status, 404, target)
    t.ok(reply.json.error && reply.json.fix)
  }
  for (const [method, target, allow] of [
    ['GET', '/purge', 'POST, OPTIONS'],
    ['POST', '/metrics', 'GET, HEAD, OPTIONS'],
    ['PUT', '/keys/a', 'GET, HEAD, DELETE, OPTIONS'],
    ['DELETE', '/', 'GET, HEAD, OPTIONS'],
  ] as const) {
    const reply = await ask(target, { method })
    t.equal(reply.status, 405, `${method} ${target}`)
    t.equal(reply.headers['allow'], allow)
    const options = await ask(target, { method: 'OPTIONS' })
    t.equal(options.status, 204)
    t.equal(options.headers['allow'], allow)
  }
  t.equal((await ask('*', { method: 'OPTIONS' })).status, 204)
  t.equal((await ask('http://other.example/rules', { headers: bearer })).status, 400)
})

t.test('every answer is closed behind, uncached, unsniffable, and runs nothing', async (t) => {
  const { ask } = await serveAdmin(t, fakeAdmin())
  for (const target of ['/', '/rules', '/nothing']) {
    const { headers } = await ask(target)
    t.equal(headers['connection'], 'close')
    t.equal(headers['cache-control'], 'no-store')
    t.equal(headers['x-content-type-options'], 'nosniff')
    t.match(headers['content-security-policy'], /default-src 'none'/)
  }
})

t.test('a fault of ours is 500 without a word of what it was, and is logged', async (t) => {
  const { ask, events } = await serveAdmin(t, {
    ...fakeAdmin(),
    rules: () => {
      throw new Error('a secret of ours')
    },
  })
  const reply = await ask('/rules')
  t.equal(reply.status, 500)
  t.notMatch(reply.text, 'secret')
  t.match(events, [['error', 'admin-fault', {}]])
})

t.test('what is no HTTP is refused, and the next client is answered', async (t) => {
  const { ask, port } = await serveAdmin(t, fakeAdmin())
  const socket = connect(port, '127.0.0.1')
  socket.end('GET\r\n\r\n')
  t.match(await text(socket), /^HTTP\/1\.1 400 Bad Request\r\n/)
  const long = connect(port, '127.0.0.1')
  long.end(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  t.match(await text(long), /^HTTP\/1\.1 431 /)
  t.equal((await ask('/health/live')).status, 200)
})

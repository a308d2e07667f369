/** What is stored of an answer, and for whom (RFC 9111 §3): statuses, fields, cookies, credentials, and bodies that do not come whole. */
import t from 'tap'
import { makeGate } from '../fixtures/gate.ts'
import { onEachStore, openScene } from '../fixtures/scene.ts'
import { onBothStores } from './rfc-case.ts'

const fresh = ['Cache-Control', 'max-age=60'] as const
const cc = (value: string): readonly string[] => ['Cache-Control', value]

onBothStores(t, 'storing fields', [
  {
    says: 'as they came, known and unknown',
    fields: [...fresh, 'X-A', '1', 'x-a', '2', 'Content-Foo', '3', 'Link', '</x>'],
    gives: 'one',
    shows: { 'x-a': '1, 2', 'content-foo': '3', link: '</x>' },
  },
  {
    says: 'none that Connection names, and none of the hop',
    fields: [
      ...fresh,
      'Connection',
      'X-A, x-b',
      'X-A',
      '1',
      'X-B',
      '2',
      'X-C',
      '3',
      'Keep-Alive',
      'timeout=9',
      'Proxy-Connection',
      'x',
    ],
    gives: 'one',
    shows: { 'x-a': undefined, 'x-b': undefined, 'x-c': '3', 'keep-alive': 'timeout=65', 'proxy-connection': undefined },
  },
  {
    says: 'none that is for the proxy alone',
    fields: [...fresh, 'Proxy-Authenticate', 'Basic', 'Proxy-Authentication-Info', 'x', 'TE', 'x', 'Upgrade', 'h9'],
    gives: 'one',
    shows: { 'proxy-authenticate': undefined, 'proxy-authentication-info': undefined, te: undefined, upgrade: undefined },
  },
  {
    says: 'even where Connection names what travels on',
    fields: [...cc('max-age=60'), 'Connection', 'cache-control', 'X-A', '1'],
    after: 59,
    gives: 'one',
    shows: { 'cache-control': 'max-age=60' },
  },
  {
    says: 'a Content-Range that says nothing',
    fields: [...fresh, 'Content-Range', 'x'],
    gives: 'one',
    shows: { 'content-range': 'x' },
  },
  { says: 'not a part that is called whole', fields: [...fresh, 'Content-Range', 'bytes 0-2/9'], gives: 'two' },
  { says: 'not a part', status: 206, fields: [...fresh, 'Content-Type', 'multipart/byteranges; boundary=x'], gives: 'two' },
])

const cookie = [...fresh, 'Set-Cookie', 'a=b'] as const
onBothStores(t, 'an answer that sets a cookie is not stored', [
  { says: 'Set-Cookie', fields: cookie, gives: 'two' },
  { says: 'Set-Cookie2', fields: [...fresh, 'Set-Cookie2', 'a=b'], gives: 'two' },
  { says: 'even public', fields: [...cc('public, s-maxage=60'), 'Set-Cookie', 'a=b'], gives: 'two' },
])
onBothStores(
  t,
  'or without it',
  [{ says: 'strip', fields: cookie, gives: 'one', shows: { 'set-cookie': undefined } }],
  '{ set_cookie: strip }',
)
onBothStores(
  t,
  'or with it',
  [{ says: 'keep', fields: cookie, gives: 'one', shows: { 'set-cookie': 'a=b' } }],
  '{ set_cookie: keep }',
)

const authorized = { headers: { Authorization: 'Basic eDp5' } }
const known = { headers: { Cookie: 'a=b' } }
onBothStores(t, 'answers to credentials', [
  { says: 'Authorization', fields: fresh, asked: authorized, gives: 'two' },
  { says: 'Authorization, and Expires', fields: ['Expires', 60], asked: authorized, gives: 'two' },
  { says: 'Authorization, public', fields: cc('public, max-age=60'), asked: authorized, gives: 'one' },
  { says: 'Authorization, s-maxage', fields: cc('s-maxage=60'), asked: authorized, gives: 'one' },
  { says: 'Authorization, must-revalidate', fields: cc('max-age=60, must-revalidate'), asked: authorized, gives: 'one' },
  { says: 'Authorization, proxy-revalidate', fields: cc('max-age=60, proxy-revalidate'), asked: authorized, gives: 'two' },
  { says: 'Authorization, private', fields: cc('private, public, max-age=60'), asked: authorized, gives: 'two' },
  { says: 'Authorization, a targeted lifetime', fields: ['CDN-Cache-Control', 'max-age=60'], asked: authorized, gives: 'one' },
  { says: 'what anybody got is for all', fields: fresh, again: authorized, gives: 'one' },
  { says: 'Cookie, which is taken as seriously', fields: fresh, asked: known, gives: 'two' },
  { says: 'Cookie, public', fields: cc('public, max-age=60'), asked: known, gives: 'one' },
  { says: 'Cookie, must-revalidate', fields: cc('max-age=60, must-revalidate'), asked: known, gives: 'two' },
])

onEachStore(t, 'the URI is the key, its query and all', async (t, redis) => {
  const { ask, answer, origin } = await openScene(t, { rules: 'rules: []', redis })
  answer({ headers: [...fresh] })
  const targets = ['/a', '/a?', '/a?x', '/a?x=', '/a?x=1', '/a?x=1&y=2', '/a?y=2&x=1', '/A', '/a/', '/a?x=%31']
  const bodies = new Set<string>()
  for (const target of targets) {
    const { text } = await ask(target)
    t.match(await ask(target), { text, cacheStatus: /^hit/ }, target)
    bodies.add(text)
  }
  t.equal(bodies.size, targets.length)
  t.equal(origin.count(), targets.length)
})

onEachStore(t, 'an answer without a provable end, or cut before it, is passed on and not stored', async (t, redis) => {
  const { ask, origin } = await openScene(t, { rules: 'rules: []', redis })
  const head = 'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nConnection: close\r\n'
  origin.script(({ raw, cut }) => {
    raw(`${head}\r\nall`)
    cut()
  })
  t.match(await ask('/open'), { status: 200, text: 'all' })
  t.match(await ask('/open'), { status: 200, text: 'all', cacheStatus: /^fwd=/ })
  for (const [target, bytes] of [
    ['/short', `${head}Content-Length: 9\r\n\r\n123`],
    ['/chunked', `${head}Transfer-Encoding: chunked\r\n\r\n3\r\n123\r\n`],
  ] as const) {
    origin.script(({ raw, cut }) => {
      raw(bytes)
      cut()
    })
    await t.rejects(ask(target), target)
    const before = origin.count()
    origin.script(({ reply }) => reply({ body: 'whole' }))
    t.match(await ask(target), { text: 'whole' }, target)
    t.equal(origin.count() - before, 1, target)
  }
})

const lenient = 'origin: { framing: lenient }\nredis: { command_timeout: 10s, detached_ttl: 1m }'

onEachStore(t, 'leniently, what an orderly close ends is whole, in whatever coding it says it is', async (t, redis) => {
  const { ask, origin, clock } = await openScene(t, { rules: 'rules: []', redis, config: lenient })
  const date = new Date(clock.now()).toUTCString()
  for (const [target, field] of [
    ['/plain', ''],
    ['/old', 'Connection: close\r\n'],
    ['/foo', 'Transfer-Encoding: foo\r\n'],
    ['/gzip', 'Transfer-Encoding: gzip\r\n'],
  ] as const) {
    origin.script(({ raw, cut }) => {
      raw(`HTTP/1.1 200 OK\r\nDate: ${date}\r\nCache-Control: max-age=60\r\n${field}\r\nall\xff`)
      cut()
    })
    const bytes = Buffer.from('all\xff', 'latin1')
    t.match(await ask(target), { status: 200, body: bytes, cacheStatus: 'fwd=uri-miss; stored; detail=uri-miss' }, target)
    const again = await ask(target)
    t.match(again, { status: 200, body: bytes, cacheStatus: 'hit; ttl=60; detail=fresh' }, target)
    t.match([again.field('content-length'), again.field('transfer-encoding')], ['4', undefined], target)
    t.equal(origin.count(target), 1, target)
  }
})

onEachStore(t, 'leniently, what a reset ends is cut for the client as well, and not stored', async (t, redis) => {
  const { ask, house, origin } = await openScene(t, { rules: 'rules: []', redis, config: lenient })
  const gate = makeGate()
  origin.script(async ({ raw, reset }) => {
    raw('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n\r\nhalf')
    await gate.wait()
    reset()
  })
  const answer = await fetch(`${house.url}/a`)
  gate.open()
  await t.rejects(answer.text())
  origin.script(({ reply }) => reply({ body: 'whole' }))
  t.match(await ask('/a'), { text: 'whole', cacheStatus: /^fwd=uri-miss/ })
})

onEachStore(t, 'leniently too, a body whose end two readers would see in two places is an error', async (t, redis) => {
  const { ask, origin } = await openScene(t, { rules: 'rules: []', redis, config: lenient })
  for (const [i, fields] of [
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: chunked, gzip',
    'Transfer-Encoding: gzip\r\nContent-Length: 3',
  ].entries()) {
    origin.script(({ raw, cut }) => {
      raw(`HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n${fields}\r\n\r\n0\r\n\r\n`)
      cut()
    })
    t.match(await ask(`/${i}`), { status: 502, cacheStatus: /detail=origin-broken$/ }, fields)
  }
})

onEachStore(t, 'a body in a transfer coding that nobody can undo is an error, never the body', async (t, redis) => {
  const { ask, origin } = await openScene(t, { rules: 'rules: []', redis })
  for (const coding of ['gzip', 'foo', 'gzip, chunked', 'identity']) {
    origin.script(({ raw, cut }) => {
      raw(`HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: ${coding}\r\n\r\n0\r\n\r\n`)
      cut()
    })
    t.match(await ask(`/${coding.length}`), { status: 502, cacheStatus: /detail=origin-broken$/ }, coding)
  }
})

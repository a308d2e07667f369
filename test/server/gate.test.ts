import t from 'tap'
import { forwardedScheme, type GateLimits, inspect, type RawHead, type Verdict } from '../../src/server/gate.ts'

const limits: GateLimits = { headerSize: 200, headerCount: 6, targetSize: 50, bodySize: 1000 }
const host = ['Host', 'api.example']

function head(url: string, rawHeaders: readonly string[] = host, rest: Partial<RawHead> = {}): RawHead {
  return { method: 'GET', url, httpVersion: '1.1', rawHeaders, ...rest }
}

function judge(raw: RawHead): Verdict {
  return inspect(raw, limits, 'http')
}

type Admitted = Extract<Verdict, { kind: 'ok' }>

function admitted(raw: RawHead): Admitted {
  const verdict = judge(raw)
  if (verdict.kind !== 'ok') throw new Error(`Refused: ${JSON.stringify(verdict)}`)
  return verdict
}

const refusals: ReadonlyArray<readonly [what: string, raw: RawHead, status: number, reason: string]> = [
  ['HTTP/0.9', head('/', host, { httpVersion: '0.9' }), 505, 'bad-version'],
  ['HTTP/2.0', head('/', host, { httpVersion: '2.0' }), 505, 'bad-version'],
  ['no method', head('/', host, { method: undefined }), 400, 'bad-request-line'],
  ['a method that is no token', head('/', host, { method: 'GE T' }), 400, 'bad-request-line'],
  ['TRACE', head('/', host, { method: 'TRACE' }), 405, 'method-refused'],
  ['CONNECT', head('api.example:80', host, { method: 'CONNECT' }), 405, 'method-refused'],
  ['no target', head(''), 400, 'bad-target'],
  ['* for another method than OPTIONS', head('*'), 400, 'bad-target'],
  ['a fragment', head('/a#b'), 400, 'bad-target'],
  ['a fragment in absolute-form', head('http://api.example/a#b'), 400, 'bad-target'],
  ['a control character in the target', head('/a\x01'), 400, 'bad-target'],
  ['a space in the target', head('/a b'), 400, 'bad-target'],
  ['a character beyond latin1 in the target', head('/\u0100'), 400, 'bad-target'],
  ['authority-form', head('api.example:80'), 400, 'bad-target'],
  ['a path without "/"', head('a'), 400, 'bad-target'],
  ['a backslash first', head('\\a'), 400, 'bad-target'],
  ['absolute-form of another protocol', head('ftp://api.example/'), 400, 'bad-target'],
  ['absolute-form without a host', head('http:///a'), 400, 'bad-target'],
  ['absolute-form with a user', head('http://a@api.example/'), 400, 'bad-target'],
  ['absolute-form to another host', head('http://evil.example/'), 421, 'bad-target'],
  ['absolute-form to another port', head('http://api.example:81/'), 421, 'bad-target'],
  ['absolute-form of another scheme', head('https://api.example/'), 421, 'bad-target'],
  ['* in absolute-form', head('http://api.example*'), 400, 'bad-target'],
  ['a target above the limit', head(`/${'a'.repeat(50)}`), 414, 'target-too-long'],
  ['no Host', head('/', []), 400, 'bad-host'],
  ['no Host in HTTP/1.0', head('/', [], { httpVersion: '1.0' }), 400, 'bad-host'],
  ['two Hosts', head('/', ['Host', 'a', 'Host', 'b']), 400, 'bad-host'],
  ['the same Host twice', head('/', ['Host', 'a', 'hOST', 'a']), 400, 'bad-host'],
  ['an empty Host', head('/', ['Host', '']), 400, 'bad-host'],
  ['a Host that is a URL', head('/', ['Host', 'http://a']), 400, 'bad-host'],
  ['a field without value', head('/', [...host, 'X']), 400, 'bad-field'],
  ['an empty name', head('/', [...host, '', 'a']), 400, 'bad-field'],
  ['a space before the colon', head('/', [...host, 'X ', 'a']), 400, 'bad-field'],
  ['a name that is no token', head('/', [...host, 'X(a)', 'a']), 400, 'bad-field'],
  ['NUL in a value', head('/', [...host, 'X', 'a\0b']), 400, 'bad-field'],
  ['a bare CR in a value', head('/', [...host, 'X', 'a\rb']), 400, 'bad-field'],
  ['a folded value', head('/', [...host, 'X', 'a\r\n b']), 400, 'bad-field'],
  ['a bare LF in a value', head('/', [...host, 'X', 'a\nb']), 400, 'bad-field'],
  ['DEL in a value', head('/', [...host, 'X', '\x7f']), 400, 'bad-field'],
  ['a character beyond latin1 in a value', head('/', [...host, 'X', '\u0100']), 400, 'bad-field'],
  ['Connection names an end-to-end field', head('/', [...host, 'Connection', 'close, Authorization']), 400, 'bad-field'],
  ['Connection names Host', head('/', [...host, 'Connection', 'host']), 400, 'bad-field'],
  ['a second Connection names one', head('/', [...host, 'Connection', 'close', 'Connection', 'Cookie']), 400, 'bad-field'],
  ['Connection names X-Forwarded-For', head('/', [...host, 'Connection', 'x-forwarded-for']), 400, 'bad-field'],
  ['Transfer-Encoding in disguise', head('/', [...host, 'Transfer_Encoding', 'chunked']), 400, 'bad-field'],
  ['X-Forwarded-Host in disguise', head('/', [...host, 'x_forwarded-host', 'evil']), 400, 'bad-field'],
  ['X-Original-URL in disguise', head('/', [...host, 'X_Original_URL', '/admin']), 400, 'bad-field'],
  ['two lengths', head('/', [...host, 'Content-Length', '1', 'Content-Length', '1']), 400, 'bad-framing'],
  ['a list of lengths', head('/', [...host, 'Content-Length', '1, 1']), 400, 'bad-framing'],
  ['no length', head('/', [...host, 'Content-Length', '']), 400, 'bad-framing'],
  ['a length with a sign', head('/', [...host, 'Content-Length', '+1']), 400, 'bad-framing'],
  ['a length in hexadecimal', head('/', [...host, 'Content-Length', '0x1']), 400, 'bad-framing'],
  ['a length with a zero in front', head('/', [...host, 'Content-Length', '01']), 400, 'bad-framing'],
  ['a length beyond counting', head('/', [...host, 'Content-Length', '1'.repeat(17)]), 400, 'bad-framing'],
  ['both framings', head('/', [...host, 'Transfer-Encoding', 'chunked', 'Content-Length', '1']), 400, 'bad-framing'],
  ['both, the other way', head('/', [...host, 'Content-Length', '1', 'Transfer-Encoding', 'chunked']), 400, 'bad-framing'],
  ['chunked twice', head('/', [...host, 'Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked']), 400, 'bad-framing'],
  ['another coding', head('/', [...host, 'Transfer-Encoding', 'gzip, chunked']), 400, 'bad-framing'],
  ['identity', head('/', [...host, 'Transfer-Encoding', 'identity']), 400, 'bad-framing'],
  ['chunked behind a vertical tab', head('/', [...host, 'Transfer-Encoding', '\x0bchunked']), 400, 'bad-field'],
  ['chunks in HTTP/1.0', head('/', [...host, 'Transfer-Encoding', 'chunked'], { httpVersion: '1.0' }), 400, 'bad-framing'],
  ['a declared body above the limit', head('/', [...host, 'Content-Length', '1001']), 413, 'body-too-large'],
  ['another expectation', head('/', [...host, 'Expect', '200-ok']), 417, 'expectation'],
  ['too many fields', head('/', [...host, ...Array(6).fill(['X', '']).flat()]), 431, 'too-many-fields'],
  ['too large a header section', head('/', [...host, 'X', 'a'.repeat(180)]), 431, 'header-too-large'],
]

t.test('inspect: refuses', async (t) => {
  for (const [what, raw, status, reason] of refusals) t.same(judge(raw), { kind: 'refused', status, reason }, what)
})

t.test('inspect: the target as it came, split once', async (t) => {
  for (const raw of ['/', '//evil/a?b?c', '/a/../%2e?', '/a\\b|c"<>^`{}', '/\xe9']) {
    t.equal(admitted(head(raw)).request.target.raw, raw)
  }
  t.same(admitted(head('/a?b?c')).request.target, { raw: '/a?b?c', path: '/a', query: 'b?c' })
})

t.test('inspect: absolute-form to this host becomes origin-form', async (t) => {
  const cases = [
    ['http://api.example/a?b', '/a?b'],
    ['HTTP://API.example:80/a', '/a'],
    ['http://api.example', '/'],
    ['http://api.example?b', '/?b'],
    ['http://api.example//evil', '//evil'],
  ] as const
  for (const [url, target] of cases) t.equal(admitted(head(url)).request.target.raw, target, url)
  t.equal(inspect(head('https://api.example/a'), limits, 'https').kind, 'ok')
  t.equal(inspect(head('https://api.example:443/a'), limits, 'https').kind, 'ok')
  t.match(inspect(head('https://api.example:80/a'), limits, 'https'), { status: 421 })
})

t.test('inspect: OPTIONS * is about this server', async (t) => {
  t.same(judge(head('*', host, { method: 'OPTIONS' })), { kind: 'options' })
  t.match(judge(head('*', [], { method: 'OPTIONS' })), { reason: 'bad-host' })
})

t.test('inspect: fields are the end-to-end ones, in order, with their bytes', async (t) => {
  const cases: ReadonlyArray<readonly [sent: string[], kept: string[]]> = [
    [
      ['X', '1', 'x', '\xe9'],
      ['X', '1', 'x', '\xe9'],
    ],
    [
      ['Connection', 'keep-alive', 'X', '1'],
      ['X', '1'],
    ],
    [
      ['X', '1', 'connection', 'close'],
      ['X', '1'],
    ],
    [
      ['Connection', 'X-Hop, close', 'X-Hop', '1', 'Y', '2'],
      ['Y', '2'],
    ],
    [['Connection', 'close', 'Connection', 'x-hop', 'X-Hop', '1'], []],
    [['TE', 'trailers', 'Keep-Alive', '5', 'Upgrade', 'h2c', 'Proxy-Authorization', 'a', 'HTTP2-Settings', 'a'], []],
    [['Trailer', 'X', 'Proxy-Connection', 'a', 'Proxy-Authenticate', 'a', 'Proxy-Authentication-Info', 'a'], []],
    [
      ['Transfer-Encoding', 'chunked', 'X', '1'],
      ['X', '1'],
    ],
    [
      ['x_own_name', '1'],
      ['x_own_name', '1'],
    ],
  ]
  for (const [sent, kept] of cases)
    t.same(admitted(head('/', [...host, ...sent])).request.fields, [...host, ...kept], String(sent))
})

t.test('inspect: Host is forwarded as it is keyed', async (t) => {
  const { request } = admitted(head('/', ['X', 'API.example', 'hOsT', 'API.Example:8080', 'Connection', 'close']))
  t.equal(request.host, 'api.example:8080')
  t.same(request.fields, ['X', 'API.example', 'hOsT', 'api.example:8080'])
})

t.test('inspect: how the body ends', async (t) => {
  t.match(admitted(head('/')), { body: 'none', bodyLength: undefined })
  t.match(admitted(head('/', [...host, 'Content-Length', '0'])), { body: 'none', bodyLength: 0 })
  t.match(admitted(head('/', [...host, 'Content-Length', '1000'])), { body: 'length', bodyLength: 1000 })
  t.match(admitted(head('/', [...host, 'Transfer-Encoding', 'Chunked'])), { body: 'chunked', bodyLength: undefined })
  const unlimited = { headerSize: 0, headerCount: 0, targetSize: 0, bodySize: 0 }
  const large = head(`/${'a'.repeat(99)}`, [...host, 'Content-Length', '99999', ...Array(99).fill(['X', 'aaaaa']).flat()])
  t.equal(inspect(large, unlimited, 'http').kind, 'ok', '0 means no limit')
})

t.test('inspect: a 100 is for those who wait for it', async (t) => {
  const expecting = [...host, 'Expect', '100-Continue']
  t.equal(admitted(head('/', [...expecting, 'Content-Length', '1'])).isContinueExpected, true)
  t.equal(admitted(head('/', expecting)).isContinueExpected, false, 'nothing to send')
  const old = head('/', [...expecting, 'Content-Length', '1'], { httpVersion: '1.0' })
  t.equal(admitted(old).isContinueExpected, false, 'HTTP/1.0')
})

t.test('forwardedScheme: one clear word, else http', async (t) => {
  t.equal(forwardedScheme(['X-Forwarded-Proto', 'https']), 'https')
  t.equal(forwardedScheme(['x-forwarded-proto', 'WSS']), 'https')
  t.equal(forwardedScheme(['X-Forwarded-Proto', 'http, https']), 'http')
  t.equal(forwardedScheme(['X-Forwarded-Proto', 'https', 'X-Forwarded-Proto', 'https']), 'http')
  t.equal(forwardedScheme([]), 'http')
})

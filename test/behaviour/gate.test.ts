/** The gate as a client meets it: bytes on a socket, what comes back, and whether anything got through. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { milliseconds } from '../../src/time.ts'
import { answer, type Edge, received, startEdge, until } from '../server/edge.ts'

const host = 'Host: api.example\r\n'
const get = `GET / HTTP/1.1\r\n${host}`
const post = `POST / HTTP/1.1\r\n${host}`

const refusals: ReadonlyArray<readonly [what: string, bytes: string, status: number, reason: string]> = [
  ['a TLS hello', '\x16\x03\x01\x00\xa5\x01\x00\x00', 400, 'bad-request-line'],
  ['HTTP/0.9', 'GET /\r\n\r\n', 505, 'bad-version'],
  ['HTTP/0.9, said', `GET / HTTP/0.9\r\n${host}\r\n`, 505, 'bad-version'],
  ['HTTP/1.2', `GET / HTTP/1.2\r\n${host}\r\n`, 505, 'bad-version'],
  ['HTTP/2.0 in a request line', `GET / HTTP/2.0\r\n${host}\r\n`, 505, 'bad-version'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505, 'bad-version'],
  ['an unknown method', `FOO / HTTP/1.1\r\n${host}\r\n`, 400, 'bad-request-line'],
  ['a method in lower case', `get / HTTP/1.1\r\n${host}\r\n`, 400, 'bad-request-line'],
  ['http in lower case', `GET / http/1.1\r\n${host}\r\n`, 400, 'bad-request-line'],
  ['a space in the target', `GET /a b HTTP/1.1\r\n${host}\r\n`, 400, 'bad-request-line'],
  ['TRACE', `TRACE / HTTP/1.1\r\n${host}\r\n`, 405, 'method-refused'],
  ['CONNECT', `CONNECT api.example:80 HTTP/1.1\r\n${host}\r\n`, 405, 'method-refused'],
  ['a fragment', `GET /a#b HTTP/1.1\r\n${host}\r\n`, 400, 'bad-target'],
  ['GET *', `GET * HTTP/1.1\r\n${host}\r\n`, 400, 'bad-target'],
  ['a byte above 0x7f in the target', `GET /\xe9 HTTP/1.1\r\n${host}\r\n`, 400, 'bad-target'],
  ['a control character in the target', `GET /\x01 HTTP/1.1\r\n${host}\r\n`, 400, 'bad-target'],
  ['authority-form', `GET api.example:80 HTTP/1.1\r\n${host}\r\n`, 400, 'bad-target'],
  ['absolute-form to another host', `GET http://evil.example/ HTTP/1.1\r\n${host}\r\n`, 421, 'bad-target'],
  ['a long target', `GET /${'a'.repeat(1024)} HTTP/1.1\r\n${host}\r\n`, 414, 'target-too-long'],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400, 'bad-host'],
  ['two Hosts', `${get}Host: b\r\n\r\n`, 400, 'bad-host'],
  ['a malformed Host', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 400, 'bad-host'],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n', 400, 'bad-field'],
  ['a space before the first field', `GET / HTTP/1.1\r\n ${host}\r\n`, 400, 'bad-field'],
  ['a folded field', `${get}X: a\r\n b\r\n\r\n`, 400, 'bad-field'],
  ['a bare CR', `${get}X: a\rb\r\n\r\n`, 400, 'bad-field'],
  ['a bare LF', `${get}X: a\nY: b\r\n\r\n`, 400, 'bad-field'],
  ['LF alone as line ends', 'GET / HTTP/1.1\nHost: a\n\n', 505, 'bad-version'],
  ['NUL in a value', `${get}X: \0\r\n\r\n`, 400, 'bad-field'],
  ['a name that is no token', `${get}X(a): b\r\n\r\n`, 400, 'bad-field'],
  ['a name with a byte above 0x7f', `${get}X\xe9: b\r\n\r\n`, 400, 'bad-field'],
  ['a line without a colon', `${get}X\r\n\r\n`, 400, 'bad-field'],
  ['Connection names an end-to-end field', `${get}Connection: close, Cookie\r\nCookie: a=1\r\n\r\n`, 400, 'bad-field'],
  ['Transfer-Encoding in disguise', `${post}Transfer_Encoding: chunked\r\n\r\n`, 400, 'bad-field'],
  ['two lengths', `${post}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`, 400, 'bad-framing'],
  ['a list of lengths', `${post}Content-Length: 1, 1\r\n\r\na`, 400, 'bad-framing'],
  ['a length with a sign', `${post}Content-Length: +1\r\n\r\na`, 400, 'bad-framing'],
  ['a length with a zero in front', `${post}Content-Length: 01\r\n\r\na`, 400, 'bad-framing'],
  ['both framings', `${post}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400, 'bad-framing'],
  ['both, the other way', `${post}Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n`, 400, 'bad-framing'],
  ['another coding', `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 400, 'bad-framing'],
  ['chunked before another', `${post}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`, 400, 'bad-framing'],
  ['identity', `${post}Transfer-Encoding: identity\r\n\r\n`, 400, 'bad-framing'],
  ['chunked twice', `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400, 'bad-framing'],
  ['chunks in HTTP/1.0', `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400, 'bad-framing'],
  ['a declared body above the limit', `${post}Content-Length: 1001\r\n\r\n`, 413, 'body-too-large'],
  ['the same, waiting', `${post}Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n`, 413, 'body-too-large'],
  ['another expectation', `${get}Expect: x\r\n\r\n`, 417, 'expectation'],
  ['many fields', `${get}${'X: a\r\n'.repeat(20)}\r\n`, 431, 'too-many-fields'],
  ['a large header section', `${get}X: ${'a'.repeat(4096)}\r\n\r\n`, 431, 'header-too-large'],
  ['a header section without end', `${get}X: ${'a'.repeat(9000)}`, 431, 'header-too-large'],
]

t.test('a refused request: its status, the reason reported, the connection closed, nothing let through', async (t) => {
  const { send, exchanges, refused } = await startEdge(t)
  for (const [what, bytes, status, reason] of refusals) {
    // What follows on the connection is not looked at either.
    const text = await send(`${bytes}${what.includes('without end') ? '' : `${get}\r\n`}`)
    const [head = '', body] = text.split('\r\n\r\n')
    t.ok(head.startsWith(`HTTP/1.1 ${status} `), `${what}: ${head.split('\r\n')[0]}`)
    t.equal(body, `${status} ${reason}\n`, 'one answer')
    t.match(head, /^Connection: close$/im)
    t.match(head, new RegExp(`^Cache-Status: springhouse; detail=${reason}$`, 'm'))
    t.match(head, /^Cache-Control: no-store$/m)
    t.same(refused.at(-1), { status, reason, clientAddress: '127.0.0.1' })
  }
  t.equal(exchanges.length, 0)
  t.equal(refused.length, refusals.length, 'each is reported once')
})

t.test('a refused method is told which are not', async (t) => {
  const { send } = await startEdge(t)
  t.match(await send(`TRACE / HTTP/1.1\r\n${host}\r\n`), /^Allow: GET, HEAD/m)
  t.match(await send(`CONNECT a:1 HTTP/1.1\r\n${host}\r\n`), /^Allow: GET, HEAD/m)
})

t.test('a HEAD that is refused gets no body', async (t) => {
  const { send } = await startEdge(t)
  t.match(await send('HEAD / HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*\r\n\r\n$/)
})

t.test('OPTIONS * is answered here', async (t) => {
  const { send, exchanges, refused } = await startEdge(t)
  const text = await send(`OPTIONS * HTTP/1.1\r\n${host}Connection: close\r\n\r\n`)
  t.match(text, /^HTTP\/1\.1 204 /)
  t.match(text, /^Allow: GET, HEAD/m)
  t.equal(exchanges.length + refused.length, 0)
})

t.test('pipelined requests are answered in order; after a refusal nothing is looked at', async (t) => {
  const held: Array<() => void> = []
  const { open, arrived, exchanges } = await startEdge(t, {
    handle: (exchange) => held.push(() => answer(exchange, exchange.request.target.raw)),
  })
  const socket = open()
  const text = received(socket)
  socket.write(
    `GET /1 HTTP/1.1\r\n${host}\r\nGET /2 HTTP/1.1\r\n${host}\r\nGET * HTTP/1.1\r\n${host}\r\nGET /4 HTTP/1.1\r\n${host}\r\n`,
  )
  await arrived(2)
  for (const release of held.reverse()) release()
  t.match(await text, /^HTTP\/1\.1 200 [\s\S]*\/1HTTP\/1\.1 200 [\s\S]*\/2HTTP\/1\.1 400 [\s\S]*400 bad-target\n$/)
  t.equal(exchanges.length, 2)
})

t.test('garbage behind a request waits for the answer, and never lands in its middle', async (t) => {
  const { open, arrived, exchanges } = await startEdge(t, { handle: () => {} })
  const socket = open()
  const text = received(socket)
  socket.write(`${get}\r\n\x01garbage\r\n\r\n`)
  await arrived(1)
  const [exchange] = exchanges
  exchange?.head({ status: 200, reasonPhrase: 'OK', fields: [] }, 6)
  exchange?.write(Buffer.from('abc'))
  exchange?.write(Buffer.from('def'))
  exchange?.end()
  t.match(await text, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nabcdefHTTP\/1\.1 400 [\s\S]*400 bad-request-line\n$/)
})

t.test('bytes behind the last request are nothing', async (t) => {
  const { open, arrived, exchanges, refused } = await startEdge(t, { handle: () => {} })
  const socket = open()
  const text = received(socket)
  socket.write(`${get}Connection: close\r\n\r\n${get}\r\n`)
  await arrived(1)
  answer(exchanges[0] as (typeof exchanges)[number])
  t.match(await text, /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nok$/)
  t.equal(exchanges.length, 1)
  t.same(refused, [])
})

t.test('a body that breaks: 400 before the head, a cut connection after it', async (t) => {
  const broken = `${post}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nzz\r\n`
  const errors: unknown[] = []
  let gone = 0
  const early = await startEdge(t, {
    handle(exchange) {
      exchange.onGone(() => gone++)
      exchange.body?.on('error', (error) => errors.push(error.message)).resume()
    },
  })
  t.match(await early.send(broken), /^HTTP\/1\.1 400 [\s\S]*400 bad-framing\n$/)
  t.same(errors, ['Request broke off'])
  t.equal(gone, 1)
  const late = await startEdge(t, {
    handle(exchange) {
      exchange.head({ status: 200, reasonPhrase: '', fields: [] }, 3)
      exchange.write(Buffer.from('a'))
      exchange.body?.resume()
    },
  })
  const socket = late.open()
  socket.write(`${post}Transfer-Encoding: chunked\r\n\r\n`)
  const start = await until(socket, '\r\n\r\na')
  const rest = received(socket)
  socket.write('zz\r\n')
  t.equal(start.split('HTTP/1.1').length + (await rest).split('HTTP/1.1').length, 3, 'no second status line')
})

t.test('a request cut in two at any byte is the same request', async (t) => {
  const seen: string[] = []
  const { open, refused } = await startEdge(t, {
    handle(exchange) {
      const chunks: Buffer[] = []
      exchange.body
        ?.on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => {
          const { method, target, fields } = exchange.request
          seen.push([method, target.raw, ...fields, Buffer.concat(chunks)].join(' '))
          answer(exchange)
        })
    },
  })
  const bytes = `POST /a?b HTTP/1.1\r\n${host}X: \xe9\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n`
  for (let cut = 1; cut < bytes.length; cut++) {
    const socket = open()
    await once(socket, 'connect')
    socket.setNoDelay(true)
    socket.write(bytes.slice(0, cut), 'latin1')
    // Until the first half has reached the listener's side of the loopback, the two would arrive as one.
    await new Promise(setImmediate)
    socket.write(bytes.slice(cut), 'latin1')
    await until(socket, 'ok')
    socket.destroy()
  }
  t.equal(seen.length, bytes.length - 1)
  t.same(new Set(seen), new Set(['POST /a?b Host api.example X \xe9 abcde']))
  t.same(refused, [])
})

t.test('a slow header section: 408', async (t) => {
  const { send, refused, exchanges } = await startEdge(t, { limits: { headerTimeout: milliseconds(50) } })
  t.match(await send(`${get}X: `), /^HTTP\/1\.1 408 [\s\S]*408 request-timeout\n$/)
  t.match(refused, [{ status: 408, reason: 'request-timeout' }])
  t.equal(exchanges.length, 0)
})

t.test('a slow body: 408', async (t) => {
  const { send } = await startEdge(t, {
    limits: { headerTimeout: milliseconds(50), requestTimeout: milliseconds(100) },
    handle: (exchange) => exchange.body?.resume(),
  })
  t.match(await send(`${post}Content-Length: 3\r\n\r\na`), /^HTTP\/1\.1 408 /)
})

t.test('a connection that never asks anything is closed without a word', async (t) => {
  const { send, refused } = await startEdge(t, { limits: { headerTimeout: milliseconds(50) } })
  t.equal(await send(''), '')
  t.same(refused, [])
})

t.test('a body above the limit that nobody declared', async (t) => {
  const { send } = await startEdge(t, {
    handle(exchange) {
      exchange.body?.resume().on('error', (error) => {
        exchange.respond({ status: 413, reasonPhrase: '', fields: [] }, Buffer.from(error.name))
      })
    },
  })
  const text = await send(`${post}Transfer-Encoding: chunked\r\n\r\n${`100\r\n${'a'.repeat(256)}\r\n`.repeat(400)}`)
  t.match(text, /^HTTP\/1\.1 413 [\s\S]*Connection: close\r\n[\s\S]*BodyTooLarge$/)
})

t.test('a body of exactly the limit passes', async (t) => {
  const { send } = await startEdge(t, { handle: (exchange) => exchange.body?.resume().on('end', () => answer(exchange)) })
  const size = 'Connection: close\r\nContent-Length: 1000'
  t.match(await send(`${post}${size}\r\n\r\n${'a'.repeat(1000)}`), /^HTTP\/1\.1 200 /)
  t.match(
    await send(`${post}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n${'a'.repeat(1000)}\r\n0\r\n\r\n`),
    /^HTTP\/1\.1 200 /,
  )
})

t.test('what Node refuses does not pass either, however a request is bent', async (t) => {
  const edge = await startEdge(t)
  const node = await startNode(t)
  const seeds = [
    `${get}X: a\r\n\r\n`,
    `${post}Content-Length: 3\r\n\r\nabc`,
    `${post}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`,
    `GET http://api.example/ HTTP/1.0\r\n${host}Connection: keep-alive\r\n\r\n`,
  ]
  const odd = [
    '\r',
    '\n',
    '\0',
    ' ',
    '\t',
    ':',
    '\r\n',
    '\x0b',
    '\xa0',
    '\xff',
    '0',
    '-',
    '_',
    '#',
    ',',
    'chunked',
    'Host: b\r\n',
  ]
  const bent = fc
    .record({ seed: fc.constantFrom(...seeds), at: fc.nat(120), drop: fc.nat(2), insert: fc.constantFrom('', ...odd) })
    .map(({ seed, at, drop, insert }) => {
      const place = at % seed.length
      return seed.slice(0, place) + insert + seed.slice(place + drop)
    })
  await fc.assert(
    fc.asyncProperty(bent, async (bytes) => {
      const [byNode, byUs] = await Promise.all([passes(node.port, bytes, () => node.passed.size), through(edge, bytes)])
      return byNode || !byUs
    }),
    { numRuns: 400 },
  )
})

async function through(edge: Edge, bytes: string): Promise<boolean> {
  return passes(edge.port, bytes, () => edge.exchanges.length)
}

/** Whether a handler saw a request whose bytes end there. */
async function passes(port: number, bytes: string, count: () => number): Promise<boolean> {
  const before = count()
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.resume()
  socket.end(Buffer.from(bytes, 'latin1'))
  await once(socket, 'close')
  return count() > before
}

async function startNode(t: Test): Promise<{ port: number; passed: Set<unknown> }> {
  const passed = new Set<unknown>()
  const server = createServer((message, response) => {
    passed.add(message)
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, passed }
}

import { once } from 'node:events'
import type { Socket } from 'node:net'
import t from 'tap'
import { BodyTooLarge } from '../../src/proxy/exchange.ts'
import type { NodeExchange } from '../../src/server/exchange.ts'
import { makeClock } from '../fixtures/clock.ts'
import { answer, type EdgeOptions, received, startEdge, until } from './edge.ts'

const get = 'GET /a?b HTTP/1.1\r\nHost: api.example\r\n'
const last = `${get}Connection: close\r\n\r\n`

function fields(text: string): string[] {
  return (text.split('\r\n\r\n')[0] ?? '')
    .split('\r\n')
    .slice(1)
    .filter((line) => !line.startsWith('Date: '))
}

function body(text: string): string {
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}

function scripted(handle: (exchange: NodeExchange) => void, rest: EdgeOptions = {}): EdgeOptions {
  return { ...rest, handle }
}

t.test('an exchange knows its request and who asks', async (t) => {
  const { send, exchanges } = await startEdge(t)
  await send(`POST /a?b HTTP/1.1\r\nHost: API.example\r\nX: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
  const [exchange] = exchanges
  t.match(exchange?.request, { method: 'POST', target: { path: '/a', query: 'b' }, host: 'api.example', scheme: 'http' })
  t.same(exchange?.request.fields, ['Host', 'api.example', 'X', '1', 'Content-Length', '0'])
  t.match(exchange, { clientAddress: '127.0.0.1', isTrusted: false, bodyLength: 0 })
  t.equal(exchange?.body, undefined)
  t.ok((exchange?.startedAt ?? 0) > 0)
})

t.test('X-Forwarded-Proto counts from a trusted proxy alone', async (t) => {
  const forwarded = `${get}X-Forwarded-Proto: https\r\nConnection: close\r\n\r\n`
  const trusting = await startEdge(t, { trustedProxies: ['127.0.0.0/8'] })
  await trusting.send(forwarded)
  t.match(trusting.exchanges[0], { isTrusted: true, request: { scheme: 'https' } })
  const wary = await startEdge(t, { trustedProxies: ['10.0.0.0/8'] })
  await wary.send(forwarded)
  t.match(wary.exchanges[0], { isTrusted: false, request: { scheme: 'http' } })
})

t.test('respond: head and body, with a length', async (t) => {
  const { send, exchanges } = await startEdge(
    t,
    scripted((exchange) => answer(exchange, 'caf\xe9', ['X-A', '\xe9', 'x-a', '2'])),
  )
  const text = await send(last)
  t.match(text, /^HTTP\/1\.1 200 OK\r\n/)
  t.same(fields(text), ['X-A: \xe9', 'x-a: 2', 'Content-Length: 4', 'Connection: close'])
  t.equal(body(text), 'caf\xe9')
  t.match(exchanges[0], { bytesWritten: 4, isHeadWritten: true, isGone: false })
})

t.test('respond: a Date of its own stays the only one', async (t) => {
  const date = 'Thu, 01 Jan 1970 00:00:00 GMT'
  const { send } = await startEdge(
    t,
    scripted((exchange) => answer(exchange, '', ['Date', date])),
  )
  t.same((await send(last)).match(/^Date: .*$/gm), [`Date: ${date}`])
})

t.test('respond: HEAD, 204 and 304 have no body', async (t) => {
  let status = 200
  const { send, exchanges } = await startEdge(
    t,
    scripted((exchange) => exchange.respond({ status, reasonPhrase: '', fields: [] }, Buffer.from('abc'))),
  )
  const head = await send(last.replace('GET', 'HEAD'))
  t.same([fields(head), body(head)], [['Content-Length: 3', 'Connection: close'], ''])
  for (status of [204, 304]) {
    const text = await send(last)
    t.same([fields(text), body(text)], [['Connection: close'], ''])
  }
  t.same(
    exchanges.map(({ bytesWritten }) => bytesWritten),
    [0, 0, 0],
  )
})

t.test('respond: keeps the connection, and its order of requests', async (t) => {
  const { open } = await startEdge(
    t,
    scripted((exchange) => answer(exchange, exchange.request.target.raw)),
  )
  const socket = open()
  const text = received(socket)
  socket.write(`GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n`)
  socket.write('GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  t.same(
    (await text).match(/\/\d/g)?.filter((path) => path !== '/1.'),
    ['/1', '/1', '/1', '/2', '/1', '/3'],
  )
})

t.test('fields that cannot be written cost themselves, not the answer', async (t) => {
  const odd = ['X-A', '1', 'X-B', 'a\r\nSet-Cookie: b', 'X C', '1', 'X-D', '\u0100', 'Content-Disposition', 'a; \xe9', 'X-E', '2']
  const { send, faults } = await startEdge(
    t,
    scripted((exchange) => exchange.respond({ status: 200, reasonPhrase: 'caf\u0100', fields: odd }, Buffer.from('abc'))),
  )
  const text = await send(last)
  t.match(text, /^HTTP\/1\.1 200 \r\n/)
  t.same(fields(text), ['X-A: 1', 'Content-Disposition: a; \xe9', 'X-E: 2', 'Content-Length: 3', 'Connection: close'])
  t.match(faults.map(String), [/"X-B"/, /"X C"/, /"X-D"/])
})

t.test('framing is ours, whatever the fields say', async (t) => {
  const lying = [
    'content-length',
    '1',
    'Transfer-Encoding',
    'chunked',
    'Connection',
    'keep-alive',
    'Trailer',
    'X',
    'Keep-Alive',
    '1',
  ]
  const { send } = await startEdge(
    t,
    scripted((exchange) => answer(exchange, 'abc', lying)),
  )
  t.same(fields(await send(last)), ['Content-Length: 3', 'Connection: close'])
})

t.test('head, write, end: with a length', async (t) => {
  const { send } = await startEdge(
    t,
    scripted((exchange) => {
      exchange.head({ status: 201, reasonPhrase: 'Made', fields: [] }, 4)
      exchange.write(Buffer.from('ab'))
      exchange.write(Buffer.from('cd'))
      exchange.end(['X', '1'])
      t.equal(exchange.write(Buffer.from('late')), true, 'behind the end it is ignored')
    }),
  )
  const text = await send(last)
  t.match(text, /^HTTP\/1\.1 201 Made\r\n/)
  t.same([fields(text), body(text)], [['Content-Length: 4', 'Connection: close'], 'abcd'])
})

t.test('head, write, end: chunks and trailers without one', async (t) => {
  const { send, faults } = await startEdge(
    t,
    scripted((exchange) => {
      exchange.head({ status: 200, reasonPhrase: '', fields: [] }, undefined)
      exchange.write(Buffer.from('ab'))
      exchange.end(['X-T', '\xe9', 'X-U', 'a\nb', 'Content-Length', '1'])
    }),
  )
  const text = await send(last)
  t.same(fields(text), ['Connection: close', 'Transfer-Encoding: chunked'])
  t.match(body(text), /^2\r\nab\r\n0\r\nX-T: \xe9\r\n\r\n$/)
  t.equal(faults.length, 1)
})

t.test('head, write, end: HTTP/1.0 gets no chunks, the end of the connection ends the body', async (t) => {
  const { send } = await startEdge(
    t,
    scripted((exchange) => {
      exchange.interim(103, ['Link', '</a>'])
      exchange.head({ status: 200, reasonPhrase: '', fields: [] }, undefined)
      exchange.write(Buffer.from('ab'))
      exchange.end(['X', '1'])
    }),
  )
  const text = await send('GET / HTTP/1.0\r\nHost: a\r\nTE: chunked\r\nConnection: keep-alive\r\n\r\n')
  t.same([fields(text), body(text)], [['Connection: close'], 'ab'])
})

t.test('head: for HEAD the length as given, for 204 none, for 304 as given, never a body', async (t) => {
  let status = 200
  const { send, exchanges } = await startEdge(
    t,
    scripted((exchange) => {
      exchange.head({ status, reasonPhrase: '', fields: [] }, 7)
      t.equal(exchange.write(Buffer.from('abc')), true)
      exchange.end()
    }),
  )
  const head = await send(last.replace('GET', 'HEAD'))
  t.same([fields(head), body(head)], [['Content-Length: 7', 'Connection: close'], ''])
  status = 304
  t.same(fields(await send(last)), ['Content-Length: 7', 'Connection: close'])
  status = 204
  t.same(fields(await send(last)), ['Connection: close'])
  t.same(new Set(exchanges.map(({ bytesWritten }) => bytesWritten)), new Set([0]))
})

t.test('head: does not wait for the first byte of the body', async (t) => {
  const { open } = await startEdge(
    t,
    scripted((exchange) => exchange.head({ status: 200, reasonPhrase: '', fields: ['X', '1'] }, undefined)),
  )
  const socket = open()
  socket.write(`${get}\r\n`)
  t.match(await until(socket, '\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\nX: 1\r\n/)
})

t.test('an answer that is not as long as it said is cut', async (t) => {
  for (const chunk of ['ab', 'abcd']) {
    const { send } = await startEdge(
      t,
      scripted((exchange) => {
        exchange.head({ status: 200, reasonPhrase: '', fields: [] }, 3)
        exchange.write(Buffer.from(chunk))
        exchange.end()
      }),
    )
    const text = await send(`${get}\r\n${get}\r\n`)
    t.notOk(text.split('HTTP/1.1').length > 2, 'nothing follows')
    t.not(body(text).length, 3)
  }
})

t.test('interim: before the head, never behind it', async (t) => {
  const { send, faults } = await startEdge(
    t,
    scripted((exchange) => {
      exchange.interim(103, ['Link', '</a.css>; rel=preload', 'X', 'a\nb', 'Connection', 'close'])
      exchange.interim(101, [])
      answer(exchange)
      exchange.interim(103, ['Link', '</late>'])
    }),
  )
  t.match(await send(last), /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  t.equal(faults.length, 1)
})

t.test('interim: a 100 as well, without its framing, but none that the client has had, and none for HTTP/1.0', async (t) => {
  const { send } = await startEdge(
    t,
    scripted((exchange) => {
      exchange.interim(100, ['X-A', '1', 'Content-Length', '5'])
      exchange.interim(102, [])
      exchange.body?.resume()
      answer(exchange)
    }),
  )
  const [plain, asked, old] = [last, last.replace('GET', 'POST'), last.replace('/1.1', '/1.0')]
  t.match(await send(plain), /^HTTP\/1\.1 100 Continue\r\nX-A: 1\r\n\r\nHTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  const expecting = asked.replace('Connection', 'Expect: 100-continue\r\nContent-Length: 3\r\nConnection')
  t.match(await send(`${expecting}abc`), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  t.match(await send(old), /^HTTP\/1\.1 200 OK\r\n/)
})

t.test('interim: an origin that never ends them does not fill our memory while the client reads nothing', async (t) => {
  let exchange: NodeExchange | undefined
  const { open, arrived } = await startEdge(t, {
    handle(given) {
      exchange = given
    },
  })
  const socket = open()
  socket.write(last)
  await arrived(1)
  for (let i = 0; i < 10_000; i++) exchange?.interim(103, ['Link', 'x'.repeat(4000)])
  const text = received(socket)
  answer(exchange as NodeExchange)
  const [hints = '', rest = ''] = (await text).split('HTTP/1.1 200 OK')
  t.ok(hints.length < 2 ** 24, 'dropped')
  t.match(rest, /ok$/)
})

t.test('Expect: 100-continue is answered before the body comes', async (t) => {
  const { open } = await startEdge(
    t,
    scripted((exchange) => exchange.body?.resume().on('end', () => answer(exchange))),
  )
  const socket = open()
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n')
  await until(socket, 'HTTP/1.1 100 Continue\r\n\r\n')
  socket.write('abc')
  t.match(await until(socket, 'ok'), /^HTTP\/1\.1 200 /)
})

async function left(socket: Socket): Promise<void> {
  socket.resetAndDestroy()
  if (!socket.closed) await once(socket, 'close')
}

t.test('onGone: once, for whoever waits and whoever comes later', async (t) => {
  const { open, arrived, exchanges } = await startEdge(t, { handle: () => {} })
  const socket = open()
  socket.write(`${get}\r\n`)
  await arrived(1)
  const [exchange] = exchanges as [NodeExchange]
  t.equal(exchange.isGone, false)
  let runs = 0
  const gone = new Promise<void>((resolve) => {
    exchange.onGone(() => {
      runs++
      resolve()
    })
  })
  await left(socket)
  await gone
  t.equal(exchange.isGone, true)
  let late = false
  exchange.onGone(() => {
    late = true
  })
  t.ok(late, 'at once')
  answer(exchange)
  exchange.head({ status: 200, reasonPhrase: '', fields: [] }, 1)
  exchange.interim(103, [])
  t.equal(exchange.write(Buffer.from('abc')), true, 'ignored')
  exchange.end()
  exchange.destroy()
  t.equal(runs, 1)
})

t.test('onGone: also for an answer that waits for another one before it', async (t) => {
  const { open, arrived, exchanges } = await startEdge(t, { handle: () => {} })
  const socket = open()
  socket.write(`${get}\r\n${get}\r\n`)
  await arrived(2)
  const gone = Promise.all(exchanges.map((exchange) => new Promise<void>((resolve) => exchange.onGone(resolve))))
  await left(socket)
  await gone
})

t.test('onGone: not for who leaves after the answer', async (t) => {
  const { open, arrived, exchanges, listener } = await startEdge(t)
  const socket = open()
  socket.write(`${get}\r\n`)
  await arrived(1)
  let runs = 0
  exchanges[0]?.onGone(() => runs++)
  await until(socket, 'ok')
  await left(socket)
  while (listener.connections > 0) await new Promise(setImmediate)
  t.equal(runs, 0)
})

t.test('write: says when to wait, onDrain when to go on', async (t) => {
  const chunk = Buffer.alloc(1 << 20)
  const total = 32
  let waits = 0
  const { open } = await startEdge(
    t,
    scripted((exchange) => {
      exchange.head({ status: 200, reasonPhrase: '', fields: [] }, chunk.length * total)
      let written = 0
      const pump = (): void => {
        while (written < total) {
          written++
          if (exchange.write(chunk)) continue
          waits++
          exchange.onDrain(pump)
          return
        }
        exchange.end()
      }
      pump()
    }),
  )
  const socket = open()
  const text = received(socket)
  socket.write(last)
  t.equal(body(await text).length, chunk.length * total)
  t.ok(waits > 0)
})

t.test('body: its bytes, and its errors', async (t) => {
  const failed = Promise.withResolvers<Error>()
  const { open, arrived, exchanges } = await startEdge(
    t,
    scripted((exchange) => exchange.body?.resume().on('error', failed.resolve)),
  )
  const socket = open()
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na')
  await arrived(1)
  t.equal(exchanges[0]?.bodyLength, 3)
  await left(socket)
  t.equal((await failed.promise) instanceof BodyTooLarge, false)
})

t.test('body: to destroy it spares the connection, and the answer says that it is the last', async (t) => {
  const { open, arrived } = await startEdge(
    t,
    scripted((exchange) => {
      exchange.body?.on('data', () => {
        exchange.body?.destroy()
        answer(exchange, 'enough')
      })
    }),
  )
  const socket = open()
  const text = received(socket)
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n')
  await arrived(1)
  t.match(await text, /^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close\r\n[\s\S]*enough$/)
})

t.test('body: a short one that nobody reads does not cost the connection', async (t) => {
  const { open } = await startEdge(t)
  const socket = open()
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc`)
  t.match(await until(socket, 'ok'), /Connection: keep-alive/)
  socket.write(last)
  t.match(await until(socket, 'ok'), /^HTTP\/1\.1 200 /)
})

t.test('body: a client that sends on after the last answer is cut off in the end', async (t) => {
  const clock = makeClock()
  const { open, listener } = await startEdge(t, { clock })
  const socket = open(true)
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n')
  t.match(await until(socket, 'ok'), /Connection: close/)
  socket.resume()
  await once(socket, 'end')
  socket.write('1\r\na\r\n')
  t.equal(listener.connections, 1, 'closed at once, it might never have seen the answer')
  clock.advance(2_000)
  while (listener.connections > 0) await new Promise(setImmediate)
  t.equal(clock.pending(), 0)
})

import { once } from 'node:events'
import type { Socket } from 'node:net'
import t from 'tap'
import type { NodeExchange } from '../../src/server/exchange.ts'
import { createListener } from '../../src/server/listener.ts'
import type { Upgrade } from '../../src/server/upgrade.ts'
import { milliseconds, systemClock } from '../../src/time.ts'
import { makeClock } from '../fixtures/clock.ts'
import { answer, limits, received, startEdge, until } from './edge.ts'

const host = 'Host: api.example\r\n'
const get = `GET / HTTP/1.1\r\n${host}\r\n`
const websocket = `${host}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\n`

async function closed(socket: Socket): Promise<void> {
  socket.resume()
  if (!socket.closed) await once(socket, 'close')
}

t.test('listen: an address that is taken is said in one sentence', async (t) => {
  const { port } = await startEdge(t)
  const nothing = (): void => {}
  const settings = { host: '127.0.0.1', port, limits, trustedProxies: [], via: true, forwarded: false }
  const plan = { settings, clock: systemClock, handle: nothing, upgrade: nothing, refused: nothing, fault: nothing }
  await t.rejects(createListener(plan).listen(), {
    message: `Cannot listen on 127.0.0.1:${port}: something else listens there`,
    cause: { code: 'EADDRINUSE' },
  })
  const elsewhere = { ...plan, settings: { ...settings, host: '192.0.2.1' } }
  await t.rejects(createListener(elsewhere).listen(), { message: /^Cannot listen on 192\.0\.2\.1:\d+: this machine has no such/ })
})

t.test('listen: IPv6', async (t) => {
  const nothing = (): void => {}
  const settings = { host: '::1', port: 0, limits, trustedProxies: [], via: true, forwarded: false }
  const plan = { settings, clock: systemClock, handle: nothing, upgrade: nothing, refused: nothing, fault: nothing }
  const listener = createListener(plan)
  t.match(await listener.listen(), { address: '::1', port: Number })
  await listener.drain(milliseconds(0))
})

t.test('connections above the limit hear a 503', async (t) => {
  const { open, send, arrived, exchanges, refused, listener } = await startEdge(t, {
    limits: { connections: 1 },
    handle: () => {},
  })
  const socket = open()
  socket.write(get)
  await arrived(1)
  t.equal(listener.connections, 1)
  t.match(await send(get), /^HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n[\s\S]*503 too-many-connections\n$/)
  t.match(refused, [{ status: 503, reason: 'too-many-connections' }])
  answer(exchanges[0] as NodeExchange)
  t.match(await until(socket, 'ok'), /^HTTP\/1\.1 200 /, 'the one that stands goes on')
  t.equal(exchanges.length, 1)
})

t.test('requests that come one behind the other without end are read as their answers leave', async (t) => {
  const all = 40_000
  const { open, arrived, exchanges } = await startEdge(t, { handle: () => {} })
  const round = (): Promise<void> => new Promise((next) => setImmediate(next))
  const socket = open()
  const text = received(socket)
  socket.write(`${get.repeat(all - 1)}GET / HTTP/1.1\r\n${host}Connection: close\r\n\r\n`)
  await arrived(64)
  for (let i = 0; i < 200; i++) await round()
  t.ok(exchanges.length < all / 2, 'those of the first packets')
  for (let answered = 0; answered < all; await round())
    while (answered < exchanges.length) answer(exchanges[answered++] as NodeExchange)
  t.equal((await text).split('HTTP/1.1 200').length - 1, all)
})

t.test('a fault of the handler costs one answer', async (t) => {
  const { send, faults } = await startEdge(t, {
    handle() {
      throw new Error('Broken')
    },
  })
  t.match(await send(get.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')), /^HTTP\/1\.1 500 /)
  t.match(faults, [{ message: 'Broken' }])
})

t.test('an idle connection is closed', async (t) => {
  const { open } = await startEdge(t, { limits: { idleTimeout: milliseconds(50) } })
  const socket = open()
  socket.write(get)
  t.match(await until(socket, 'ok'), /^HTTP\/1\.1 200 /)
  await closed(socket)
})

t.test('a client that does not read its answer is cut; one that waits for it is not', async (t) => {
  const { open, arrived, exchanges, listener } = await startEdge(t, {
    limits: { idleTimeout: milliseconds(50) },
    handle: () => {},
  })
  const patient = open()
  patient.write(get)
  await arrived(1)
  const stalled = open().pause()
  stalled.write(get)
  await arrived(2)
  const gone = new Promise<void>((resolve) => exchanges[1]?.onGone(resolve))
  exchanges[1]?.head({ status: 200, reasonPhrase: '', fields: [] }, undefined)
  exchanges[1]?.write(Buffer.alloc(64 << 20))
  await gone
  // The patient one was silent for longer than that.
  t.equal(listener.connections, 1)
  answer(exchanges[0] as NodeExchange)
  t.match(await until(patient, 'ok'), /^HTTP\/1\.1 200 /)
})

t.test('drain: idle connections close at once, answers that are owed go out and are the last', async (t) => {
  const { open, arrived, exchanges, listener, port } = await startEdge(t, {
    handle(exchange) {
      if (exchange.request.target.raw === '/') answer(exchange)
    },
  })
  const idle = open()
  idle.write(get)
  await until(idle, 'ok')
  const unused = open()
  await once(unused, 'connect')
  const busy = open()
  const text = received(busy)
  busy.write(`GET /slow HTTP/1.1\r\n${host}\r\n`)
  const streaming = open()
  const stream = received(streaming)
  streaming.write(`GET /stream HTTP/1.1\r\n${host}\r\n`)
  await arrived(3)
  const slow = exchanges.find(({ request }) => request.target.raw === '/slow') as NodeExchange
  const begun = exchanges.find(({ request }) => request.target.raw === '/stream') as NodeExchange
  begun.head({ status: 200, reasonPhrase: '', fields: [] }, 2)
  begun.write(Buffer.from('a'))

  const drained = listener.drain(milliseconds(60_000))
  t.equal(listener.isDraining, true)
  await Promise.all([closed(idle), closed(unused)])
  t.equal(listener.connections, 2)
  answer(slow)
  begun.write(Buffer.from('b'))
  begun.end()
  t.match(await text, /Connection: close\r\n[\s\S]*ok$/)
  t.match(await stream, /Connection: keep-alive\r\n[\s\S]*ab$/, 'its head had gone out before')
  await drained
  t.equal(listener.connections, 0)
  const refused = open()
  t.match(await once(refused, 'error'), [{ code: 'ECONNREFUSED' }], `nobody listens on ${port}`)
})

t.test('drain: an answer that has ended and is not read yet is not cut', async (t) => {
  const size = 64 << 20
  const { open, arrived, listener } = await startEdge(t, {
    handle: (exchange) => exchange.respond({ status: 200, reasonPhrase: '', fields: [] }, Buffer.alloc(size)),
  })
  const socket = open().pause()
  socket.write(get)
  await arrived(1)
  const drained = listener.drain(milliseconds(60_000))
  const text = received(socket)
  socket.resume()
  t.equal((await text).split('\r\n\r\n')[1]?.length, size)
  await drained
})

t.test('drain: what is not done by the deadline is cut', async (t) => {
  const clock = makeClock()
  const { open, arrived, exchanges, listener } = await startEdge(t, { clock, handle: () => {} })
  const socket = open()
  socket.write(get)
  await arrived(1)
  const drained = listener.drain(milliseconds(5_000))
  clock.advance(4_999)
  t.equal(exchanges[0]?.isGone, false)
  clock.advance(1)
  await Promise.all([drained, closed(socket)])
  t.equal(exchanges[0]?.isGone, true)
  t.equal(clock.pending(), 0)
})

t.test('upgrade: a WebSocket passes the gate and is handed over whole', async (t) => {
  const { promise, resolve } = Promise.withResolvers<Upgrade>()
  const { open, listener, exchanges } = await startEdge(t, { upgrade: resolve })
  const socket = open()
  socket.write(`GET /live?a HTTP/1.1\r\n${websocket}Cookie: a\r\n\r\nfirst`)
  const upgrade = await promise
  t.match(upgrade, { clientAddress: '127.0.0.1', isTrusted: false, request: { method: 'GET', target: { raw: '/live?a' } } })
  t.same(upgrade.request.fields, ['Host', 'api.example', 'Sec-WebSocket-Key', 'a', 'Cookie', 'a'])
  t.equal(String(upgrade.head), 'first')
  t.equal(listener.connections, 0, 'it is not ours any more')
  upgrade.socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
  await until(socket, '101')
  socket.write('more')
  t.equal(String((await once(upgrade.socket, 'data'))[0]), 'more')
  await listener.drain(milliseconds(0))
  upgrade.socket.end('bye')
  await until(socket, 'bye')
  t.equal(exchanges.length, 0)
})

t.test('upgrade: the gate holds for it', async (t) => {
  let upgrades = 0
  const { send, refused, exchanges } = await startEdge(t, { upgrade: () => upgrades++ })
  const cases = [
    [`GET /#a HTTP/1.1\r\n${websocket}\r\n`, 400],
    [`GET / HTTP/1.1\r\n${websocket}Host: b\r\n\r\n`, 400],
    [`GET http://evil.example/ HTTP/1.1\r\n${websocket}\r\n`, 421],
    [`GET / HTTP/2.0\r\n${websocket}\r\n`, 505],
    [`GET / HTTP/1.1\r\n${websocket}Connection: cookie\r\n\r\n`, 400],
  ] as const
  for (const [bytes, status] of cases) t.match(await send(bytes), new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*\\n$`))
  t.equal(refused.length, cases.length)
  t.equal(upgrades + exchanges.length, 0)
})

t.test('upgrade: to anything else, with a body, or in HTTP/1.0 it is an ordinary request', async (t) => {
  const { open, exchanges } = await startEdge(t, { upgrade: () => t.fail('handed over') })
  const socket = open()
  const asks = [
    `GET /1 HTTP/1.1\r\n${host}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: a\r\n\r\n`,
    `POST /2 HTTP/1.1\r\n${websocket}Content-Length: 3\r\n\r\nabc`,
    `GET /3 HTTP/1.1\r\n${websocket}Content-Length: 3\r\n\r\nabc`,
  ]
  for (const ask of asks) {
    socket.write(ask)
    await until(socket, 'ok')
  }
  t.same(exchanges[0]?.request.fields, ['Host', 'api.example'])
  socket.write(`GET /4 HTTP/1.0\r\n${websocket}\r\n`)
  await until(socket, 'ok')
})

t.test('upgrade: none overtakes an answer that is owed', async (t) => {
  const { open, arrived, exchanges } = await startEdge(t, { handle: () => {}, upgrade: () => t.fail('handed over') })
  const socket = open()
  socket.write(`${get}GET /live HTTP/1.1\r\n${websocket}\r\n`)
  await arrived(2)
  for (const exchange of exchanges) answer(exchange, exchange.request.target.raw)
  await until(socket, '/live')
})

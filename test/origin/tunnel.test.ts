import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import WebSocket, { WebSocketServer } from 'ws'
import { endToEnd } from '../../src/http/hop-by-hop.ts'
import type { OriginSettings } from '../../src/origin/origin-settings.ts'
import { createTunnel, type Tunnel } from '../../src/origin/tunnel.ts'
import { milliseconds } from '../../src/time.ts'
import { makeClock, type TestClock } from '../fixtures/clock.ts'
import { defaultOriginSettings } from '../fixtures/origin-settings.ts'
import { type ScriptedOrigin, startOrigin, type UpgradeHandler } from '../fixtures/scripted-origin.ts'

interface Bench {
  readonly scripted: ScriptedOrigin
  readonly tunnel: Tunnel
  readonly clock: TestClock
  readonly port: number
  /** What each upgrade came to, in the order in which it was known. */
  readonly answered: ReadonlyArray<number | undefined>
  /** A client's socket on which an upgrade has been asked for. */
  ask(target?: string, head?: string): Socket
  /** Resolves when no tunnel is open. */
  over(): Promise<void>
}

const question =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
const welcome = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'

async function bench(t: Test, onUpgrade: UpgradeHandler, settings: Partial<OriginSettings> = {}): Promise<Bench> {
  const scripted = await startOrigin(undefined, { onUpgrade })
  const clock = makeClock()
  const tunnel = createTunnel({ ...defaultOriginSettings, addresses: [scripted.url], ...settings }, clock)
  const server = createServer()
  const answered: Array<number | undefined> = []
  server.on('upgrade', (message, socket, head) =>
    tunnel.upgrade({ message, socket, head, fields: endToEnd(message.rawHeaders) }, (status) => answered.push(status)),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const sockets: Socket[] = []
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    await scripted.close()
    server.close()
  })
  return {
    scripted,
    tunnel,
    clock,
    port,
    answered,
    ask(target = '/live', head = question) {
      const socket = connect(port, '127.0.0.1')
      sockets.push(socket)
      socket.on('error', () => {})
      socket.write(`GET ${target} HTTP/1.1\r\nHost: api.example\r\n${head}\r\n`)
      return socket
    },
    async over() {
      while (tunnel.open > 0) await new Promise(setImmediate)
    },
  }
}

/** What the client has been sent by the time that it contains `expected`. */
async function until(socket: Socket, expected: string): Promise<string> {
  let received = ''
  while (!received.includes(expected)) received += ((await once(socket, 'data')) as [Buffer])[0].toString('latin1')
  return received
}

/** The origin's side of the next upgrade. */
function upgrades(): { handler: UpgradeHandler; next: Promise<{ request: IncomingMessage; socket: Duplex }> } {
  const { promise, resolve } = Promise.withResolvers<{ request: IncomingMessage; socket: Duplex }>()
  return { handler: (request, socket) => resolve({ request, socket }), next: promise }
}

/** A peer that reads, and closes when the other side does. */
function polite(socket: Duplex): void {
  socket.on('end', () => socket.end()).resume()
}

t.test('upgrade: a WebSocket speaks both ways and closes both ways', async (t) => {
  const server = new WebSocketServer({ noServer: true })
  t.teardown(() => server.close())
  const { port, tunnel, over, answered } = await bench(t, (request, socket, head) =>
    server.handleUpgrade(request, socket, head, (peer) => peer.on('message', (data) => peer.send(`echo ${data}`))),
  )
  const client = new WebSocket(`ws://127.0.0.1:${port}/live?a`)
  await once(client, 'open')
  t.equal(tunnel.open, 1)
  client.send('hi')
  t.equal(String(((await once(client, 'message')) as [Buffer])[0]), 'echo hi')
  const [peer] = server.clients
  const closed = once(client, 'close')
  peer?.close(4001, 'enough')
  t.match(await closed, [4001])
  await over()
  t.same(answered, [101])
})

t.test('upgrade: the target and the fields arrive as they were matched', async (t) => {
  const { handler, next } = upgrades()
  const { ask } = await bench(t, handler)
  ask('/a/../%62//c?', `${question}X-A: 1\r\nx-a: caf\xe9\r\nConnection: x-hop\r\nX-Hop: 1\r\nTrailer: x\r\n`)
  const { request } = await next
  t.equal(request.url, '/a/../%62//c?')
  t.equal(request.headers.host, 'api.example')
  t.equal(request.headers.connection, 'Upgrade')
  t.equal(request.headers['x-a'], '1, caf\u00c3\u00a9', 'bytes as the client wrote them (in UTF-8 here)')
  t.notOk(request.headers['x-hop'])
  t.notOk(request.headers.trailer)
})

t.test('upgrade: "//host" in the target does not lead to another host', async (t) => {
  const { handler, next } = upgrades()
  const { ask } = await bench(t, handler)
  ask('//evil.example/x')
  t.equal((await next).request.url, '//evil.example/x')
})

t.test('http-proxy-3: a client that leaves before the answer takes the connection to the origin with it', async (t) => {
  for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
    const { handler, next } = upgrades()
    const { ask, scripted, over, clock, answered } = await bench(t, handler)
    const client = ask()
    const { socket } = await next
    polite(socket)
    client[leave]()
    await scripted.drained()
    await over()
    t.same(answered, [undefined])
    t.equal(clock.pending(), 0, 'no deadline is left behind')
  }
})

t.test('http-proxy-3: a refused upgrade is passed on as the origin wrote it', async (t) => {
  const { handler, next } = upgrades()
  const { ask, over, answered } = await bench(t, handler)
  const client = ask()
  const answer = text(client)
  const { socket } = await next
  socket.end(
    Buffer.from(
      'HTTP/1.1 401 Not You\r\nX-A: caf\xe9\r\nX-B: 1\r\nX-B: 2\r\nKeep-Alive: timeout=5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n',
      'latin1',
    ),
  )
  t.equal(
    await answer,
    Buffer.from('HTTP/1.1 401 Not You\r\nX-A: caf\xe9\r\nX-B: 1\r\nX-B: 2\r\nConnection: close\r\n\r\nno', 'latin1').toString(),
  )
  client.end()
  await over()
  t.same(answered, [401])
})

t.test('http-proxy-3: a refused upgrade that is cut off does not leave the client waiting', async (t) => {
  const { handler, next } = upgrades()
  const { ask, over } = await bench(t, handler)
  const client = ask()
  const { socket } = await next
  socket.write('HTTP/1.1 401 Not You\r\nContent-Length: 10\r\n\r\nhalf')
  await until(client, 'half')
  const closed = once(client, 'close')
  ;(socket as Socket).resetAndDestroy()
  await closed
  await over()
})

t.test('http-proxy-3: an odd status line ends the tunnel, not the process', async (t) => {
  for (const line of ['HTTP/1.1 200 caf\xe9', 'HTTP/1.1 99 x', 'HTTP/1.1 999 x', 'nonsense', 'HTTP/1.1 200']) {
    const { handler, next } = upgrades()
    const { ask, over } = await bench(t, handler)
    const client = ask()
    const answer = text(client)
    const { socket } = await next
    socket.on('error', () => {})
    socket.end(Buffer.from(`${line}\r\nContent-Length: 0\r\n\r\n`, 'latin1'))
    t.match(await answer, /^HTTP\/1\.1 \d{3} /)
    client.end()
    await over()
  }
})

t.test('upgrade: an origin that cannot be reached or breaks off is 502', async (t) => {
  const { ask, scripted, over, answered } = await bench(t, (_request, socket) => (socket as Socket).resetAndDestroy())
  t.match(await text(ask()), /^HTTP\/1\.1 502 Bad Gateway\r\n.*Connection: close\r\n\r\n$/s)
  await scripted.close()
  t.match(await text(ask()), /^HTTP\/1\.1 502 /)
  await over()
  t.same(answered, [502, 502])
})

t.test('upgrade: an origin that does not answer is 504', async (t) => {
  const { handler, next } = upgrades()
  const { ask, clock, over, scripted } = await bench(t, handler, { headersTimeout: milliseconds(2000) })
  const answer = text(ask())
  const { socket } = await next
  polite(socket)
  clock.advance(2000)
  t.match(await answer, /^HTTP\/1\.1 504 /)
  await scripted.drained()
  await over()
})

t.test('upgrade: what cannot be tunnelled is refused before the origin hears of it', async (t) => {
  const { ask, scripted } = await bench(t, () => t.fail('not forwarded'))
  t.match(await text(ask('/', 'Connection: Upgrade\r\nUpgrade: h2c\r\n')), /^HTTP\/1\.1 501 /)
  t.match(await text(ask('/', `${question}Content-Length: 5\r\n`)), /^HTTP\/1\.1 400 /)
  t.equal(scripted.count(), 0)
})

t.test('upgrade: no more tunnels than allowed', async (t) => {
  const accept: UpgradeHandler = (_request, socket) => {
    polite(socket)
    socket.write(welcome)
  }
  const { ask, over, tunnel } = await bench(t, accept, { maxTunnels: 1 })
  const first = ask()
  await until(first, '\r\n\r\n')
  t.match(await text(ask()), /^HTTP\/1\.1 503 /)
  t.equal(tunnel.open, 1)
  first.destroy()
  await over()
  await until(ask(), '101')
})

t.test('http-proxy-3: when one side is gone the other is closed, and destroyed if it does not close', async (t) => {
  for (const leave of ['destroy', 'resetAndDestroy'] as const) {
    const { handler, next } = upgrades()
    const { ask, clock, tunnel, over } = await bench(t, handler)
    const client = ask()
    const { socket } = await next
    socket.write(welcome)
    await until(client, '\r\n\r\n')
    // The origin's side reads the end and never closes its own.
    const ended = once(socket.resume(), 'end')
    client[leave]()
    await ended
    t.equal(tunnel.open, 1)
    clock.advance(5000)
    await over()
    t.equal(clock.pending(), 0)
  }
})

t.test('upgrade: what was sent before the end still arrives', async (t) => {
  const { handler, next } = upgrades()
  const { ask, over } = await bench(t, handler)
  const client = ask()
  const { socket } = await next
  socket.end(`${welcome}last words`)
  t.match(await text(client), /last words$/)
  client.end()
  await over()
})

t.test('close: ends every tunnel politely on both sides, and takes no more', async (t) => {
  const { handler, next } = upgrades()
  const { ask, tunnel, clock, scripted } = await bench(t, handler)
  const client = ask()
  const { socket } = await next
  socket.write(welcome)
  await until(client, '\r\n\r\n')
  const ends = Promise.all([once(client.resume(), 'end'), once(socket.resume(), 'end')])
  const closed = tunnel.close(5000)
  t.match(await text(ask()), /^HTTP\/1\.1 503 /)
  await ends
  socket.end()
  client.end()
  await closed
  await scripted.drained()
  t.equal(tunnel.open, 0)
  // The refused one closes on its own a moment later; then no deadline is left behind.
  while (clock.pending() > 0) await new Promise(setImmediate)
})

t.test('close: one that waits for its answer gets 503, one that does not close is destroyed at the deadline', async (t) => {
  const waiting = upgrades()
  const asking = await bench(t, waiting.handler)
  const client = asking.ask()
  const { socket } = await waiting.next
  polite(socket)
  const answer = text(client)
  const closed = asking.tunnel.close(1000)
  t.match(await answer, /^HTTP\/1\.1 503 /)
  await closed

  const stubborn = upgrades()
  const open = await bench(t, stubborn.handler)
  const other = open.ask()
  ;(await stubborn.next).socket.write(welcome)
  await until(other, '\r\n\r\n')
  const ended = open.tunnel.close(1000)
  open.clock.advance(1000)
  await ended
  t.equal(open.tunnel.open, 0)
})

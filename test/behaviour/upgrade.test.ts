/** WebSockets through the whole proxy: passed on untouched, refused as the origin refuses, and closed on both sides whoever closes. */
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { type WebSocket as ServerSocket, WebSocketServer } from 'ws'
import { fieldValue } from '../../src/http/fields.ts'
import { type House, openHouse } from '../fixtures/house.ts'
import { type ScriptedOrigin, startOrigin } from '../fixtures/scripted-origin.ts'

interface Live {
  readonly house: House
  readonly origin: ScriptedOrigin
  /** The origin's side of the next connection. */
  accepted(): Promise<ServerSocket>
  connect(target?: string): WebSocket
}

async function openLive(t: Test, env: Readonly<Record<string, string>> = {}): Promise<Live> {
  const sockets = new WebSocketServer({ noServer: true })
  const origin = await startOrigin(undefined, {
    onUpgrade(request, socket, head) {
      if (request.url === '/refused') socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\nX-Why: no\r\n\r\nnot so')
      else sockets.handleUpgrade(request, socket, head, (accepted) => sockets.emit('connection', accepted, request))
    },
  })
  t.teardown(async () => {
    for (const socket of sockets.clients) socket.terminate()
    await origin.close()
  })
  const house = await openHouse(t, { rules: 'rules: []', origin: origin.url, env })
  return {
    house,
    origin,
    accepted: async () => ((await once(sockets, 'connection')) as [ServerSocket])[0],
    connect: (target = '/live') => new WebSocket(`${house.url.replace('http', 'ws')}${target}`),
  }
}

function isAccess({ msg }: Readonly<Record<string, unknown>>): boolean {
  return msg === 'access'
}

t.test('messages go both ways', async (t) => {
  const live = await openLive(t)
  const arrival = live.accepted()
  const client = live.connect('/live?room=1')
  const server = await arrival
  server.on('message', (data, isBinary) => server.send(isBinary ? data : `echo ${data}`))
  client.binaryType = 'arraybuffer'
  await once(client, 'open')
  client.send('hello')
  t.equal((await once(client, 'message'))[0].data, 'echo hello')
  const bytes = new Uint8Array(300_000).fill(7)
  client.send(bytes)
  t.same(new Uint8Array((await once(client, 'message'))[0].data), bytes)
  server.send('unasked')
  t.equal((await once(client, 'message'))[0].data, 'unasked')
  const { target, rawHeaders } = live.origin.requests[0] ?? { target: '', rawHeaders: [] }
  t.equal(target, '/live?room=1')
  t.equal(fieldValue(rawHeaders, 'x-forwarded-for'), '127.0.0.1')
  t.match(live.house.lines.filter(isAccess), [
    { rule: '(unmatched)', outcome: 'tunnel', reason: 'upgrade', status: 101, method: 'GET' },
  ])
  client.close()
  await once(server, 'close')
})

t.test('either side closes the other, with its code', async (t) => {
  const live = await openLive(t)
  for (const closes of ['client', 'origin', 'client breaks off', 'origin breaks off']) {
    const arrival = live.accepted()
    const client = live.connect()
    const [server] = await Promise.all([arrival, once(client, 'open')])
    const [clientClosed, serverClosed] = [once(client, 'close'), once(server, 'close')]
    client.addEventListener('error', () => {})
    if (closes === 'client') client.close(4001, 'enough')
    if (closes === 'origin') server.close(4001, 'enough')
    if (closes === 'origin breaks off') server.terminate()
    if (closes === 'client breaks off') {
      // The global client can only close politely: another one leaves without a word.
      const leaving = live.accepted()
      const socket = connect(Number(new URL(live.house.url).port), '127.0.0.1')
      socket.write(
        'GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
      )
      const left = await leaving
      socket.destroy()
      await once(left, 'close')
      client.close(4001, 'enough')
    }
    const [{ code }] = await clientClosed
    await serverClosed
    t.equal(code, closes === 'origin breaks off' ? 1006 : 4001, closes)
  }
  await live.origin.drained()
})

t.test('a refused upgrade comes back as the origin gave it', async (t) => {
  const live = await openLive(t)
  const { port } = new URL(live.house.url)
  const request = httpRequest({
    port,
    host: '127.0.0.1',
    path: '/refused',
    agent: false,
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    },
  }).end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  t.match(response, { statusCode: 403, headers: { 'x-why': 'no' } })
  t.equal(await text(response), 'not so')
  t.match(live.house.lines.filter(isAccess), [{ outcome: 'error', reason: 'upgrade-failed', status: 403 }])
  const client = live.connect('/refused')
  await Promise.race([once(client, 'error'), once(client, 'close')])
  t.not(client.readyState, WebSocket.OPEN)
})

t.test('an upgrade to an origin that is away is an error', async (t) => {
  const gone = await startOrigin()
  await gone.close()
  const house = await openHouse(t, { rules: 'rules: []', origin: gone.url })
  const client = new WebSocket(house.url.replace('http', 'ws'))
  await Promise.race([once(client, 'error'), once(client, 'close')])
  t.not(client.readyState, WebSocket.OPEN)
  t.match(house.lines.filter(isAccess), [{ outcome: 'error', reason: 'upgrade-failed', status: 502 }])
})

t.test('shutting down closes both sides of every tunnel', async (t) => {
  const live = await openLive(t)
  const arrival = live.accepted()
  const client = live.connect()
  const [server] = await Promise.all([arrival, once(client, 'open')])
  client.addEventListener('error', () => {})
  const closed = [once(client, 'close'), once(server, 'close')]
  await live.house.close()
  await Promise.all(closed)
  await live.origin.drained()
})

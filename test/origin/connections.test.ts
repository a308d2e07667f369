import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { type Connection, type Connections, createConnections, type SendableRequest } from '../../src/origin/connections.ts'
import type { OriginSettings } from '../../src/origin/origin-settings.ts'
import { certificate, certificateKey, certificateName } from '../fixtures/certificate.ts'
import { makeGate } from '../fixtures/gate.ts'
import { defaultOriginSettings } from '../fixtures/origin-settings.ts'
import { type ScriptedOrigin, startOrigin } from '../fixtures/scripted-origin.ts'
import { until } from '../fixtures/until.ts'

interface Bench {
  readonly scripted: ScriptedOrigin
  readonly connections: Connections
}

async function bench(t: Test, settings: Partial<OriginSettings> = {}): Promise<Bench> {
  const scripted = await startOrigin()
  const connections = createConnections(scripted.url, { ...defaultOriginSettings, ...settings })
  t.teardown(async () => {
    await connections.close()
    await scripted.close()
  })
  return { scripted, connections }
}

interface Sent {
  /** What `countUse` said when the request left. */
  readonly wasUsed: boolean
  readonly body: string
  /** Every head's, as the origin sent them. */
  readonly statuses: readonly number[]
}

/** Sends and waits for the whole answer. Rejects with what undici says. */
function send(connection: Connection, request: Partial<SendableRequest> = {}): Promise<Sent> {
  return new Promise((resolve, reject) => {
    let wasUsed = false
    let body = ''
    const statuses: number[] = []
    connection.dispatch(
      { method: 'GET', path: '/', headers: [], body: null, ...request },
      {
        onRequestStart() {
          wasUsed = connection.countUse()
        },
        onResponseStart: (_controller, status) => void statuses.push(connection.originStatus(status)),
        onResponseData(_controller, chunk) {
          body += chunk
        },
        onResponseEnd: () => resolve({ wasUsed, body, statuses }),
        onResponseError: (_controller, error) => reject(error),
      },
    )
  })
}

t.test('take: connects to nothing before something is sent, and keeps the socket for the next exchange', async (t) => {
  const { connections, scripted } = await bench(t)
  const connection = connections.take(false)
  t.equal(connection.isOpen(), false)
  t.equal(scripted.connections(), 0)
  t.match(await send(connection, { path: '/a' }), { wasUsed: false, body: '/a' })
  t.equal(connection.isOpen(), true)
  connection.giveBack()
  t.equal(connections.take(false), connection)
  t.match(await send(connection, { path: '/b' }), { wasUsed: true, body: '/b' })
  t.equal(scripted.connections(), 1)
})

t.test('take: the warmest of the free ones, and a new one when none is', async (t) => {
  const { connections } = await bench(t)
  const [one, two] = [connections.take(false), connections.take(false)]
  t.not(one, two, 'what is taken is nobody else’s')
  one.giveBack()
  two.giveBack()
  t.equal(connections.take(false), two, 'the one given back last')
  t.equal(connections.take(false), one)
  t.notOk([one, two].includes(connections.take(false)))
})

t.test('take: a fresh one replaces a free one, so that there are never more than slots', async (t) => {
  const { connections, scripted } = await bench(t)
  const warm = connections.take(false)
  await send(warm)
  warm.giveBack()
  const fresh = connections.take(true)
  t.not(fresh, warm)
  t.equal(warm.isOpen(), false)
  t.equal(fresh.isOpen(), false)
  await scripted.drained()
  t.match(await send(fresh), { wasUsed: false })
  t.equal(scripted.connections(), 2)
})

t.test('a socket that the origin closed is no open one, and the next is new', async (t) => {
  const { connections, scripted } = await bench(t)
  const connection = connections.take(false)
  await send(connection)
  scripted.resetAll()
  await until('the reset to arrive', () => !connection.isOpen())
  t.match(await send(connection), { wasUsed: false }, 'nobody used this socket before')
  t.match(await send(connection), { wasUsed: true })
  t.equal(scripted.connections(), 2)
})

t.test('an orderly close is told from a reset, which undici ends the body by all the same, and not over TLS', async (t) => {
  for (const end of ['cut', 'reset'] as const) {
    const { connections, scripted } = await bench(t)
    const gate = makeGate()
    scripted.script(async (exchange) => {
      exchange.raw('HTTP/1.1 200 OK\r\n\r\nhalf')
      await gate.wait()
      exchange[end]()
    })
    const connection = connections.take(false)
    t.equal(connection.tellsClose, true)
    t.equal(connection.isClosedInOrder(), false, 'nothing is closed')
    const closings: boolean[] = []
    const body = await new Promise<string>((resolve, reject) => {
      let came = ''
      connection.dispatch(
        { method: 'GET', path: '/', headers: [], body: null },
        {
          onRequestStart() {},
          onResponseStart() {},
          onResponseData(_controller, chunk) {
            came += chunk
            closings.push(connection.isClosedInOrder())
            gate.open()
          },
          onResponseEnd() {
            closings.push(connection.isClosedInOrder())
            resolve(came)
          },
          onResponseError: (_controller, error) => reject(error),
        },
      )
    })
    t.equal(body, 'half', end)
    t.same(closings, [false, end === 'cut'], end)
  }
  t.equal(createConnections('https://localhost', defaultOriginSettings).take(false).tellsClose, false)
})

t.test('100 before an answer, unasked: heard, on every exchange of a connection and on every socket of it', async (t) => {
  const { connections, scripted } = await bench(t)
  const continued = 'HTTP/1.1 100 Continue\r\n\r\n'
  scripted.script(({ response, reply }) => {
    for (const status of [100, 103, 100]) response.writeInformation(status)
    reply({ body: continued })
  })
  const connection = connections.take(false)
  const heard = { statuses: [100, 103, 100, 200], body: continued }
  t.match(await send(connection), { ...heard, wasUsed: false })
  t.match(await send(connection, { method: 'POST', body: 'abc' }), { ...heard, wasUsed: true })
  scripted.resetAll()
  await until('the reset to arrive', () => !connection.isOpen())
  t.match(await send(connection), { ...heard, wasUsed: false })
  t.equal(scripted.connections(), 2)
})

t.test('what undici refuses to build costs the connection nothing', async (t) => {
  const { connections, scripted } = await bench(t)
  const connection = connections.take(false)
  for (const path of ['no slash', '/\0']) await t.rejects(send(connection, { path }), { code: 'UND_ERR_INVALID_ARG' })
  await t.rejects(send(connection, { headers: ['Expect', '100-continue'] }), { code: 'UND_ERR_NOT_SUPPORTED' })
  t.match(await send(connection, { path: '/good' }), { body: '/good' })
  t.equal(scripted.count(), 1)
})

t.test('a head above the limit is an error', async (t) => {
  const { connections, scripted } = await bench(t, { maxHeaderBytes: 1024 })
  scripted.script(({ reply, request }) => reply({ headers: { 'X-Long': 'x'.repeat(request.target === '/long' ? 2000 : 500) } }))
  await t.rejects(send(connections.take(false), { path: '/long' }), { code: 'UND_ERR_HEADERS_OVERFLOW' })
  t.ok(await send(connections.take(false)))
})

t.test('discard: in the middle of an exchange, whose handler hears of it', async (t) => {
  const { connections, scripted } = await bench(t)
  scripted.script(() => {})
  const connection = connections.take(false)
  const sending = send(connection)
  await scripted.received(1)
  connection.discard()
  t.equal(connection.isOpen(), false)
  await t.rejects(sending, { code: /^UND_ERR/ })
  await scripted.drained()
  t.not(connections.take(false), connection)
})

t.test('discard: a socket that still connects goes at once', async (t) => {
  // It accepts, and never says a word of TLS.
  const silent = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => silent.close())
  const address = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`
  const connection = createConnections(address, defaultOriginSettings).take(false)
  const arrival = once(silent, 'connection')
  const failing = t.rejects(send(connection))
  const [socket] = await arrival
  const gone = once(socket, 'close')
  t.equal(connection.isOpen(), false)
  connection.discard()
  await Promise.all([gone, failing])
})

t.test('close: resolves when every socket is closed, free, taken or busy', async (t) => {
  const { connections, scripted } = await bench(t)
  const [free, taken, busy, unused] = [
    connections.take(false),
    connections.take(false),
    connections.take(false),
    connections.take(false),
  ]
  await Promise.all([send(free), send(taken)])
  scripted.script(() => {})
  const failing = t.rejects(send(busy, { path: '/busy' }), { code: /^UND_ERR/ })
  await scripted.received(1, '/busy')
  free.giveBack()
  t.equal(scripted.openConnections(), 3)
  await connections.close()
  t.same(
    [free, taken, busy, unused].map((one) => one.isOpen()),
    [false, false, false, false],
  )
  await failing
  await scripted.drained()
  await connections.close()
})

t.test('tls: one name and one socket, whatever Host the requests carry and whatever comes before the answer', async (t) => {
  const names: unknown[] = []
  const server = createTlsServer({ key: certificateKey, cert: certificate }, (socket: TLSSocket) => {
    names.push(socket.servername)
    socket.on('error', () => {})
    socket.on('data', () => socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const tls = { ca: certificate, servername: certificateName, rejectUnauthorized: true }
  const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const connections = createConnections(address, { ...defaultOriginSettings, tls })
  t.teardown(async () => {
    await connections.close()
    server.close()
  })
  const connection = connections.take(false)
  for (const host of ['one.example', 'two.example', certificateName]) {
    t.match(await send(connection, { headers: ['Host', host] }), { body: 'ok', statuses: [100, 200] }, host)
  }
  t.same(names, [certificateName])
})

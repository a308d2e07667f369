import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { createOrigin } from '../../src/origin/client.ts'
import type { Origin, OriginRequest } from '../../src/origin/origin.ts'
import type { OriginSettings } from '../../src/origin/origin-settings.ts'
import { milliseconds } from '../../src/time.ts'
import { makeClock, type TestClock } from '../fixtures/clock.ts'
import { defaultOriginSettings } from '../fixtures/origin-settings.ts'
import { type Exchange, type ScriptedOrigin, startOrigin } from '../fixtures/scripted-origin.ts'
import { failureOf } from './failure.ts'

const request: OriginRequest = { method: 'GET', target: '/', fields: [], body: undefined }

interface Bench {
  readonly scripted: ScriptedOrigin
  readonly origin: Origin
  readonly clock: TestClock
  /** The exchange at the origin, once it is there. */
  arrived(): Promise<Exchange>
}

async function bench(t: Test, settings: Partial<OriginSettings>): Promise<Bench> {
  const arrival = Promise.withResolvers<Exchange>()
  const scripted = await startOrigin((exchange) => arrival.resolve(exchange))
  const clock = makeClock()
  const none = milliseconds(0)
  const off = { connectTimeout: none, headersTimeout: none, bodyTimeout: none, totalTimeout: none }
  const origin = createOrigin({ ...defaultOriginSettings, ...off, addresses: [scripted.url], ...settings }, clock)
  t.teardown(async () => {
    await origin.close(0)
    await scripted.close()
  })
  return { scripted, origin, clock, arrived: () => arrival.promise }
}

t.test('connectTimeout: a connection that is never made', async (t) => {
  // It accepts, and never says a word of TLS: to a client that is a connection that does not come about.
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const sockets: Array<Promise<unknown>> = []
  silent.on('connection', (socket) => {
    socket.on('error', () => {}).resume()
    sockets.push(once(socket, 'close'))
  })
  const clock = makeClock()
  const addresses = [`https://127.0.0.1:${(silent.address() as AddressInfo).port}`]
  const origin = createOrigin({ ...defaultOriginSettings, addresses, connectTimeout: milliseconds(2000) }, clock)
  const connected = once(silent, 'connection')
  const failing = failureOf(origin.send(request))
  await connected
  clock.advance(1999)
  t.equal(origin.status().inFlight, 1)
  clock.advance(1)
  t.match(await failing, { failure: 'origin-timeout', isSent: false })
  t.equal(origin.status().inFlight, 0)
  await Promise.all(sockets)
  silent.close()
})

t.test('headersTimeout: an origin that does not answer, hints or not', async (t) => {
  const { origin, clock, arrived, scripted } = await bench(t, { headersTimeout: milliseconds(2000) })
  const hinted = Promise.withResolvers<void>()
  const failing = failureOf(origin.send({ ...request, onInterim: () => hinted.resolve() }))
  const { raw } = await arrived()
  clock.advance(1500)
  raw('HTTP/1.1 103 Early Hints\r\n\r\n')
  await hinted.promise
  clock.advance(499)
  t.equal(origin.status().inFlight, 1)
  clock.advance(1)
  t.match(await failing, { failure: 'origin-timeout', isSent: true })
  await scripted.drained()
})

t.test('bodyTimeout: silence within a body ends it, slowness does not', async (t) => {
  const { origin, clock, arrived, scripted } = await bench(t, { bodyTimeout: milliseconds(2000) })
  const sending = origin.send(request)
  const { raw } = await arrived()
  raw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n')
  const { body } = await sending
  for (let i = 0; i < 5; i++) {
    raw('x')
    await once(body, 'data')
    clock.advance(1999)
  }
  const failing = failureOf(text(body))
  clock.advance(1)
  t.match(await failing, { failure: 'origin-timeout', isSent: true })
  await scripted.drained()
  t.equal(origin.status().inFlight, 0)
})

t.test('bodyTimeout: does not count while the reader holds us back', async (t) => {
  const { origin, clock, arrived } = await bench(t, { bodyTimeout: milliseconds(2000), totalTimeout: milliseconds(5000) })
  const sending = origin.send(request)
  const { reply } = await arrived()
  const size = 8 * 1024 * 1024
  reply({ body: Buffer.alloc(size) })
  const { body } = await sending
  while (body.readableLength < body.readableHighWaterMark) await new Promise(setImmediate)
  clock.advance(3_600_000)
  t.equal((await text(body)).length, size)
})

t.test('bodyTimeout and totalTimeout: an event stream may be silent and old', async (t) => {
  const settings = { bodyTimeout: milliseconds(2000), totalTimeout: milliseconds(5000) }
  const { origin, clock, arrived } = await bench(t, settings)
  const sending = origin.send(request)
  const { raw } = await arrived()
  raw('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n')
  const { body } = await sending
  clock.advance(3_600_000)
  raw('3\r\nhi\n\r\n0\r\n\r\n')
  t.equal(await text(body), 'hi\n')
})

t.test('totalTimeout: bounds a body of announced length that only drips', async (t) => {
  const { origin, clock, arrived } = await bench(t, { bodyTimeout: milliseconds(2000), totalTimeout: milliseconds(5000) })
  const sending = origin.send(request)
  const { raw } = await arrived()
  raw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n')
  const { body } = await sending
  for (let i = 0; i < 4; i++) {
    raw('x')
    await once(body, 'data')
    clock.advance(1200)
  }
  const failing = failureOf(text(body))
  clock.advance(200)
  t.match(await failing, { failure: 'origin-timeout' })
  t.equal(clock.pending(), 0)
})

t.test('totalTimeout: counts the wait in the queue', async (t) => {
  const { origin, clock, arrived } = await bench(t, { maxConnections: 1, totalTimeout: milliseconds(2000) })
  const held = failureOf(origin.send(request))
  await arrived()
  clock.advance(1000)
  const waiting = failureOf(origin.send(request))
  clock.advance(999)
  t.equal(origin.status().queued, 1)
  clock.advance(1)
  t.match(await held, { failure: 'origin-timeout', isSent: true })
  t.equal(origin.status().queued, 0)
  clock.advance(1000)
  t.match(await waiting, { failure: 'origin-timeout' })
})

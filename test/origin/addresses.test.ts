import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { createOrigin } from '../../src/origin/client.ts'
import type { Origin, OriginRequest } from '../../src/origin/origin.ts'
import type { OriginSettings } from '../../src/origin/origin-settings.ts'
import { milliseconds } from '../../src/time.ts'
import { certificate, certificateKey, certificateName } from '../fixtures/certificate.ts'
import { makeClock, type TestClock } from '../fixtures/clock.ts'
import { defaultOriginSettings } from '../fixtures/origin-settings.ts'
import { type Handler, type ScriptedOrigin, startOrigin } from '../fixtures/scripted-origin.ts'
import { failureOf } from './failure.ts'

const get: OriginRequest = { method: 'GET', target: '/', fields: ['Host', 'api.example'], body: undefined }

interface Bench {
  readonly scripted: readonly ScriptedOrigin[]
  readonly origin: Origin
  readonly clock: TestClock
}

async function bench(t: Test, handlers: readonly Handler[], settings: Partial<OriginSettings> = {}): Promise<Bench> {
  const scripted = await Promise.all(handlers.map((handler) => startOrigin(handler)))
  const clock = makeClock()
  const health = { consecutiveFailures: 2, coolDown: milliseconds(1000), jitter: 0 }
  const breaker = {
    ...defaultOriginSettings.breaker,
    consecutiveFailures: 3,
    failingFor: milliseconds(0),
    openFor: milliseconds(500),
  }
  const addresses = scripted.map(({ url }) => url)
  const origin = createOrigin({ ...defaultOriginSettings, health, breaker, addresses, ...settings }, clock)
  t.teardown(async () => {
    await origin.close(0)
    for (const each of scripted) await each.close()
  })
  return { scripted, origin, clock }
}

const named =
  (name: string): Handler =>
  ({ reply }) =>
    reply({ body: name })

async function ask(origin: Origin, times: number): Promise<string> {
  let answers = ''
  for (let i = 0; i < times; i++) answers += await text((await origin.send(get)).body)
  return answers
}

t.test('send: several addresses take turns', async (t) => {
  const { origin } = await bench(t, [named('a'), named('b')])
  t.equal(await ask(origin, 4), 'abab')
})

t.test('send: an address that cannot be reached costs no answer, not even to a write', async (t) => {
  const { origin, scripted, clock } = await bench(t, [named('a'), named('b')])
  await scripted[0]?.close()
  t.equal(await ask(origin, 2), 'bb')
  const write = { ...get, method: 'POST', body: Readable.from(['{}']) }
  t.equal(await text((await origin.send(write)).body), 'b')
  t.equal(scripted[1]?.requests[2]?.body.toString(), '{}')
  await ask(origin, 2)
  t.match(origin.status(), { isReachable: true, circuit: 'closed', addresses: [{ isUp: false }, { isUp: true }] })
  clock.advance(1000)
  t.equal(await ask(origin, 2), 'bb', 'the probe fails, and nobody notices')
})

t.test('send: one failing address among healthy ones never opens the circuit', async (t) => {
  const { origin } = await bench(t, [({ reset }) => reset(), named('b')], {
    health: { consecutiveFailures: 100, coolDown: milliseconds(1000), jitter: 0 },
  })
  let failures = 0
  for (let i = 0; i < 60; i++) failures += (await origin.send(get).catch(() => undefined)) === undefined ? 1 : 0
  t.equal(failures, 30)
  t.equal(origin.status().circuit, 'closed')
})

t.test('send: the circuit opens when every address fails, and one probe closes it again', async (t) => {
  const { origin, scripted, clock } = await bench(t, [({ reset }) => reset()])
  for (let i = 0; i < 3; i++) t.match(await failureOf(origin.send(get)), { failure: 'origin-broken' })
  t.match(await failureOf(origin.send(get)), { failure: 'origin-circuit-open', isSent: false })
  t.match(origin.status(), { circuit: 'open', isReachable: false, inFlight: 0 })
  t.equal(scripted[0]?.count(), 3)

  clock.advance(500)
  t.match(await failureOf(origin.send(get)), { failure: 'origin-broken' }, 'the probe fails')
  t.equal(origin.status().circuit, 'open')

  clock.advance(500)
  scripted[0]?.script(named('a'))
  t.equal(await ask(origin, 2), 'aa')
  t.match(origin.status(), { circuit: 'closed', isReachable: true, addresses: [{ isUp: true }] })
})

t.test('send: while half-open only one goes through', async (t) => {
  const { origin, scripted, clock } = await bench(t, [({ reset }) => reset()])
  for (let i = 0; i < 3; i++) await failureOf(origin.send(get))
  clock.advance(500)
  scripted[0]?.script(() => {})
  const probe = failureOf(origin.send(get, { signal: AbortSignal.abort() }))
  t.match(await probe, { failure: 'aborted' }, 'a caller that leaves is no verdict')
  const caller = new AbortController()
  const second = failureOf(origin.send(get, { signal: caller.signal }))
  t.match(await failureOf(origin.send(get)), { failure: 'origin-circuit-open' })
  await scripted[0]?.received(4)
  caller.abort()
  t.match(await second, { failure: 'aborted' })
  t.equal(origin.status().circuit, 'half-open')
})

t.test('send: statuses count as failures only where the settings say so', async (t) => {
  const unavailable: Handler = ({ reply }) => reply({ status: 503 })
  const lenient = await bench(t, [unavailable])
  await ask(lenient.origin, 5)
  t.equal(lenient.origin.status().circuit, 'closed')
  const strict = await bench(t, [unavailable], {
    breaker: {
      ...defaultOriginSettings.breaker,
      consecutiveFailures: 3,
      failingFor: milliseconds(0),
      failureStatuses: [502, 503, 504],
    },
  })
  await ask(strict.origin, 3)
  t.equal(strict.origin.status().circuit, 'open')
})

t.test('tls: verifies the origin by the name that is set, whatever Host the client sent', async (t) => {
  const names: unknown[] = []
  const server = createServer({ key: certificateKey, cert: certificate }, (request, response) => {
    names.push('servername' in request.socket && request.socket.servername, request.headers.host)
    response.end('secret')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const addresses = [`https://127.0.0.1:${(server.address() as AddressInfo).port}`]
  const open = (tls: Partial<OriginSettings['tls']>) =>
    createOrigin({ ...defaultOriginSettings, addresses, tls: { ...defaultOriginSettings.tls, ...tls } }, makeClock())

  const trusting = open({ ca: certificate, servername: certificateName })
  t.equal(await text((await trusting.send(get)).body), 'secret')
  t.strictSame(names, [certificateName, 'api.example'])

  const distrusting = open({})
  t.match(await failureOf(distrusting.send(get)), { failure: 'origin-unreachable', isSent: false })
  const misnamed = open({ ca: certificate, servername: 'other.example' })
  t.match(await failureOf(misnamed.send(get)), { failure: 'origin-unreachable', isSent: false })
  const careless = open({ rejectUnauthorized: false })
  t.equal(await text((await careless.send(get)).body), 'secret')
  for (const origin of [trusting, distrusting, misnamed, careless]) await origin.close(0)
  server.close()
})

t.test('createOrigin: needs an address', async (t) => {
  t.throws(() => createOrigin(defaultOriginSettings, makeClock()), new RangeError('An origin needs at least one address'))
})

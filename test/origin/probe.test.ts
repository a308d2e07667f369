import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Server, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { startProbe } from '../../src/origin/probe.ts'
import type { Clock } from '../../src/time.ts'
import { makeClock } from '../fixtures/clock.ts'
import { until } from '../fixtures/until.ts'

async function listen(t: Test, port = 0): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((socket) => socket.on('error', () => {}).resume())
  server.listen({ port, host: '127.0.0.1' })
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { server, port: (server.address() as AddressInfo).port }
}

/** A port that nobody else gets, since a connection goes out from it, and where nobody listens: a test can still do so. */
async function reserve(t: Test): Promise<number> {
  const { server, port } = await listen(t)
  const accepted = once(server, 'connection')
  const held = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.1' }).on('error', () => {})
  await Promise.all([accepted, once(held, 'connect')])
  t.teardown(() => held.destroy())
  return held.localPort as number
}

t.test('startProbe: an origin that listens is found in the first round, and not asked again', async (t) => {
  const { port, server } = await listen(t)
  const clock = makeClock()
  const said: boolean[] = []
  let connections = 0
  server.on('connection', () => {
    connections += 1
  })
  const probe = await startProbe([`http://127.0.0.1:${port}`], clock, (isReachable) => said.push(isReachable))
  t.equal(probe.hasConnected, true)
  t.same(said, [true])
  t.equal(clock.pending(), 0, 'no timer is left')
  await until('the connection', () => connections === 1)
})

t.test('startProbe: asks every second until somebody listens', async (t) => {
  const port = await reserve(t)
  const clock = makeClock()
  const said: boolean[] = []
  const probe = await startProbe([`http://127.0.0.1:${port}`], clock, (isReachable) => said.push(isReachable))
  t.equal(probe.hasConnected, false)
  t.same(said, [false], 'said at once')

  await listen(t, port)
  clock.advance(999)
  t.equal(clock.pending(), 1, 'nobody is asked before the second is over')
  clock.advance(1)
  await until('the second round', () => probe.hasConnected)
  t.equal(said.at(-1), true)
  t.equal(clock.pending(), 0)
})

t.test('startProbe: round after round while nobody listens', async (t) => {
  const address = `http://127.0.0.1:${await reserve(t)}`
  const clock = makeClock()
  const delays: number[] = []
  const listening: Clock = {
    ...clock,
    after(delay, work) {
      delays.push(delay)
      return clock.after(delay, work)
    },
  }
  const said: boolean[] = []
  const probe = await startProbe([address], listening, (isReachable) => said.push(isReachable))
  for (let round = 2; round <= 4; round += 1) {
    clock.advance(1000)
    await until('the round to be over and the next one to be planned', () => delays.length === 2 * round)
    t.equal(clock.pending(), 1)
  }
  t.same(delays, [2000, 1000, 2000, 1000, 2000, 1000, 2000, 1000], 'the patience of an attempt, and the interval')
  t.equal(probe.hasConnected, false)
  t.notOk(said.includes(true))
  probe.stop()
})

t.test('startProbe: one address of several is enough', async (t) => {
  const { port } = await listen(t)
  const addresses = [`http://127.0.0.1:${await reserve(t)}`, `http://127.0.0.1:${port}`]
  const said: boolean[] = []
  const probe = await startProbe(addresses, makeClock(), (isReachable) => said.push(isReachable))
  t.equal(probe.hasConnected, true)
  t.same(said, [true])
})

t.test('stop: nobody is asked any more, and nothing is said', async (t) => {
  const port = await reserve(t)
  const clock = makeClock()
  const said: boolean[] = []
  const probe = await startProbe([`http://127.0.0.1:${port}`], clock, (isReachable) => said.push(isReachable))
  const { server } = await listen(t, port)
  probe.stop()
  t.equal(clock.pending(), 0)
  server.on('connection', () => t.fail('asked after stop'))
  clock.advance(60_000)
  t.same(said, [false])
})

t.test('stop: in the middle of a round, its outcome is not said', async (t) => {
  const port = await reserve(t)
  const clock = makeClock()
  const said: boolean[] = []
  const probe = await startProbe([`http://127.0.0.1:${port}`], clock, (isReachable) => said.push(isReachable))
  const { server } = await listen(t, port)
  const connected = once(server, 'connection')
  clock.advance(1000)
  probe.stop()
  await connected
  await until('the attempt to be over', () => clock.pending() === 0)
  await new Promise((next) => setImmediate(next))
  t.same(said, [false])
  t.equal(probe.hasConnected, false)
})

/** The probe over connections that are never made; `asked` is where it wanted to. */
async function overSilence(t: Test): Promise<{ readonly start: typeof startProbe; asked: NetConnectOpts[]; sockets: Socket[] }> {
  const asked: NetConnectOpts[] = []
  const sockets: Socket[] = []
  const silent = (to: NetConnectOpts): Socket => {
    asked.push(to)
    const socket = new Socket()
    sockets.push(socket)
    return socket
  }
  const mocked = await t.mockImport<typeof import('../../src/origin/probe.ts')>('../../src/origin/probe.ts', {
    'node:net': { connect: silent },
  })
  return { start: mocked.startProbe, asked, sockets }
}

t.test('startProbe: an address that says nothing costs two seconds, and its socket goes', async (t) => {
  const { start, sockets } = await overSilence(t)
  const clock = makeClock()
  const said: boolean[] = []
  const starting = start(['http://127.0.0.1:1'], clock, (isReachable) => said.push(isReachable))
  clock.advance(1999)
  await new Promise((next) => setImmediate(next))
  t.same(said, [])
  clock.advance(1)
  const probe = await starting
  t.same(said, [false])
  t.equal(probe.hasConnected, false)
  t.equal(sockets[0]?.destroyed, true)
  probe.stop()
})

t.test('startProbe: where an address points', async (t) => {
  const { start, asked } = await overSilence(t)
  const clock = makeClock()
  const addresses = ['http://origin.example:8081', 'http://origin.example', 'https://origin.example', 'http://[::1]:8081']
  const starting = start(addresses, clock, () => {})
  t.same(asked, [
    { host: 'origin.example', port: 8081 },
    { host: 'origin.example', port: 80 },
    { host: 'origin.example', port: 443 },
    { host: '::1', port: 8081 },
  ])
  clock.advance(2000)
  const probe = await starting
  probe.stop()
})

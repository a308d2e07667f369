/** Going down: not ready first, nothing new, and what is in flight ends, within the time it is given. */
import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { makeGate } from '../fixtures/gate.ts'
import { onEachStore, openScene, type Scene } from '../fixtures/scene.ts'
import { until } from '../fixtures/until.ts'

const rules =
  'rules:\n  - { name: things, match: "GET /things/:id", cache: { key: "thing:{params.id}", ttl: 1m, stale_while_revalidate: 1h } }'

function held({ origin, dated }: Scene): ReturnType<typeof makeGate> {
  const gate = makeGate()
  origin.script(async ({ reply }) => {
    await gate.wait()
    reply(dated({ body: 'late' }))
  })
  return gate
}

async function refusal(url: string): Promise<string | undefined> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const [error] = await Promise.race([once(socket, 'error'), once(socket, 'connect').then(() => [undefined])])
  socket.destroy()
  return (error as NodeJS.ErrnoException | undefined)?.code
}

onEachStore(t, 'in-flight requests are answered, new connections refused, idle ones closed', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const { house } = scene
  const { hostname, port } = new URL(house.url)
  const agent = new Agent({ keepAlive: true })
  const idle = httpRequest({ hostname, port, agent, path: '/things/0' }).end()
  const [socket] = (await once(idle, 'socket')) as [import('node:net').Socket]
  await text(((await once(idle, 'response')) as [IncomingMessage])[0])
  await scene.settled()
  const idleClosed = once(socket, 'close')

  const gate = held(scene)
  const inFlight = ['/things/1', '/unmatched'].map((path) => httpRequest({ hostname, port, path, agent: false }).end())
  await gate.arrived(2)
  const closing = house.app.close()
  const health = await fetch(`${house.admin}/health/ready`)
  t.equal(health.status, 503)
  t.match(await health.json(), { reasons: ['The proxy is shutting down'] })
  t.equal(await refusal(house.url), 'ECONNREFUSED')
  await idleClosed
  gate.open()
  for (const request of inFlight) {
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    t.match(response, { statusCode: 200, headers: { connection: 'close' } })
    t.equal(await text(response), 'late')
  }
  await closing
  t.equal(await refusal(house.admin), 'ECONNREFUSED')
  agent.destroy()
})

t.test('what does not end in time is cut', async (t) => {
  const scene = await openScene(t, { rules })
  const { house, clock } = scene
  const gate = held(scene)
  const { hostname, port } = new URL(house.url)
  const request = httpRequest({ hostname, port, path: '/things/1', agent: false }).end()
  const failed = once(request, 'error')
  await gate.arrived(1)
  const closing = house.app.close()
  clock.advance(9_999)
  await refusal(house.url)
  t.notOk(request.destroyed, 'not before')
  clock.advance(1)
  await failed
  gate.open()
  await closing
})

t.test('a refresh that runs behind an answer is waited for', async (t) => {
  const scene = await openScene(t, { rules })
  const { house, clock, ask } = scene
  await ask('/things/1')
  clock.advance(90_000)
  const gate = held(scene)
  t.match(await house.ask('/things/1'), { text: '#1', cacheStatus: /stale-while-revalidate$/ })
  await gate.arrived(1)
  const closing = house.close()
  let isClosed = false
  void closing.then(() => {
    isClosed = true
  })
  await until('the listener to be gone', () => house.app.parts.background.size === 2)
  t.notOk(isClosed)
  gate.open()
  await closing
  t.ok(house.lines.some(({ msg, isOk }) => msg === 'refreshed' && isOk === true))
})

t.test('closing twice, and closing in the middle of a body', async (t) => {
  const scene = await openScene(t, { rules })
  const { house, origin } = scene
  const gate = makeGate()
  origin.script(async ({ response }) => {
    response.writeHead(200)
    response.write('first, ')
    await gate.wait()
    response.end('second')
  })
  const { hostname, port } = new URL(house.url)
  const request = httpRequest({ hostname, port, path: '/unmatched', agent: false }).end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const body = text(response)
  const closing = [house.close(), house.close()]
  gate.open()
  t.equal(await body, 'first, second')
  await Promise.all(closing)
})

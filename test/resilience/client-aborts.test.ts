/** Clients that leave: they stop nothing that others or the store need, and hold nothing that nobody needs any more. */
import { once } from 'node:events'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import t from 'tap'
import { makeGate } from '../fixtures/gate.ts'
import type { House } from '../fixtures/house.ts'
import { onEachStore, openScene } from '../fixtures/scene.ts'
import { until } from '../fixtures/until.ts'

const rules = `unmatched: pass
rules:
  - { name: things, match: "GET /things/:id", cache: { key: "thing:{params.id}", ttl: 1h, max_size: 1MiB } }
  - { name: written, match: PUT /things/:id, purge: { keys: ["thing:{params.id}"] } }`

function leaver({ url }: House, path: string, method = 'GET'): ClientRequest {
  const { hostname, port } = new URL(url)
  return httpRequest({ hostname, port, path, method, agent: false })
    .on('error', () => {})
    .end()
}

function reported({ lines }: House, reason: string, count = 1): Promise<void> {
  return until(`${count} × ${reason}`, () => lines.filter((line) => line['reason'] === reason).length >= count)
}

onEachStore(t, 'who started a fetch and leaves stops neither those who wait for it nor the store', async (t, redis) => {
  const { house, origin, dated, ask, settled } = await openScene(t, { rules, redis })
  const gate = makeGate()
  origin.script(async ({ reply }) => {
    await gate.wait()
    reply(dated({ body: 'late' }))
  })
  const leader = leaver(house, '/things/1')
  await gate.arrived(1)
  const follower = house.ask('/things/1')
  const another = leaver(house, '/things/1')
  await until('two to follow', () => house.app.parts.background.size >= 4)
  leader.destroy()
  another.destroy()
  gate.open()
  t.match(await follower, { status: 200, text: 'late' })
  await settled()
  t.match(await ask('/things/1'), { text: 'late', cacheStatus: /^hit/ })
  t.equal(origin.count(), 1)
})

t.test('who leaves alone leaves an answer for the next', async (t) => {
  const { house, origin, dated, ask, settled } = await openScene(t, { rules })
  const gate = makeGate()
  origin.script(async ({ response }) => {
    response.writeHead(200, [...(dated().headers as string[])])
    response.write('first half, ')
    await gate.wait()
    response.end('second half')
  })
  const client = leaver(house, '/things/1')
  const [response] = (await once(client, 'response')) as [IncomingMessage]
  await once(response, 'readable')
  client.destroy()
  gate.open()
  await until('the store', () => house.lines.some(({ msg }) => msg === 'stored'))
  await settled()
  t.match(await ask('/things/1'), { text: 'first half, second half', cacheStatus: /^hit/ })
})

t.test('a forwarded request ends with its client, wherever it is', async (t) => {
  const { house, origin } = await openScene(t, { rules })
  const gone = makeGate()
  origin.script(async (exchange) => {
    if (exchange.request.target === '/streamed') exchange.response.write('first')
    await exchange.gone()
    void gone.wait()
  })
  const waiting = leaver(house, '/held')
  await origin.received(1)
  waiting.destroy()
  await gone.arrived(1)
  const reading = leaver(house, '/streamed')
  const [response] = (await once(reading, 'response')) as [IncomingMessage]
  await once(response, 'readable')
  reading.destroy()
  await gone.arrived(2)
  await until('the origin to be free', () => house.app.parts.origin.status().inFlight === 0)
  await reported(house, 'aborted')
})

t.test('an answer too large to keep ends with its last reader', async (t) => {
  const { house, origin } = await openScene(t, { rules })
  const piece = Buffer.alloc(65_536)
  const gone = makeGate()
  origin.script(async (exchange) => {
    exchange.response.on('error', () => {})
    const more = (): void => {
      while (!exchange.response.destroyed && exchange.response.write(piece));
    }
    exchange.response.on('drain', more)
    more()
    await exchange.gone()
    void gone.wait()
  })
  const client = leaver(house, '/things/1')
  const [response] = (await once(client, 'response')) as [IncomingMessage]
  let size = 0
  response.on('error', () => {})
  response.on('data', (chunk: Buffer) => {
    size += chunk.length
  })
  await until('more than is kept', () => size > 4 * 1024 * 1024)
  client.destroy()
  await gone.arrived(1)
  await until('nothing to be in flight', () => house.app.parts.origin.status().inFlight === 0)
  t.equal(house.app.parts.flights.size, 0)
})

t.test('a write whose client leaves purges all the same', async (t) => {
  const { house, origin, ask, dated } = await openScene(t, { rules })
  await ask('/things/1')
  const gate = makeGate()
  origin.script(async ({ request, reply }) => {
    if (request.method === 'PUT') await gate.wait()
    reply(dated())
  })
  const writer = leaver(house, '/things/1', 'PUT')
  await gate.arrived(1)
  writer.destroy()
  gate.open()
  await until('the purge', () => house.lines.some(({ msg }) => msg === 'purged'))
  t.match(await ask('/things/1'), { text: '#3', cacheStatus: /detail=purged$/ })
})

t.test('many who come and go leave nothing behind', async (t) => {
  const { house, origin, dated, settled } = await openScene(t, { rules })
  const gate = makeGate()
  origin.script(async ({ reply }) => {
    await gate.wait()
    reply(dated())
  })
  const clients = Array.from({ length: 200 }, (_, i) => leaver(house, i % 2 === 0 ? `/things/${i % 10}` : `/passed/${i}`))
  await origin.received(100)
  for (const client of clients) client.destroy()
  gate.open()
  await settled()
  await until('all to be reported', () => house.lines.filter(({ msg }) => msg === 'access').length === 200)
  t.match(house.app.parts.origin.status(), { inFlight: 0, queued: 0 })
  t.equal(house.app.parts.flights.size, 0)
  t.same(
    house.lines.filter(({ msg }) => msg === 'fault'),
    [],
  )
})

/** Bodies on their way, in both directions: untouched, piece by piece, at the pace of whoever reads, and never all in memory at once. */
import { once } from 'node:events'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import t from 'tap'
import { makeGate } from '../fixtures/gate.ts'
import { openHouse } from '../fixtures/house.ts'
import { onEachStore, openScene, type Scene } from '../fixtures/scene.ts'
import { startOrigin } from '../fixtures/scripted-origin.ts'

const things = (cache = ''): string =>
  `rules:\n  - { name: things, match: "GET /things/:id", cache: { key: "thing:{params.id}", ttl: 1h${cache} } }`

/** A request of Node's own, for what is said between the bytes. */
function open({ house }: Pick<Scene, 'house'>, path: string, options: object = {}): ClientRequest {
  const { hostname, port } = new URL(house.url)
  return httpRequest({ hostname, port, path, agent: false, ...options })
}

async function answered(request: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return response
}

/** The next bytes of a body, without waiting for its end. */
async function next(response: IncomingMessage): Promise<string> {
  let chunk: Buffer | null = response.read()
  while (chunk === null) {
    await once(response, 'readable')
    chunk = response.read()
  }
  return chunk.toString()
}

for (const target of ['/things/1', '/passed'])
  t.test(`each piece of a body is there before the next is sent (${target})`, async (t) => {
    const scene = await openScene(t, { rules: `unmatched: pass\n${things()}` })
    const gates = [makeGate(), makeGate()]
    scene.origin.script(async ({ response }) => {
      response.writeHead(200, ['Content-Type', 'text/plain', 'Transfer-Encoding', 'chunked'])
      response.flushHeaders()
      for (const [i, gate] of gates.entries()) {
        await gate.wait()
        response.write(`piece ${i};`)
      }
      response.end()
    })
    const request = open(scene, target).end()
    const response = await answered(request)
    t.equal(response.statusCode, 200, 'the head is there before any of them')
    for (const [i, gate] of gates.entries()) {
      gate.open()
      t.equal(await next(response), `piece ${i};`)
    }
    t.equal(await text(response), '')
    await scene.settled()
    const again = await scene.ask(target)
    t.match(again.cacheStatus, target === '/passed' ? /detail=unmatched$/ : /^hit/)
    t.equal(again.text, 'piece 0;piece 1;')
  })

onEachStore(t, 'an event stream passes unbuffered and is stored for nobody', async (t, redis) => {
  const scene = await openScene(t, { rules: things(), redis })
  const gate = makeGate()
  scene.origin.script(async ({ response }) => {
    response.writeHead(200, ['Content-Type', 'text/event-stream', 'Cache-Control', 'max-age=60'])
    response.write('data: first\n\n')
    await gate.wait()
    response.end('data: second\n\n')
  })
  const listeners = []
  for (let i = 0; i < 2; i += 1) {
    const response = await answered(open(scene, '/things/1').end())
    t.match(response.headers['cache-status'], /detail=(event-stream|hit-for-miss)$/)
    t.equal(await next(response), 'data: first\n\n')
    listeners.push(response)
  }
  gate.open()
  for (const response of listeners) t.equal(await next(response), 'data: second\n\n')
  t.equal(scene.origin.count(), 2)
})

t.test('trailers arrive behind the body', async (t) => {
  const scene = await openScene(t, { rules: `unmatched: pass\n${things()}` })
  scene.origin.script(({ response }) => {
    response.writeHead(200, ['Trailer', 'X-Sum', 'Transfer-Encoding', 'chunked'])
    response.write('body')
    response.addTrailers([['X-Sum', '42']])
    response.end()
  })
  for (const target of ['/things/1', '/passed']) {
    const response = await answered(open(scene, target, { headers: { TE: 'trailers' } }).end())
    t.equal(await text(response), 'body')
    t.equal(response.trailers['x-sum'], '42', target)
  }
})

t.test('early hints are passed on and not stored', async (t) => {
  const scene = await openScene(t, { rules: things() })
  scene.origin.script(({ response, reply }) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => reply(scene.dated()))
  })
  const hints: number[] = []
  for (let i = 0; i < 2; i += 1) {
    const request = open(scene, '/things/1').on('information', ({ statusCode }) => void hints.push(statusCode))
    t.equal(await text(await answered(request.end())), '#1')
    await scene.settled()
  }
  t.same(hints, [103])
})

t.test('answers without a body', async (t) => {
  for (const status of [204, 304]) {
    const { ask, answer } = await openScene(t, { rules: things() })
    answer({ status, headers: { ETag: '"v1"' } })
    t.match(await ask('/things/1', { headers: { 'If-None-Match': '"v1"' } }), { status, text: '' })
    t.match((await ask('/things/1')).cacheStatus, status === 204 ? /^hit/ : /^fwd/)
  }
})

const mebibyte = 1024 * 1024
const piece = Buffer.alloc(65_536, 'a')

/** So many bytes, made as they are asked for; `made` counts them. */
function bytes(size: number, count: { made: number } = { made: 0 }): Readable {
  function* pieces(): Generator<Buffer> {
    for (; count.made < size; count.made += piece.length) yield piece
  }
  return Readable.from(pieces(), { objectMode: false, highWaterMark: piece.length })
}

for (const framing of ['declared', 'chunked'])
  t.test(`a large body passes at the pace of its reader (${framing})`, async (t) => {
    const size = 200 * mebibyte
    const sent = { made: 0 }
    const origin = await startOrigin(({ response }) => {
      response.writeHead(200, framing === 'declared' ? ['Content-Length', String(size)] : [])
      bytes(size, sent).pipe(response)
    })
    t.teardown(() => origin.close())
    const house = await openHouse(t, { rules: things(), origin: origin.url })
    const response = await answered(open({ house }, '/things/1').end())
    const before = process.memoryUsage.rss()
    let [received, underway, grown] = [0, 0, 0]
    for await (const chunk of response) {
      received += (chunk as Buffer).length
      underway = Math.max(underway, sent.made - received)
      grown = Math.max(grown, process.memoryUsage.rss() - before)
      // Slower than what comes, so that somebody has to wait: the origin, not the memory.
      for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate)
    }
    t.equal(received, size)
    t.ok(underway < 48 * mebibyte, `${Math.round(underway / mebibyte)} MiB were under way at most`)
    t.ok(grown < 150 * mebibyte, `${Math.round(grown / mebibyte)} MiB more memory at most`)
    t.match((await house.ask('/things/2', { method: 'HEAD' })).cacheStatus, /^fwd/)
  })

t.test('a request body arrives as it is sent', async (t) => {
  const gate = makeGate()
  const origin = await startOrigin(
    async ({ response, request }) => {
      await gate.arrived(1)
      while (request.body.length < 5) await new Promise(setImmediate)
      response.writeHead(200, ['X-Seen', request.body.toString()])
      response.flushHeaders()
      await gate.wait()
      while (request.body.length < 10) await new Promise(setImmediate)
      response.end(request.body)
    },
    { isEager: true },
  )
  t.teardown(() => origin.close())
  const house = await openHouse(t, { rules: things(), origin: origin.url })
  const request = open({ house }, '/upload', { method: 'POST' })
  request.write('first')
  void gate.wait()
  const response = await answered(request)
  t.equal(response.headers['x-seen'], 'first', 'answered before the rest was sent')
  gate.open()
  request.end('later')
  t.equal((await buffer(response)).toString(), 'firstlater')
})

t.test('a request body above the limit is refused', async (t) => {
  const origin = await startOrigin()
  t.teardown(() => origin.close())
  const house = await openHouse(t, { rules: things(), origin: origin.url, config: 'server: { limits: { body_size: 1MiB } }' })
  const post = { method: 'POST', headers: { 'Content-Length': String(mebibyte + 1) } }
  const declared = open({ house }, '/upload', post)
  declared.on('error', () => {})
  declared.flushHeaders()
  const refused = await answered(declared)
  t.match(refused, { statusCode: 413, headers: { 'cache-status': 'springhouse; detail=body-too-large', connection: 'close' } })
  t.equal(origin.count(), 0, 'before anything was forwarded')
  declared.destroy()

  const chunked = open({ house }, '/upload', { method: 'POST' })
  chunked.on('error', () => {})
  // Much more than lies between the two ends: it is answered although its client goes on sending.
  bytes(16 * mebibyte).pipe(chunked)
  t.equal((await answered(chunked)).statusCode, 413)
  chunked.destroy()
  t.match(await house.ask('/upload', { method: 'POST', body: Buffer.alloc(mebibyte) }), { status: 200 }, 'just not above')
})

import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { createOrigin } from '../../src/origin/client.ts'
import type { Origin, OriginRequest } from '../../src/origin/origin.ts'
import type { OriginSettings } from '../../src/origin/origin-settings.ts'
import { milliseconds } from '../../src/time.ts'
import { makeClock, type TestClock } from '../fixtures/clock.ts'
import { makeGate } from '../fixtures/gate.ts'
import { defaultOriginSettings } from '../fixtures/origin-settings.ts'
import { type Handler, type OriginScript, type ScriptedOrigin, startOrigin } from '../fixtures/scripted-origin.ts'
import { until } from '../fixtures/until.ts'
import { failureOf } from './failure.ts'

interface Bench {
  readonly scripted: ScriptedOrigin
  readonly origin: Origin
  readonly clock: TestClock
}

/** A scripted origin and a client of it, both gone at the end of the test. */
async function bench(t: Test, handler?: Handler, settings: Partial<OriginSettings & OriginScript> = {}): Promise<Bench> {
  const scripted = await startOrigin(handler, settings)
  const clock = makeClock()
  const origin = createOrigin({ ...defaultOriginSettings, addresses: [scripted.url], ...settings }, clock)
  t.teardown(async () => {
    await origin.close(0).catch(() => {})
    await scripted.close()
  })
  return { scripted, origin, clock }
}

function get(target: string, changes: Partial<OriginRequest> = {}): OriginRequest {
  return { method: 'GET', target, fields: ['Host', 'api.example'], body: undefined, ...changes }
}

function post(target: string, body: OriginRequest['body'] = Buffer.from('{}')): OriginRequest {
  return get(target, { method: 'POST', body })
}

async function fetchText(origin: Origin, request: OriginRequest): Promise<string> {
  return text((await origin.send(request)).body)
}

t.test('send: the same bytes go out, and what comes back keeps order, case, duplicates and bytes', async (t) => {
  const { origin, scripted } = await bench(t, ({ raw }) =>
    raw(
      'HTTP/1.1 200 Odd Reason\r\nX-Odd: caf\xe9\r\nX-Empty:\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 2\r\n\r\nok',
    ),
  )
  const target = '/a/../%62//c?b=1&&a=%20?'
  const fields = ['Host', 'api.example', 'X-One', '1', 'x-one', '2', 'X-Latin', 'caf\xe9']
  const response = await origin.send(get(target, { fields }))
  t.match(response, { status: 200, reasonPhrase: 'Odd Reason', framing: 'length', contentLength: 2 })
  t.strictSame(response.fields, [
    ...['X-Odd', 'caf\xe9', 'X-Empty', '', 'Set-Cookie', 'a=1', 'set-cookie', 'b=2', 'Content-Length', '2'],
  ])
  t.equal(await text(response.body), 'ok')
  t.equal(scripted.requests[0]?.target, target)
  const sent = scripted.requests[0]?.rawHeaders ?? []
  t.strictSame(sent.filter((_, i) => i % 2 === 0 && !/^connection$/i.test(sent[i] ?? '')).length, 4)
  t.strictSame(sent.slice(-6), ['X-One', '1', 'x-one', '2', 'X-Latin', 'caf\xe9'])
})

t.test('send: interim responses are reported, trailers come with the end', async (t) => {
  const { origin } = await bench(t, ({ raw }) =>
    raw(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n' +
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\nhi\r\n0\r\nX: 1\r\n\r\n',
    ),
  )
  const interim: unknown[] = []
  const response = await origin.send(get('/', { onInterim: (...hint) => interim.push(hint) }))
  t.strictSame(interim, [[103, ['Link', '</a>']]])
  t.equal(response.framing, 'chunked')
  t.equal(await text(response.body), 'hi')
  t.strictSame(response.trailers(), ['X', '1'])
})

t.test('send: a body goes out whole or streamed, and a connection is used again', async (t) => {
  const { origin, scripted } = await bench(t)
  t.equal(await fetchText(origin, post('/whole', Buffer.from('abc'))), '/whole')
  t.equal(await fetchText(origin, post('/stream', Readable.from([Buffer.from('de'), Buffer.from('f')]))), '/stream')
  t.equal(await fetchText(origin, get('/none')), '/none')
  t.strictSame(
    scripted.requests.map(({ body }) => body.toString()),
    ['abc', 'def', ''],
  )
  t.equal(scripted.connections(), 1)
  t.match(origin.status(), { isReachable: true, circuit: 'closed', inFlight: 0, queued: 0 })
})

t.test('undici: a request that it refuses to build costs no slot', async (t) => {
  const { origin, scripted } = await bench(t, undefined, { maxConnections: 2 })
  const unsendable: ReadonlyArray<Partial<OriginRequest>> = [
    { target: '/a b' },
    { target: 'x' },
    { target: '*', method: 'OPTIONS' },
    { method: 'G T' },
    { fields: ['a', 'x\ny'] },
    { fields: ['a b', 'x'] },
    { fields: ['Content-Length', '5'], body: Buffer.from('xx') },
  ]
  for (const changes of [...unsendable, ...unsendable]) {
    t.match(await failureOf(origin.send(get('/', changes))), { failure: 'origin-request-refused', isSent: false })
  }
  for (const name of ['Expect', 'Upgrade', 'Keep-Alive', 'Transfer-Encoding', 'Connection', 'TE']) {
    for (let i = 0; i < 3; i++) t.equal(await fetchText(origin, get('/ok', { fields: [name, '100-continue'] })), '/ok')
  }
  t.equal(scripted.count(), 18)
  t.match(origin.status(), { inFlight: 0, queued: 0 })
})

t.test('undici: who waits for a connection leaves when the caller does, and when the deadline passes', async (t) => {
  const gate = makeGate()
  const { origin, scripted, clock } = await bench(
    t,
    async ({ request, reply }) => {
      await gate.wait()
      reply({ body: request.target })
    },
    { maxConnections: 1, queueTimeout: milliseconds(1000) },
  )
  const held = fetchText(origin, get('/held'))
  await gate.arrived(1)
  const caller = new AbortController()
  const leaving = failureOf(origin.send(get('/left'), { signal: caller.signal }))
  const waiting = failureOf(origin.send(get('/late')))
  t.equal(origin.status().queued, 2)
  caller.abort()
  t.match(await leaving, { failure: 'aborted', isSent: false })
  clock.advance(1000)
  t.match(await waiting, { failure: 'origin-overloaded', isSent: false })
  t.match(await failureOf(origin.send(get('/refresh'), { isBackground: true })), { failure: 'origin-overloaded' })
  gate.open()
  t.equal(await held, '/held')
  t.equal(scripted.count(), 1)
  t.match(origin.status(), { inFlight: 0, queued: 0 })
})

t.test('undici: a response without framing that is cut ends as if whole, and says so by its framing', async (t) => {
  for (const end of ['reset', 'cut'] as const) {
    const gate = makeGate()
    const { origin } = await bench(t, async (exchange) => {
      exchange.raw('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf')
      await gate.wait()
      exchange[end]()
    })
    const response = await origin.send(get('/'))
    t.equal(response.framing, 'close')
    response.body.once('data', () => gate.open())
    t.equal(await text(response.body), 'half')
  }
})

t.test('send: leniently, a reset is told from an orderly close', async (t) => {
  for (const head of ['', 'Transfer-Encoding: foo\r\n', 'Connection: close\r\n']) {
    for (const end of ['reset', 'cut'] as const) {
      const gate = makeGate()
      const handler: Handler = async (exchange) => {
        exchange.raw(`HTTP/1.1 200 OK\r\n${head}\r\nhalf`)
        await gate.wait()
        exchange[end]()
      }
      const { origin } = await bench(t, handler, { framing: 'lenient' })
      const response = await origin.send(get('/'))
      t.equal(response.framing, 'orderly-close')
      response.body.once('data', () => gate.open())
      if (end === 'cut') t.equal(await text(response.body), 'half', head)
      else t.match(await failureOf(text(response.body)), { failure: 'origin-broken', isSent: true }, head)
      t.match(origin.status(), { inFlight: 0 })
    }
  }
})

t.test('send: leniently, a body that nothing ends is held no longer than it may be silent', async (t) => {
  const { origin, clock } = await bench(t, ({ raw }) => raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: foo\r\n\r\nhalf'), {
    framing: 'lenient',
    bodyTimeout: milliseconds(1000),
  })
  const { body } = await origin.send(get('/'))
  const reading = failureOf(text(body))
  await until('the first bytes', () => body.readableDidRead)
  clock.advance(1000)
  t.match(await reading, { failure: 'origin-timeout' })
  t.match(origin.status(), { inFlight: 0 })
})

t.test('send: a body that is cut before its announced end is an error, never an end', async (t) => {
  const heads = {
    length: 'Content-Length: 10\r\n\r\nhalf',
    'length, closing': 'Content-Length: 10\r\nConnection: close\r\n\r\nhalf',
    chunked: 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
    'chunked, closing': 'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\nhalf\r\n',
  }
  for (const [name, head] of Object.entries(heads)) {
    for (const end of ['reset', 'cut'] as const) {
      const gate = makeGate()
      const { origin } = await bench(t, async (exchange) => {
        exchange.raw(`HTTP/1.1 200 OK\r\n${head}`)
        await gate.wait()
        exchange[end]()
      })
      const response = await origin.send(get('/'))
      response.body.once('data', () => gate.open())
      t.match(await failureOf(text(response.body)), { failure: 'origin-broken', isSent: true }, `${name}, ${end}`)
      t.match(origin.status(), { inFlight: 0 })
    }
  }
})

t.test('send: what follows a whole body is not taken for the next response', async (t) => {
  const { origin, scripted } = await bench(t, ({ request, raw, reply }) =>
    request.target === '/long'
      ? raw('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\nevil')
      : reply({ body: 'mine' }),
  )
  t.equal(await fetchText(origin, get('/long')), 'ok')
  t.equal(await fetchText(origin, get('/next')), 'mine')
  t.equal(scripted.connections(), 2)
})

t.test('send: a head that cannot be believed is broken', async (t) => {
  const heads = {
    'differing lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok',
    'both framings': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'another coding': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'status 099': 'HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nok',
    'status 700': 'HTTP/1.1 700 Odd\r\nContent-Length: 2\r\n\r\nok',
    '101 unasked': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    'not HTTP': 'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    'too many bytes': `HTTP/1.1 200 OK\r\nX-Long: ${'a'.repeat(64 * 1024)}\r\nContent-Length: 2\r\n\r\nok`,
  }
  for (const [name, head] of Object.entries(heads)) {
    const { origin } = await bench(t, ({ raw }) => raw(head))
    t.match(await failureOf(origin.send(get('/'))), { failure: 'origin-broken', isSent: true }, name)
    t.match(origin.status(), { inFlight: 0 })
  }
})

t.test('undici: a reset on a reused connection is tried once more for GET and HEAD, on a fresh one', async (t) => {
  for (const method of ['GET', 'HEAD']) {
    const { origin, scripted } = await bench(t)
    await fetchText(origin, get('/warm'))
    scripted.script(({ request, reply, reset }) => (request.connection === 0 ? reset() : reply()))
    t.match(await origin.send(get('/again', { method })), { status: 200 })
    t.equal(scripted.count('/again'), 2)
    t.equal(scripted.connections(), 2)
  }
})

t.test('undici: the second try does not go on another idle connection, which may be as dead', async (t) => {
  const gate = makeGate()
  const { origin, scripted } = await bench(t, async ({ reply }) => {
    await gate.wait()
    reply()
  })
  const warm = [fetchText(origin, get('/warm')), fetchText(origin, get('/warm'))]
  await gate.arrived(2)
  gate.open()
  await Promise.all(warm)
  scripted.script(({ request, reply, reset }) => (request.connection < 2 ? reset() : reply()))
  t.match(await origin.send(get('/again')), { status: 200 })
  t.equal(scripted.count('/again'), 2)
})

t.test('undici: the second try is the last, and a fresh connection gets none', async (t) => {
  const { origin, scripted } = await bench(t)
  await fetchText(origin, get('/warm'))
  scripted.script(({ reset }) => reset())
  t.match(await failureOf(origin.send(get('/twice'))), { failure: 'origin-broken', isSent: true })
  t.equal(scripted.count('/twice'), 2)
  t.match(await failureOf(origin.send(get('/once'))), { failure: 'origin-broken', isSent: true })
  t.equal(scripted.count('/once'), 1)
  t.match(origin.status(), { inFlight: 0 })
})

t.test('undici: nothing is tried again once a byte has come', async (t) => {
  const { origin, scripted } = await bench(t)
  await fetchText(origin, get('/warm'))
  const gate = makeGate()
  scripted.script(async ({ raw, reset }) => {
    raw('HTTP/1.1 103 Early Hints\r\n\r\n')
    await gate.wait()
    reset()
  })
  t.match(await failureOf(origin.send(get('/half', { onInterim: () => gate.open() }))), { failure: 'origin-broken' })
  t.equal(scripted.count('/half'), 1)
})

t.test('undici: a write is never sent twice', async (t) => {
  const { origin, scripted } = await bench(t)
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    scripted.script(({ reply }) => reply())
    await fetchText(origin, get('/warm'))
    scripted.script(({ reset }) => reset())
    const write = get(`/${method}`, { method, body: Buffer.from('{}') })
    t.match(await failureOf(origin.send(write)), { failure: 'origin-broken', isSent: true })
    t.equal(scripted.count(`/${method}`), 1)
  }
})

t.test('send: what was not sent at all may go on another connection, a write too', async (t) => {
  const { origin, scripted } = await bench(t)
  await fetchText(origin, get('/warm'))
  // Broken by now, but the client's side has not heard of it when it dispatches: that happens before a byte is written.
  scripted.resetAll()
  await scripted.drained()
  t.equal(await fetchText(origin, post('/write', Readable.from(['{}']))), '/write')
  t.equal(scripted.count('/write'), 1)
  t.equal(scripted.requests[1]?.body.toString(), '{}')
})

t.test('send: an unreachable origin', async (t) => {
  const { origin, scripted } = await bench(t)
  await scripted.close()
  t.match(await failureOf(origin.send(get('/'))), { failure: 'origin-unreachable', isSent: false })
  const body = Readable.from(['{}'])
  t.match(await failureOf(origin.send(post('/', body))), { failure: 'origin-unreachable', isSent: false })
  t.notOk(body.destroyed, 'the body of a request that was not sent is left to the caller')
  t.match(origin.status(), { inFlight: 0 })
})

t.test('send: a reader that leaves, and a caller that aborts in mid-body, close the connection', async (t) => {
  const { origin, scripted } = await bench(t, ({ raw }) => raw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'))
  const response = await origin.send(get('/left'))
  response.body.destroy()
  await scripted.drained()
  t.match(origin.status(), { inFlight: 0 })

  const caller = new AbortController()
  const aborted = await origin.send(get('/aborted'), { signal: caller.signal })
  caller.abort()
  t.match(await failureOf(text(aborted.body)), { failure: 'aborted', isSent: true })
  await scripted.drained()
  t.match(origin.status(), { inFlight: 0 })
})

t.test('send: a caller that aborts while the origin thinks frees connection and slot', async (t) => {
  const { origin, scripted, clock } = await bench(t, () => {}, { maxConnections: 1 })
  for (let i = 1; i <= 3; i++) {
    const caller = new AbortController()
    const failing = failureOf(origin.send(get('/'), { signal: caller.signal }))
    await scripted.received(i)
    caller.abort()
    t.match(await failing, { failure: 'aborted', isSent: true })
  }
  await scripted.drained()
  t.match(origin.status(), { inFlight: 0, circuit: 'closed', isReachable: true })
  t.equal(clock.pending(), 0, 'no deadline is left behind')
})

t.test('send: a request body that breaks off is the end of the exchange, not a fault of the origin', async (t) => {
  const { origin, scripted } = await bench(t, () => {}, { isEager: true })
  const body = new Readable({ read() {} })
  body.push('half')
  const failing = failureOf(origin.send(post('/', body)))
  await scripted.received(1)
  body.destroy()
  t.match(await failing, { failure: 'aborted', isSent: true })
  await scripted.drained()
  t.match(origin.status(), { isReachable: true, inFlight: 0 })
})

t.test('send: a streamed body of another length than announced is the end of the exchange', async (t) => {
  for (const sent of ['abc', 'abcdefgh']) {
    const { origin } = await bench(t, () => {}, { isEager: true })
    const body = Readable.from([Buffer.from(sent.slice(0, 1)), Buffer.from(sent.slice(1))])
    const write = get('/', { method: 'POST', fields: ['Content-Length', '5'], body })
    t.match(await failureOf(origin.send(write)), { failure: 'aborted', isSent: true }, sent)
    t.match(origin.status(), { isReachable: true, inFlight: 0 })
  }
})

t.test('send: a streamed body is destroyed when the exchange fails, and when the answer comes before its end', async (t) => {
  const { origin, scripted } = await bench(t, ({ reset }) => reset(), { isEager: true })
  const failed = new Readable({ read() {} })
  failed.push('half')
  t.match(await failureOf(origin.send(post('/', failed))), { failure: 'origin-broken', isSent: true })
  t.ok(failed.destroyed)

  scripted.script(({ reply }) => reply({ status: 413 }))
  const unread = new Readable({ read() {} })
  unread.push('half')
  const response = await origin.send(post('/', unread))
  t.equal(response.status, 413)
  await text(response.body)
  t.ok(unread.destroyed)
  t.match(origin.status(), { inFlight: 0 })
})

t.test('send: a slow reader holds the origin back instead of filling the memory', async (t) => {
  const size = 64 * 1024 * 1024
  let written = 0
  const { origin } = await bench(t, ({ response }) => {
    response.writeHead(200, { 'Content-Length': size })
    const piece = Buffer.alloc(256 * 1024, 'x')
    const write = () => {
      while (written < size) {
        written += piece.length
        if (!response.write(piece)) return void response.once('drain', write)
      }
      response.end()
    }
    write()
  })
  const response = await origin.send(get('/large'))
  // Nobody reads: the origin has come to a stop when what it could write stands still over many turns of the event loop.
  let stopped = -1
  for (let still = 0; still < 50; still++) {
    if (written !== stopped) still = 0
    stopped = written
    await new Promise(setImmediate)
  }
  t.ok(stopped < size / 2, `the origin could write ${stopped} bytes`)
  t.ok(response.body.readableLength <= 1024 * 1024, `holds ${response.body.readableLength} bytes`)
  let received = 0
  let most = 0
  for await (const chunk of response.body) {
    received += chunk.length
    most = Math.max(most, response.body.readableLength)
  }
  t.equal(received, size)
  t.ok(most <= 1024 * 1024, `held ${most} bytes at most`)
})

t.test('send: responses without a body', async (t) => {
  const { origin } = await bench(t, ({ request, reply }) => reply({ status: Number(request.target.slice(1)) }))
  for (const [method, status] of [['HEAD', 200] as const, ['GET', 204] as const, ['GET', 304] as const]) {
    const response = await origin.send(get(`/${status}`, { method }))
    t.match(response, { status, framing: 'none' })
    t.equal((await buffer(response.body)).length, 0)
    t.match(origin.status(), { inFlight: 0 })
  }
})

t.test('send: the slot is free when the body has come, read or not', async (t) => {
  const { origin } = await bench(t, undefined, { maxConnections: 1 })
  const first = await origin.send(get('/unread'))
  t.equal(await fetchText(origin, get('/second')), '/second')
  t.equal(await text(first.body), '/unread')
})

t.test('close: waits for what is in flight, and refuses what comes after', async (t) => {
  const gate = makeGate()
  const { origin, scripted, clock } = await bench(t, async ({ reply }) => {
    await gate.wait()
    reply({ body: 'done' })
  })
  const held = fetchText(origin, get('/'))
  await gate.arrived(1)
  const closed = origin.close(5000)
  t.match(await failureOf(origin.send(get('/late'))), { failure: 'origin-overloaded', isSent: false })
  gate.open()
  t.equal(await held, 'done')
  await closed
  await scripted.drained()
  t.equal(clock.pending(), 0)
})

t.test('close: what is left at the deadline is aborted', async (t) => {
  const { origin, scripted, clock } = await bench(t, () => {})
  const held = failureOf(origin.send(get('/')))
  await scripted.received(1)
  const closed = origin.close(5000)
  clock.advance(5000)
  t.match(await held, { failure: 'aborted', isSent: true })
  await closed
  await scripted.drained()
})

t.test('send: event streams leave their place to others, up to a number of their own', async (t) => {
  const { origin } = await bench(
    t,
    ({ request, reply, response }) => {
      if (request.target === '/') return reply({ body: 'ok' })
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      response.write('data: 1\n\n')
    },
    { maxConnections: 2, maxQueue: 0, maxTunnels: 3 },
  )
  const streams = []
  for (let i = 0; i < 4; i++) streams.push(await origin.send(get('/events')))
  t.equal(origin.status().inFlight, 1, 'the fourth keeps its place')
  t.equal(await fetchText(origin, get('/')), 'ok')
  streams.push(await origin.send(get('/events')))
  t.match(await failureOf(origin.send(get('/'))), { failure: 'origin-overloaded' })
  streams[0]?.body.destroy()
  streams[3]?.body.destroy()
  t.equal(await fetchText(origin, get('/')), 'ok')
  t.equal(origin.status().inFlight, 1)
  const closing = origin.close(60_000)
  for (const { body } of streams) body.destroy()
  await closing
})

/** One exchange, with the connection played by hand: every order of events, also those that undici shows once in a thousand runs. */
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { type Dispatcher, errors } from 'undici'
import { ExchangeFailure, exchange } from '../../src/origin/exchange.ts'
import { type Leash, startLeash } from '../../src/origin/leash.ts'
import type { OriginFailure, OriginRequest, OriginResponse } from '../../src/origin/origin.ts'
import type { OriginSettings } from '../../src/origin/origin-settings.ts'
import { milliseconds } from '../../src/time.ts'
import { makeClock, type TestClock } from '../fixtures/clock.ts'
import { defaultOriginSettings } from '../fixtures/origin-settings.ts'
import { failureOf } from './failure.ts'

interface Options {
  readonly request?: Partial<OriginRequest>
  /** The socket stood before. */
  readonly wasOpen?: boolean
  /** Another exchange used it before. */
  readonly isReused?: boolean
  /** How the socket was closed. */
  readonly isClosedInOrder?: boolean
  readonly signal?: AbortSignal
  readonly settings?: Partial<OriginSettings>
}

interface Bench {
  readonly answer: Promise<OriginResponse>
  readonly clock: TestClock
  readonly leash: Leash
  /** What was done to the connection and its owner, in order. */
  readonly done: readonly string[]
  readonly controller: Dispatcher.DispatchController
  /** What undici would say. */
  start(): void
  head(status?: number, fields?: readonly string[]): void
  data(chunk: string | Buffer): void
  end(trailers?: readonly string[]): void
  error(error: Error): void
  readonly handler: Dispatcher.DispatchHandler
}

const limits = {
  connectTimeout: milliseconds(100),
  headersTimeout: milliseconds(1000),
  bodyTimeout: milliseconds(2000),
  totalTimeout: milliseconds(10_000),
}

function begin(options: Options = {}): Bench {
  const clock = makeClock()
  const done: string[] = []
  const settings = { ...defaultOriginSettings, ...limits, ...options.settings }
  const leash = startLeash({ clock, totalTimeout: settings.totalTimeout, signal: options.signal })
  const controller = makeController(done)
  let handler: Dispatcher.DispatchHandler = {}
  const answer = exchange({
    connection: {
      isOpen: () => options.wasOpen ?? false,
      countUse: () => options.isReused ?? false,
      originStatus: (status) => (status === 109 ? 100 : status),
      tellsClose: true,
      isClosedInOrder: () => options.isClosedInOrder ?? false,
      dispatch(request, given) {
        done.push(`dispatch ${request.method} ${request.path}`)
        handler = given
      },
      giveBack: () => done.push('give back'),
      discard: () => done.push('discard'),
    },
    request: { method: 'GET', target: '/', fields: ['Not', 'these'], body: undefined, ...options.request },
    fields: ['Host', 'a'],
    leash,
    settings,
    clock,
    onStream: () => done.push('stream'),
    onDone: () => done.push('done'),
  })
  answer.catch(() => {})
  return {
    answer,
    clock,
    leash,
    done,
    controller,
    get handler() {
      return handler
    },
    start: () => handler.onRequestStart?.(controller, {}),
    head(status = 200, fields = ['Content-Length', '2']) {
      handler.onResponseStarted?.()
      controller.rawHeaders = fields.map((field) => Buffer.from(field, 'latin1'))
      handler.onResponseStart?.(controller, status, {}, 'OK')
    },
    data: (chunk) => handler.onResponseData?.(controller, Buffer.from(chunk as string)),
    end(trailers = []) {
      controller.rawTrailers = trailers.map((field) => Buffer.from(field, 'latin1'))
      handler.onResponseEnd?.(controller, {})
    },
    error: (error) => handler.onResponseError?.(controller, error),
  }
}

function makeController(done: string[]): Dispatcher.DispatchController {
  let isPaused = false
  return {
    aborted: false,
    reason: null,
    get paused() {
      return isPaused
    },
    abort: () => done.push('abort'),
    pause() {
      isPaused = true
      done.push('pause')
    },
    resume() {
      isPaused = false
      done.push('resume')
    },
  }
}

const reset = new errors.SocketError('other side closed')

t.test('a whole answer: head, body, trailers; the connection is free before anybody is told', async (t) => {
  const bench = begin({ request: { method: 'POST', target: '/a?b', body: Buffer.from('x') } })
  bench.start()
  bench.head(201, ['Transfer-Encoding', 'chunked', 'X-Bytes', '\xe9', 'x-bytes', 'b'])
  const response = await bench.answer
  t.match(response, { status: 201, reasonPhrase: 'OK', framing: 'chunked', contentLength: undefined })
  t.same(response.fields, ['Transfer-Encoding', 'chunked', 'X-Bytes', '\xe9', 'x-bytes', 'b'])
  bench.data('a')
  bench.data('b')
  t.same(response.trailers(), [], 'none before the end')
  bench.end(['X-Sum', '3'])
  t.equal(await text(response.body), 'ab')
  t.same(response.trailers(), ['X-Sum', '3'])
  t.same(bench.done, ['dispatch POST /a?b', 'give back', 'done'])
  bench.leash.release()
  t.equal(bench.clock.pending(), 0, 'no deadline is left')
})

t.test('interim responses are reported, and are not the answer', async (t) => {
  const hints: unknown[] = []
  const bench = begin({ request: { onInterim: (status, fields) => hints.push([status, fields]) } })
  bench.start()
  bench.head(109, ['X-Continued', '1'])
  bench.head(103, ['Link', '</a>'])
  bench.head(200, ['Content-Length', '0'])
  bench.end()
  t.equal((await bench.answer).status, 200)
  t.same(
    hints,
    [
      [100, ['X-Continued', '1']],
      [103, ['Link', '</a>']],
    ],
    'by the status that the origin sent',
  )
})

t.test('no head: what failed, whether it was sent, and whether the connection was stale', async (t) => {
  type Play = (bench: Bench) => void
  const idle: Options = { wasOpen: true, isReused: true }
  const patient: Options = { settings: { headersTimeout: milliseconds(0) } }
  const sent = (then: Play): Play => {
    return (bench) => {
      bench.start()
      then(bench)
    }
  }
  const answering: Play = ({ handler }) => handler.onResponseStarted?.()
  const broken: Play = ({ error }) => error(reset)
  const refused: Play = ({ error }) => error(new errors.InvalidArgumentError('invalid request path'))
  const left: Play = ({ leash }) => leash.end({ failure: 'aborted', message: 'The caller left' })
  const upgraded: Play = ({ handler, controller }) => handler.onRequestUpgrade?.(controller, 101, {}, new Readable() as never)
  const later =
    (time: number): Play =>
    ({ clock }) =>
      clock.advance(time)
  const first = (play: Play, then: Play): Play => {
    return (bench) => {
      play(bench)
      then(bench)
    }
  }
  const hinted: Play = ({ head }) => head(103, [])
  const unbelievable: Play = ({ head }) => head(200, ['Content-Length', '2', 'Transfer-Encoding', 'chunked'])

  const cases: ReadonlyArray<readonly [name: string, options: Options, play: Play, expected: string]> = [
    ['no connection', {}, broken, 'origin-unreachable'],
    ['no connection in time', {}, later(100), 'origin-timeout'],
    ['an idle one breaks at once', idle, broken, 'origin-broken, stale'],
    ['undici refuses the request', idle, refused, 'origin-request-refused'],
    ['a new one is reset', {}, sent(broken), 'origin-broken, sent'],
    ['a used one is reset', idle, sent(broken), 'origin-broken, sent, stale'],
    ['a used one, after a byte has come', idle, sent(first(answering, broken)), 'origin-broken, sent'],
    ['no answer in time', idle, sent(later(1000)), 'origin-timeout, sent'],
    ['hints in its place', {}, sent(first(later(999), first(hinted, later(1)))), 'origin-timeout, sent'],
    ['a head that cannot be believed', idle, sent(unbelievable), 'origin-broken, sent'],
    ['an upgrade that nobody asked for', {}, sent(upgraded), 'origin-broken, sent'],
    ['the caller leaves before it is sent', {}, left, 'aborted'],
    ['the caller leaves after that', idle, sent(left), 'aborted, sent'],
    ['the total time is over', patient, sent(later(10_000)), 'origin-timeout, sent'],
  ]
  for (const [name, options, play, expected] of cases) {
    const bench = begin(options)
    play(bench)
    const error = await failureOf(bench.answer)
    if (!(error instanceof ExchangeFailure)) throw new Error(`${name}: another error`, { cause: error })
    const { failure, isSent, isStaleConnection } = error
    t.equal([failure, isSent && 'sent', isStaleConnection && 'stale'].filter(Boolean).join(', '), expected, name)
    t.same(
      bench.done.filter((what) => what !== 'abort'),
      ['dispatch GET /', 'discard'],
      `${name}: the connection goes, and nobody is told of an end`,
    )
    bench.leash.release()
    t.equal(bench.clock.pending(), 0, `${name}: no deadline is left`)

    bench.error(reset)
    bench.clock.advance(100_000)
    bench.leash.end({ failure: 'aborted', message: 'late' })
    bench.head()
    bench.data('late')
    bench.end()
    t.equal(bench.done.filter((what) => what === 'discard').length, 1, `${name}: it ends once`)
    t.notOk(bench.done.includes('done') || bench.done.includes('give back'), name)
  }
})

t.test('an exchange that is over before it begins sends nothing', async (t) => {
  const left = begin({ signal: AbortSignal.abort() })
  t.match(await failureOf(left.answer), { failure: 'aborted', isSent: false })
  t.same(left.done, ['discard'])

  const body = Readable.from(['x'])
  body.on('error', () => {}).destroy()
  const broken = begin({ request: { method: 'POST', body } })
  t.match(await failureOf(broken.answer), { failure: 'aborted', isSent: false })
  t.same(broken.done, ['discard'])
})

t.test('a connection that stands when the exchange is over sends nothing', async (t) => {
  const bench = begin()
  bench.clock.advance(100)
  await failureOf(bench.answer)
  bench.start()
  t.same(bench.done, ['dispatch GET /', 'discard', 'abort'])
})

t.test('a request body that breaks off ends the exchange; one that was read whole does not', async (t) => {
  const breaking = new Readable({ read() {} })
  const broken = begin({ request: { method: 'POST', body: breaking } })
  broken.start()
  breaking.destroy(new Error('client gone'))
  t.match(await failureOf(broken.answer), { failure: 'aborted', isSent: true, isStaleConnection: false })

  const whole = Readable.from(['x'])
  const good = begin({ request: { method: 'POST', body: whole } })
  good.start()
  await text(whole)
  good.head(204, [])
  good.end()
  t.equal((await good.answer).status, 204)
})

t.test('headersTimeout counts from the last byte of the request', async (t) => {
  const bench = begin()
  bench.start()
  for (let i = 0; i < 5; i += 1) {
    bench.clock.advance(999)
    bench.handler.onBodySent?.(Buffer.from('x'))
  }
  bench.clock.advance(999)
  bench.handler.onRequestSent?.()
  bench.clock.advance(999)
  t.notOk(bench.done.includes('discard'))
  bench.clock.advance(1)
  t.match(await failureOf(bench.answer), { failure: 'origin-timeout', message: 'No answer from the origin within 1000 ms' })
})

t.test('a body that ends too early is an error, and its end is told once', async (t) => {
  type Case = readonly [name: string, play: (bench: Bench) => void, failure: OriginFailure]
  const cases: readonly Case[] = [
    ['reset', ({ error }) => error(reset), 'origin-broken'],
    ['too short', ({ error }) => error(new errors.ResponseContentLengthMismatchError('short')), 'origin-broken'],
    ['silence', ({ clock }) => clock.advance(2000), 'origin-timeout'],
    ['the caller left', ({ leash }) => leash.end({ failure: 'aborted', message: 'x' }), 'aborted'],
  ]
  for (const [name, play, failure] of cases) {
    const bench = begin()
    bench.start()
    bench.head()
    const { body } = await bench.answer
    bench.data('a')
    const reading = failureOf(text(body))
    play(bench)
    t.match(await reading, { failure, isSent: true }, name)
    bench.error(reset)
    bench.end()
    t.same(bench.done, ['dispatch GET /', 'abort', 'discard', 'done'], name)
  }
})

t.test('a body that closing ends: whole by an orderly close alone, where the settings let it count', async (t) => {
  type Case = readonly [framing: 'strict' | 'lenient', isClosedInOrder: boolean, isWhole: boolean]
  const cases: readonly Case[] = [
    ['strict', true, true],
    ['strict', false, true],
    ['lenient', true, true],
    ['lenient', false, false],
  ]
  for (const [framing, isClosedInOrder, isWhole] of cases) {
    const bench = begin({ settings: { framing }, isClosedInOrder })
    bench.start()
    bench.head(200, [])
    const answer = await bench.answer
    t.equal(answer.framing, framing === 'strict' ? 'close' : 'orderly-close')
    bench.data('a')
    const reading = isWhole ? text(answer.body) : failureOf(text(answer.body))
    bench.end()
    const name = `${framing}, ${isClosedInOrder ? 'closed' : 'reset'}`
    if (isWhole) t.equal(await reading, 'a', name)
    else t.match(await reading, { failure: 'origin-broken', isSent: true }, name)
    t.same(bench.done, ['dispatch GET /', ...(isWhole ? ['give back', 'done'] : ['abort', 'discard', 'done'])], name)
  }
})

t.test('an error that nobody listens for yet does not end the process', async (t) => {
  const bench = begin()
  bench.start()
  bench.head()
  const { body } = await bench.answer
  bench.error(reset)
  await new Promise((next) => setImmediate(next))
  t.match(body.errored, { failure: 'origin-broken' })
})

t.test('a reader that leaves closes the connection', async (t) => {
  const bench = begin()
  bench.start()
  bench.head()
  const { body } = await bench.answer
  body.destroy()
  t.same(bench.done, ['dispatch GET /', 'abort', 'discard', 'done'])
})

t.test('a reader that holds back pauses the origin, and no deadline counts meanwhile', async (t) => {
  const bench = begin()
  const size = 200_000
  bench.start()
  bench.head(200, ['Content-Length', String(2 * size)])
  const { body } = await bench.answer
  bench.data(Buffer.alloc(size))
  t.equal(bench.controller.paused, true)
  bench.clock.advance(3_600_000)
  t.notOk(bench.done.includes('discard'), 'an hour later')

  const reading = text(body)
  await new Promise((next) => setImmediate(next))
  t.same(bench.done, ['dispatch GET /', 'pause', 'resume'])
  bench.clock.advance(1999)
  bench.data(Buffer.alloc(size))
  bench.end()
  t.equal((await reading).length, 2 * size)
})

t.test('bodyTimeout counts again once the reader has caught up', async (t) => {
  const bench = begin()
  bench.start()
  bench.head(200, ['Content-Length', '400000'])
  const { body } = await bench.answer
  bench.data(Buffer.alloc(200_000))
  const reading = failureOf(text(body))
  await new Promise((next) => setImmediate(next))
  bench.clock.advance(2000)
  t.match(await reading, { failure: 'origin-timeout', message: 'Nothing more of the body from the origin within 2000 ms' })
})

t.test('silence and age: what bounds which body', async (t) => {
  type Case = readonly [name: string, fields: readonly string[], endsBySilence: boolean, endsByAge: boolean]
  const cases: readonly Case[] = [
    ['of announced length', ['Content-Length', '100'], true, true],
    ['in chunks', ['Transfer-Encoding', 'chunked'], true, false],
    ['until the connection closes', [], true, false],
    ['an event stream', ['Transfer-Encoding', 'chunked', 'Content-Type', 'text/event-stream'], false, false],
  ]
  for (const [name, fields, endsBySilence, endsByAge] of cases) {
    const silent = begin({ settings: { totalTimeout: milliseconds(0) } })
    silent.start()
    silent.head(200, fields)
    await silent.answer
    silent.clock.advance(2000)
    t.equal(silent.done.includes('discard'), endsBySilence, `${name}: silence`)

    const dripping = begin()
    dripping.start()
    dripping.head(200, fields)
    const { body } = await dripping.answer
    body.resume()
    for (let passed = 0; passed < 12_000; passed += 1000) {
      dripping.clock.advance(1000)
      dripping.data('x')
    }
    t.equal(dripping.done.includes('discard'), endsByAge, `${name}: age`)
  }
})

import { once } from 'node:events'
import type { Readable } from 'node:stream'
import t from 'tap'
import type { Fields } from '../../src/http/fields.ts'
import { Capture, type Sink } from '../../src/proxy/capture.ts'
import { openBody } from './fake-origin.ts'

interface TestSink extends Sink {
  text: string
  ending: string | undefined
  isFull: boolean
  drain(): void
}

function makeSink(): TestSink {
  let drained: (() => void) | undefined
  const sink: TestSink = {
    text: '',
    ending: undefined,
    isFull: false,
    write(chunk) {
      sink.text += Buffer.from(chunk).toString()
      return !sink.isFull
    },
    onDrain(run) {
      drained = run
    },
    end(trailers) {
      sink.ending = `end ${trailers.join()}`
    },
    cut() {
      sink.ending = 'cut'
    },
    failed(error) {
      sink.ending = `failed: ${(error as Error).message}`
    },
    drain() {
      sink.isFull = false
      drained?.()
    },
  }
  return sink
}

function makeCapture(limit = 100, trailers: Fields = []): { source: Readable; capture: Capture } {
  const source = openBody()
  return { source, capture: new Capture({ source, limit, trailers: () => trailers }) }
}

/** What was pushed has been read. */
async function flowed(source: Readable): Promise<void> {
  while (source.readableLength > 0) await once(source, 'data')
  await new Promise((resolve) => setImmediate(resolve))
}

t.test('Capture: every reader gets the whole body, from wherever it joins, with the trailers', async (t) => {
  const { source, capture } = makeCapture(100, ['X-Sum', '1'])
  const [early, late, last] = [makeSink(), makeSink(), makeSink()]
  capture.subscribe(early).start()
  source.push('ab')
  await flowed(source)
  t.equal(early.text, 'ab', 'while it is still coming')
  capture.subscribe(late).start()
  t.equal(late.text, 'ab')
  source.push('cd')
  source.push(null)
  const settled = await capture.settled
  t.equal(settled.kind === 'complete' && Buffer.from(settled.body).toString(), 'abcd')
  capture.subscribe(last).start()
  for (const sink of [early, late, last]) t.same([sink.text, sink.ending], ['abcd', 'end X-Sum,1'])
})

t.test('Capture: a body that breaks is not complete, and cuts those who read it', async (t) => {
  for (const isClosed of [true, false]) {
    const { source, capture } = makeCapture()
    const [started, waiting] = [makeSink(), makeSink()]
    source.on('error', () => {})
    capture.subscribe(started).start()
    const subscription = capture.subscribe(waiting)
    source.push('ab')
    await flowed(source)
    source.destroy(isClosed ? undefined : new Error('broken'))
    t.equal((await capture.settled).kind, 'failed')
    t.notOk(capture.isJoinable)
    subscription.start()
    t.same([started.ending, waiting.ending], ['cut', 'cut'])
  }
})

t.test('Capture: above the limit nothing is kept, nobody else joins, and the slowest reader sets the pace', async (t) => {
  const { source, capture } = makeCapture(3)
  const [fast, slow] = [makeSink(), makeSink()]
  capture.subscribe(fast).start()
  capture.subscribe(slow).start()
  slow.isFull = true
  source.push('ab')
  source.push('cd')
  t.equal((await capture.settled).kind, 'overflow')
  await flowed(source)
  t.notOk(capture.isJoinable)
  t.ok(source.isPaused(), 'for the slow one')
  slow.drain()
  t.notOk(source.isPaused())
  source.push('ef')
  source.push(null)
  await once(source, 'end')
  t.same([fast.text, slow.text], ['abcdef', 'abcdef'])
  t.same([fast.ending, slow.ending], ['end ', 'end '])
})

t.test('Capture: a reader that begins only after the limit was passed still gets everything', async (t) => {
  const { source, capture } = makeCapture(3)
  const sink = makeSink()
  const subscription = capture.subscribe(sink)
  source.push('abcd')
  t.equal((await capture.settled).kind, 'overflow')
  await flowed(source)
  t.ok(source.isPaused(), 'it waits for the reader')
  subscription.start()
  t.notOk(source.isPaused())
  source.push('ef')
  source.push(null)
  await once(source, 'end')
  t.same([sink.text, sink.ending], ['abcdef', 'end '])
})

t.test('Capture: above the limit and without readers, the origin is let go', async (t) => {
  const { source, capture } = makeCapture(3)
  const subscription = capture.subscribe(makeSink())
  source.push('abcd')
  await capture.settled
  t.notOk(source.destroyed)
  subscription.cancel()
  t.ok(source.destroyed)
})

t.test('Capture: below the limit it is read to its end although every reader has left', async (t) => {
  const { source, capture } = makeCapture()
  const sink = makeSink()
  const subscription = capture.subscribe(sink)
  subscription.start()
  subscription.cancel()
  source.push('ab')
  source.push(null)
  t.equal((await capture.settled).kind, 'complete')
  t.same([sink.text, sink.ending], ['', undefined], 'who has left gets nothing more')
  subscription.start()
  t.equal(sink.text, '')
})

t.test('Capture: a reader that throws costs the others nothing', async (t) => {
  const { source, capture } = makeCapture()
  const [broken, whole] = [makeSink(), makeSink()]
  broken.write = () => {
    throw new Error('broken')
  }
  capture.subscribe(broken).start()
  capture.subscribe(whole).start()
  source.push('ab')
  source.push(null)
  t.equal((await capture.settled).kind, 'complete')
  t.same([broken.ending, whole.text, whole.ending], ['failed: broken', 'ab', 'end '])
})

t.test('Capture: a reader that leaves while it is written to is left alone', async (t) => {
  const { source, capture } = makeCapture(3)
  const [leaving, staying] = [makeSink(), makeSink()]
  const subscription = capture.subscribe(leaving)
  leaving.write = () => {
    subscription.cancel()
    return true
  }
  subscription.start()
  capture.subscribe(staying).start()
  source.push('ab')
  source.push('cd')
  source.push(null)
  await once(source, 'end')
  t.same([leaving.ending, staying.text, staying.ending], [undefined, 'abcd', 'end '])
})

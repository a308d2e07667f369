import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { Tee } from '../../src/proxy/tee.ts'

/** As `once`, which takes an error for its own. */
function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => stream.once('close', () => resolve()))
}

t.test('Tee: passes everything on, and keeps a copy up to the limit', async (t) => {
  const body = ['ab', 'cd', 'ef'].map((each) => Buffer.from(each))
  const short = new Tee(Readable.from(body), 6)
  t.equal(short.copy, undefined, 'not whole yet')
  t.equal(await text(short.stream), 'abcdef')
  t.equal(Buffer.from(short.copy ?? []).toString(), 'abcdef')

  const long = new Tee(Readable.from(body), 5)
  t.equal(await text(long.stream), 'abcdef')
  t.equal(long.copy, undefined, 'above the limit there is no copy, rather than half of one')
})

t.test('Tee: breaks as its source does, with its error, and before anybody listens', async (t) => {
  const error = new Error('too large')
  const source = new PassThrough().on('error', () => {})
  const tee = new Tee(source, 10)
  source.write('ab')
  source.destroy(error)
  await closed(tee.stream)
  t.equal(tee.stream.errored, error)
  t.equal(tee.copy, undefined)

  const broken = new PassThrough().on('error', () => {}).destroy(error)
  t.equal(new Tee(broken, 10).stream.destroyed, true, 'also when it broke before')

  const closing = new PassThrough()
  const cut = new Tee(closing, 10)
  closing.destroy()
  await closed(cut.stream)
  t.match(cut.stream.errored, { message: 'Body closed before its end' }, 'an end without error is none')
})

t.test('Tee: when the origin wants no more, neither do we', async (t) => {
  const source = new PassThrough()
  const tee = new Tee(source, 10)
  tee.stream.destroy()
  await once(source, 'close')
  t.ok(source.destroyed)
})

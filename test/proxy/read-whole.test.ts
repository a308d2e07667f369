import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { readWhole } from '../../src/proxy/read-whole.ts'

const chunks = (...texts: string[]): Readable => Readable.from(texts.map((each) => Buffer.from(each)))

t.test('readWhole: a body up to the limit, in one piece', async (t) => {
  for (const source of [chunks('ab', 'cd'), chunks('abcd')]) {
    const read = await readWhole(source, 4)
    t.equal(read.kind === 'whole' && Buffer.from(read.body).toString(), 'abcd')
  }
  t.match(await readWhole(chunks(), 4), { kind: 'whole' }, 'also an empty one')
})

t.test('readWhole: a longer body is given back from its first byte', async (t) => {
  const source = chunks('ab', 'cd', 'ef')
  t.same(await readWhole(source, 3), { kind: 'longer' })
  t.ok(source.isPaused())
  const whole = text(source)
  source.resume()
  t.equal(await whole, 'abcdef')
})

t.test('readWhole: a longer body that has ended at once is given back too', async (t) => {
  const source = new PassThrough()
  source.end(Buffer.from('abcdef'))
  t.same(await readWhole(source, 3), { kind: 'longer' })
  const whole = text(source)
  source.resume()
  t.equal(await whole, 'abcdef')
})

t.test('readWhole: a body that breaks fails, also when it broke before', async (t) => {
  const error = new Error('broken')
  const breaking = new PassThrough()
  const read = readWhole(breaking, 10)
  breaking.destroy(error)
  t.same(await read, { kind: 'failed', error })

  const closing = new PassThrough()
  const unfinished = readWhole(closing, 10)
  closing.destroy()
  t.match(await unfinished, { kind: 'failed', error: { message: 'Body closed before its end' } })

  const broken = new PassThrough().on('error', () => {})
  broken.destroy(error)
  await new Promise((resolve) => broken.once('close', resolve))
  t.same(await readWhole(broken, 10), { kind: 'failed', error })
})

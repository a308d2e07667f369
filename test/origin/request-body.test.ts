import { Readable } from 'node:stream'
import t from 'tap'
import { watchRequestBody } from '../../src/origin/request-body.ts'

/** What was told of a body, a turn after `end` was done to it. */
async function told(end: (body: Readable) => void, isBefore = false): Promise<Array<string | undefined>> {
  const causes: Array<string | undefined> = []
  const body = new Readable({ read: () => {} })
  if (isBefore) end(body)
  watchRequestBody(body, (cause) => causes.push(cause?.message))
  if (!isBefore) end(body)
  await new Promise<void>((resolve) => setImmediate(resolve))
  return causes
}

t.test('watchRequestBody: a body that was read to its end has not broken off', async (t) => {
  t.same(await told((body) => body.resume().push(null)), [])
})

t.test('watchRequestBody: one that is cut, with a cause or without, has', async (t) => {
  t.same(await told((body) => body.destroy()), [undefined])
  t.same((await told((body) => body.destroy(new Error('cut'))))[0], 'cut')
})

t.test('watchRequestBody: so has one that was cut before, at once', async (t) => {
  t.same((await told((body) => body.destroy(), true))[0], undefined)
  t.not((await told((body) => body.destroy(), true)).length, 0)
})

t.test('watchRequestBody: what is no stream cannot break off', async (t) => {
  for (const body of [undefined, Buffer.from('whole')]) watchRequestBody(body, () => t.fail('nothing has ended'))
})

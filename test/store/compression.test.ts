import { randomBytes } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { compress, decompress, decompressNow } from '../../src/store/compression.ts'

const json = ['Content-Type', 'application/json; charset=utf-8']
const text = (length: number): Buffer => Buffer.alloc(length, '{"name":"Guelaguetza","places":12},')

t.test('compress packs what shrinks, and decompress gives it back to the byte', async (t) => {
  for (const length of [1025, 65_536, 65_537, 1_000_000]) {
    const body = text(length)
    const packed = await compress(body, json, 1024)
    t.equal(packed.atRest, 'zstd', `${length}`)
    t.equal(packed.bodyLength, length)
    t.ok(packed.body.length < length / 5)
    t.same(await decompress(packed), body)
    t.same(decompressNow(packed), body)
  }
})

t.test('compress leaves alone what is short, coded, of another type, or does not shrink', async (t) => {
  const cases: Array<[string, Buffer, string[]]> = [
    ['at the threshold', text(1024), json],
    ['with a content coding', text(4096), [...json, 'content-encoding', 'gzip']],
    ['an image', text(4096), ['content-type', 'image/png']],
    ['of unknown type', text(4096), []],
    ['without redundancy', randomBytes(4096), json],
    ['without redundancy, large', randomBytes(100_000), json],
    ['empty', Buffer.alloc(0), json],
  ]
  for (const [name, body, fields] of cases) {
    const plain = await compress(body, fields, 1024)
    t.same(plain, { body, atRest: 'identity', bodyLength: body.length }, name)
    t.equal(await decompress(plain), body, name)
    t.equal(decompressNow(plain), body, name)
  }
})

t.test('what cannot be had back as it was is nothing: broken, cut, longer or shorter than said', async (t) => {
  for (const length of [5000, 100_000]) {
    const whole = zstdCompressSync(text(length))
    const cases: Array<[string, Uint8Array, number]> = [
      ['garbage', randomBytes(100), length],
      ['empty', Buffer.alloc(0), length],
      ['cut', whole.subarray(0, whole.length - 3), length],
      ['longer than said', whole, length - 1],
      ['shorter than said', whole, length + 1],
    ]
    for (const [name, body, bodyLength] of cases) {
      t.equal(await decompress({ body, atRest: 'zstd', bodyLength }), undefined, name)
      t.equal(decompressNow({ body, atRest: 'zstd', bodyLength }), undefined, name)
    }
  }
})

t.test('a bomb is stopped at the length that was said', async (t) => {
  const bomb = zstdCompressSync(Buffer.alloc(200_000_000))
  const before = process.memoryUsage().arrayBuffers
  t.equal(await decompress({ body: bomb, atRest: 'zstd', bodyLength: 1000 }), undefined)
  t.ok(process.memoryUsage().arrayBuffers - before < 50_000_000)
})

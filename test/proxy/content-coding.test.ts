import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { decodeContent } from '../../src/proxy/content-coding.ts'

const plain = Buffer.from('{"id":"ñ"}')

t.test('decodeContent: every coding an origin is asked for', async (t) => {
  const coded: Array<[string | undefined, Uint8Array]> = [
    [undefined, plain],
    ['identity', plain],
    ['gzip', gzipSync(plain)],
    [' GZIP ', gzipSync(plain)],
    ['x-gzip', gzipSync(plain)],
    ['deflate', deflateSync(plain)],
    ['br', brotliCompressSync(plain)],
    ['zstd', zstdCompressSync(plain)],
  ]
  for (const [coding, body] of coded) t.equal(await decodeContent(body, coding, 100), plain.toString(), String(coding))
})

t.test('decodeContent: what cannot be read whole is unread', async (t) => {
  const bomb = gzipSync(Buffer.alloc(1_000_000))
  const cases: Array<[why: string, body: Uint8Array, coding: string | undefined]> = [
    ['longer than the limit', Buffer.alloc(101, 'a'), undefined],
    ['longer than the limit once it is decoded', bomb, 'gzip'],
    ['damaged', gzipSync(plain).subarray(0, 12), 'gzip'],
    ['not what it says', plain, 'br'],
    ['several codings', gzipSync(gzipSync(plain)), 'gzip, gzip'],
    ['a coding that is not known', plain, 'compress'],
    ['not UTF-8', Buffer.from([0xff, 0xfe]), undefined],
  ]
  for (const [why, body, coding] of cases) t.equal(await decodeContent(body, coding, 100), undefined, why)
})

/**
 * Compression at rest: bodies that came without a content coding, are worth it and shrink by a tenth are kept as zstd. It is ours alone: an
 * entry that leaves the store is decompressed to the byte. Work on large bodies leaves the main thread.
 */
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import type { Entry } from '../cache/entry.ts'
import { type Fields, hasField } from '../http/fields.ts'
import { isCompressible, mediaTypeOf } from '../http/media-type.ts'

/** The part of an entry that holds its body. */
export type Body = Pick<Entry, 'body' | 'atRest' | 'bodyLength'>

/** From here on a thread of the pool does it: below, the way there costs more than the work. */
const largeBody = 64 * 1024
/** What must remain at most to be worth decompressing at every hit. */
const worthwhile = 0.9

const compressOptions = { params: { [constants.ZSTD_c_compressionLevel]: 3 } }
const compressLarge = promisify(zstdCompress)
const decompressLarge = promisify(zstdDecompress)

/** Compresses a body above `threshold` bytes where it pays; else gives it back as it is. Never rejects. */
export async function compress(body: Uint8Array, fields: Fields, threshold: number): Promise<Body> {
  const plain: Body = { body, atRest: 'identity', bodyLength: body.length }
  if (body.length <= threshold || hasField(fields, 'content-encoding') || !isCompressible(mediaTypeOf(fields))) return plain
  try {
    const packed = body.length > largeBody ? await compressLarge(body, compressOptions) : zstdCompressSync(body, compressOptions)
    return packed.length <= body.length * worthwhile ? { body: packed, atRest: 'zstd', bodyLength: body.length } : plain
  } catch {
    return plain
  }
}

/** The body as the origin sent it; undefined when it cannot be had back. Never rejects. */
export async function decompress(stored: Body): Promise<Uint8Array | undefined> {
  if (stored.atRest === 'identity' || stored.bodyLength <= largeBody) return decompressNow(stored)
  try {
    return exactly(await decompressLarge(stored.body, { maxOutputLength: stored.bodyLength }), stored.bodyLength)
  } catch {
    return undefined
  }
}

/** The same at once, for the synchronous hit of a body that is not large. */
export function decompressNow(stored: Body): Uint8Array | undefined {
  if (stored.atRest === 'identity') return stored.body
  try {
    return exactly(zstdDecompressSync(stored.body, { maxOutputLength: Math.max(1, stored.bodyLength) }), stored.bodyLength)
  } catch {
    return undefined
  }
}

/** Content-Length has been said already: another length is no answer. */
function exactly(body: Uint8Array, length: number): Uint8Array | undefined {
  return body.length === length ? body : undefined
}

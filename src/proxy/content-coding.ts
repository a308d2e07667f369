/** Reads a body in the origin's content coding, for templates alone: what clients get is never decoded here. */
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'

type Decode = (body: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>

const decoders: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['gzip', promisify(gunzip) as Decode],
  ['x-gzip', promisify(gunzip) as Decode],
  ['deflate', promisify(inflate) as Decode],
  ['br', promisify(brotliDecompress) as Decode],
  ['zstd', promisify(zstdDecompress) as Decode],
])

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The text of a body of at most `limit` decoded bytes. Undefined when it is longer, not UTF-8, damaged, or in a coding (or several) that is not
 * known: the caller treats it as unread.
 */
export async function decodeContent(body: Uint8Array, coding: string | undefined, limit: number): Promise<string | undefined> {
  const name = coding?.trim().toLowerCase() ?? 'identity'
  try {
    if (name === 'identity' || name === '') return body.length > limit ? undefined : utf8.decode(body)
    const decode = decoders.get(name)
    return decode === undefined ? undefined : utf8.decode(await decode(body, { maxOutputLength: limit }))
  } catch {
    return undefined
  }
}

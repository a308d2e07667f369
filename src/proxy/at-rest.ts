/** A stored body in the form the origin sent it. */
import type { Entry } from '../cache/entry.ts'
import { decompress } from '../store/compression.ts'

/** Without a promise; undefined when it has to be decompressed first. */
export function bodyNow(entry: Entry): Uint8Array | undefined {
  return entry.atRest === 'identity' ? entry.body : undefined
}

export async function bodyOf(entry: Entry): Promise<Uint8Array> {
  const body = bodyNow(entry) ?? (await decompress(entry))
  if (body === undefined) throw new Error('Stored body cannot be decompressed')
  return body
}

/** A stored body in the form the origin sent it. */
import type { Entry } from '../cache/entry.ts'
import { decompress } from '../store/compression.ts'

/** Without a promise; undefined when it has to be decompressed first. */
export function bodyNow(entry: Entry): Uint8Array | undefined {
  return entry.atRest === 'identity' ? entry.body : undefined
}

/** Undefined when it cannot be had back: then it is as if nothing were stored. */
export async function bodyOf(entry: Entry): Promise<Uint8Array | undefined> {
  return bodyNow(entry) ?? (await decompress(entry))
}

/**
 * What one stored value costs this process in bytes: the texts and the body as they are, and for each text, list and object what the engine
 * adds. The constants were measured on Node 26 (64-bit, pointers uncompressed).
 */
import type { Stored } from '../cache/entry.ts'

/** Entry, stamp, times, lists, the buffer and its place outside the heap, and the store's own seat and map slot. */
const perEntry = 720
/** A string's header and its rounding, and the pointer to it. */
const perText = 28

export function footprint(key: string, stored: Stored): number {
  const held = perEntry + textBytes(key)
  if (stored.kind === 'variants') return stored.selectors.reduce((sum, selector) => sum + 32 + textsBytes(selector), held)
  const { entry } = stored
  return (
    held +
    entry.body.length +
    textBytes(entry.reasonPhrase) +
    textBytes(entry.rule) +
    textBytes(entry.stamp.epoch) +
    textsBytes(entry.fields) +
    textsBytes(entry.labels) +
    textsBytes(entry.vary)
  )
}

function textsBytes(texts: readonly string[]): number {
  let sum = 0
  for (const text of texts) sum += textBytes(text)
  return sum
}

/** A byte a character: fields are latin1, keys and labels escaped. */
function textBytes(text: string): number {
  return perText + text.length
}

/**
 * What a stored value costs this process in bytes beyond what it takes in the arena. The constants were measured on Node 26 (64-bit, pointers
 * uncompressed), as growth of the resident set under constant replacement: they contain what the collector has not taken back yet.
 */
import type { Stored } from '../cache/entry.ts'

/** The seat, the slot in the map, the key's header. */
const perKey = 400
/** Entry, stamp, times, lists, the buffer and its place outside the heap. */
const perEntry = 1000
/** A string's header, its rounding, and the pointer to it. */
const perText = 40

/** Of a key under which something is kept. */
export function keyFootprint(key: string): number {
  return perKey + key.length
}

/** Of a value as the program uses it, made of so many bytes: the body is a part of them. */
export function openFootprint(stored: Stored, length: number): number {
  if (stored.kind === 'variants') {
    const languages = stored.languages?.map(({ name, key }) => [name, key]) ?? []
    const tagged = stored.tagged?.map(({ key, etag, stamp, terms }) => [key, etag, stamp.epoch, terms]) ?? []
    const lists = [...stored.selectors, ...languages, ...tagged]
    return lists.reduce((sum, texts) => sum + textsFootprint(texts), perEntry + length)
  }
  const { entry } = stored
  const texts = [entry.reasonPhrase, entry.rule, entry.stamp.epoch]
  return [texts, entry.fields, entry.labels, entry.vary].reduce((sum, list) => sum + textsFootprint(list), perEntry + length)
}

function textsFootprint(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + perText + text.length, 0)
}

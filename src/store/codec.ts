/**
 * One stored value as bytes, for Redis, and as a copy of its own, for memory: a version byte, the kind, the head with every length before its
 * text, then the body as it is. Whatever is read may have been written by anybody: `decode` never throws, and gives undefined unless
 * every byte has its place.
 */
import type { Entry, Stored } from '../cache/entry.ts'
import { instant, seconds } from '../time.ts'
import { ByteReader, ByteWriter } from './bytes.ts'

const version = 1
const kinds = { entry: 0, variants: 1 } as const
const codings = ['identity', 'zstd'] as const

export function encode(stored: Stored): Buffer {
  if (stored.kind === 'entry') return Buffer.concat([writeHead(stored.entry), stored.entry.body])
  const writer = start(kinds.variants)
  writer.count(stored.selectors.length)
  for (const selector of stored.selectors) writer.texts(selector)
  return writer.bytes()
}

/** The entry's body is a view of `bytes`, not a copy. */
export function decode(bytes: Uint8Array): Stored | undefined {
  const reader = new ByteReader(bytes)
  if (reader.byte() !== version) return undefined
  const kind = reader.byte()
  if (kind === kinds.entry) {
    const entry = readEntry(reader)
    return entry && reader.isAtEnd() && isSound(entry) ? { kind: 'entry', entry } : undefined
  }
  if (kind !== kinds.variants) return undefined
  const selectors: string[][] = []
  for (let left = reader.count(); left > 0 && reader.isWhole; left -= 1) selectors.push(reader.texts())
  return reader.isAtEnd() ? { kind: 'variants', selectors } : undefined
}

/**
 * A copy that holds on to nothing: texts cut out of a key, a header or a body would keep those whole in memory, and a body in a shared pool
 * the pool. The body lies outside the JavaScript heap, in a buffer of exactly its size.
 */
export function detach(stored: Stored): Stored {
  if (stored.kind === 'variants') return decode(encode(stored)) as Stored
  const reader = new ByteReader(writeHead(stored.entry))
  reader.byte()
  reader.byte()
  const body = Buffer.allocUnsafeSlow(stored.entry.body.length)
  body.set(stored.entry.body)
  return { kind: 'entry', entry: readEntry(reader, body) as Entry }
}

function start(kind: number): ByteWriter {
  const writer = new ByteWriter()
  writer.byte(version)
  writer.byte(kind)
  return writer
}

function writeHead(entry: Entry): Buffer {
  const writer = start(kinds.entry)
  writer.count(entry.status)
  writer.text(entry.reasonPhrase)
  writer.texts(entry.fields)
  writer.text(entry.rule)
  writer.number(entry.requestTime)
  writer.number(entry.responseTime)
  writer.number(entry.initialAge)
  writer.text(entry.stamp.epoch)
  writer.count(entry.stamp.number)
  writer.texts(entry.labels)
  writer.texts(entry.vary)
  writer.byte(codings.indexOf(entry.atRest))
  writer.count(entry.bodyLength)
  writer.count(entry.body.length)
  return writer.bytes()
}

function readEntry(reader: ByteReader, given?: Uint8Array): Entry | undefined {
  const status = reader.count()
  const reasonPhrase = reader.text()
  const fields = reader.texts()
  const rule = reader.text()
  const requestTime = instant(reader.number())
  const responseTime = instant(reader.number())
  const initialAge = seconds(reader.number())
  const stamp = { epoch: reader.text(), number: reader.count() }
  const labels = reader.texts()
  const vary = reader.texts()
  const atRest = codings[reader.byte()]
  const bodyLength = reader.count()
  const storedLength = reader.count()
  const body = given ?? reader.rest(storedLength)
  if (atRest === undefined || !reader.isWhole) return undefined
  return {
    status,
    reasonPhrase,
    fields,
    rule,
    body,
    atRest,
    bodyLength,
    requestTime,
    responseTime,
    initialAge,
    stamp,
    labels,
    vary,
  }
}

/** What a later reader relies on without looking. */
function isSound(entry: Entry): boolean {
  return (
    entry.status >= 100 &&
    entry.status <= 999 &&
    entry.fields.length % 2 === 0 &&
    (entry.atRest !== 'identity' || entry.body.length === entry.bodyLength) &&
    Number.isFinite(entry.requestTime) &&
    Number.isFinite(entry.responseTime) &&
    Number.isFinite(entry.initialAge)
  )
}

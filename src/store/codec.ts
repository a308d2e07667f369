/**
 * One stored value as bytes, in Redis and in memory: a version byte, the kind, the head with every length before its text, then the body as it
 * is. Whatever is read may have been written by anybody: `decode` never throws, and gives undefined unless every byte has its place.
 */
import type { Entry, Spoken, Stored, Tagged } from '../cache/entry.ts'
import { bytesOf, type Part } from '../cache/partial.ts'
import { instant, seconds } from '../time.ts'
import { ByteReader, ByteWriter } from './bytes.ts'

const version = 1
/** Those that came later are misses to whoever does not know them yet. */
const kinds = { entry: 0, variants: 1, part: 2, languages: 3, tagged: 4 } as const
const codings = ['identity', 'zstd'] as const

export function encode(stored: Stored): Buffer {
  return Buffer.concat(encodeParts(stored))
}

/** The same in pieces, so that a body need not be copied twice. */
export function encodeParts(stored: Stored): readonly Buffer[] {
  if (stored.kind === 'variants') return [writeVariants(stored)]
  const { body } = stored.entry
  return [writeHead(stored.entry), Buffer.from(body.buffer, body.byteOffset, body.byteLength)]
}

/** The entry's body is a view of `bytes`, not a copy. */
export function decode(bytes: Uint8Array): Stored | undefined {
  const reader = new ByteReader(bytes)
  if (reader.byte() !== version) return undefined
  const kind = reader.byte()
  if (kind === kinds.entry || kind === kinds.part) {
    const part = kind === kinds.part ? readPart(reader) : undefined
    const entry = readEntry(reader)
    if (entry === undefined || !isSound(entry)) return undefined
    if (kind === kinds.entry) return { kind: 'entry', entry }
    return part !== undefined && bytesOf(part) === entry.bodyLength ? { kind: 'entry', entry: { ...entry, part } } : undefined
  }
  return kind === kinds.variants || kind === kinds.languages || kind === kinds.tagged ? readVariants(reader, kind) : undefined
}

function start(kind: number): ByteWriter {
  const writer = new ByteWriter()
  writer.byte(version)
  writer.byte(kind)
  return writer
}

type Variants = Extract<Stored, { kind: 'variants' }>

function writeVariants({ selectors, languages, tagged }: Variants): Buffer {
  const writer = start(tagged !== undefined ? kinds.tagged : languages !== undefined ? kinds.languages : kinds.variants)
  writer.count(selectors.length)
  for (const selector of selectors) writer.texts(selector)
  if (languages !== undefined || tagged !== undefined) writer.count(languages?.length ?? 0)
  for (const { name, key } of languages ?? []) {
    writer.text(name)
    writer.text(key)
  }
  if (tagged !== undefined) writer.count(tagged.length)
  for (const { key, etag, stamp, terms } of tagged ?? []) {
    writer.texts([key, etag, stamp.epoch, terms])
    writer.count(stamp.number)
  }
  return writer.bytes()
}

/** With tags, no languages are none that are said. */
function readVariants(reader: ByteReader, kind: number): Variants | undefined {
  const selectors: string[][] = []
  for (let left = reader.count(); left > 0 && reader.isWhole; left -= 1) selectors.push(reader.texts())
  const languages: Spoken[] = []
  const count = kind === kinds.variants ? 0 : reader.count()
  for (let left = count; left > 0 && reader.isWhole; left -= 1) languages.push({ name: reader.text(), key: reader.text() })
  const tagged: Tagged[] = []
  for (let left = kind === kinds.tagged ? reader.count() : 0; left > 0 && reader.isWhole; left -= 1) {
    const [key, etag, epoch, terms] = reader.texts()
    const number = reader.count()
    if (key === undefined || etag === undefined || epoch === undefined || terms === undefined) return undefined
    tagged.push({ key, etag, stamp: { epoch, number }, terms })
  }
  if (!reader.isAtEnd()) return undefined
  return {
    kind: 'variants',
    selectors,
    ...(kind === kinds.languages || languages.length > 0 ? { languages } : {}),
    ...(kind === kinds.tagged ? { tagged } : {}),
  }
}

function writeHead(entry: Entry): Buffer {
  const writer = start(entry.part === undefined ? kinds.entry : kinds.part)
  if (entry.part !== undefined) writePart(writer, entry.part)
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

/** The length is told one larger, so that 0 stands for one that is not known. */
function writePart(writer: ByteWriter, { ranges, length }: Part): void {
  writer.count(length === undefined ? 0 : length + 1)
  writer.count(ranges.length)
  for (const { first, last } of ranges) {
    writer.count(first)
    writer.count(last)
  }
}

/** Undefined unless the ranges are in order with gaps between them, and within the whole. */
function readPart(reader: ByteReader): Part | undefined {
  const told = reader.count()
  const length = told === 0 ? undefined : told - 1
  const ranges: Part['ranges'][number][] = []
  let next = 0
  let isSound = true
  for (let left = reader.count(); left > 0 && reader.isWhole; left -= 1) {
    const range = { first: reader.count(), last: reader.count() }
    isSound &&= range.first >= next && range.last >= range.first && (length === undefined || range.last < length)
    next = range.last + 2
    ranges.push(range)
  }
  return isSound && ranges.length > 0 ? { ranges, length } : undefined
}

function readEntry(reader: ByteReader): Entry | undefined {
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
  const body = reader.rest(reader.count())
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

import fc from 'fast-check'
import t from 'tap'
import type { Entry, Stored } from '../../src/cache/entry.ts'
import { decode, encode } from '../../src/store/codec.ts'
import { instant, seconds } from '../../src/time.ts'
import { makeEntry, stored } from './contract.ts'

/** Any string that JavaScript can hold, lone surrogates too. */
const text = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 60 })
const texts = fc.array(text, { maxLength: 12 })
const finite = fc.double({ noNaN: true, noDefaultInfinity: true })

const entries: fc.Arbitrary<Entry> = fc
  .record({
    status: fc.integer({ min: 100, max: 999 }),
    reasonPhrase: text,
    fields: fc.array(fc.tuple(text, text)).map((pairs) => pairs.flat()),
    rule: text,
    body: fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
    atRest: fc.constantFrom('identity' as const, 'zstd' as const),
    longer: fc.maxSafeNat(),
    requestTime: finite.map(instant),
    responseTime: finite.map(instant),
    initialAge: finite.map(seconds),
    stamp: fc.record({ epoch: text, number: fc.maxSafeNat() }),
    labels: texts,
    vary: texts,
  })
  .map(({ longer, ...entry }) => ({ ...entry, bodyLength: entry.atRest === 'identity' ? entry.body.length : longer }))

/** The same, of which only some bytes of a longer whole are there. */
const parts: fc.Arbitrary<Entry> = fc
  .tuple(entries, fc.nat(1000), fc.option(fc.nat(1000), { nil: undefined }), fc.boolean())
  .filter(([{ bodyLength }]) => bodyLength > 1 && bodyLength < 1_000_000)
  .map(([entry, first, behind, isSplit]) => {
    const last = first + entry.bodyLength - 1
    const ranges = isSplit
      ? [
          { first, last: first },
          { first: first + 2, last: last + 1 },
        ]
      : [{ first, last }]
    return { ...entry, part: { ranges, length: behind === undefined ? undefined : last + 2 + behind } }
  })

const values: fc.Arbitrary<Stored> = fc.oneof(
  entries.map((entry): Stored => ({ kind: 'entry', entry })),
  parts.map((entry): Stored => ({ kind: 'entry', entry })),
  fc.array(texts).map((selectors): Stored => ({ kind: 'variants', selectors })),
  fc
    .tuple(fc.array(texts), fc.array(fc.record({ name: text, key: text })))
    .map(([selectors, languages]): Stored => ({ kind: 'variants', selectors, languages })),
  fc
    .record(
      {
        selectors: fc.array(texts),
        languages: fc.array(fc.record({ name: text, key: text }), { minLength: 1 }),
        tagged: fc.array(
          fc.record({ key: text, etag: text, stamp: fc.record({ epoch: text, number: fc.maxSafeNat() }), terms: text }),
        ),
      },
      { requiredKeys: ['selectors', 'tagged'] },
    )
    .map((variants): Stored => ({ kind: 'variants', ...variants })),
)

t.test('decode gives back what encode was given, whatever it holds', async (t) => {
  fc.assert(
    fc.property(values, (value) => t.same(decode(encode(value)), value) as unknown as boolean),
    { numRuns: 300 },
  )
})

t.test('encode leaves nothing out: every name of an entry comes back', async (t) => {
  const decoded = decode(encode(stored()))
  t.same(decoded?.kind === 'entry' && Object.keys(decoded.entry).sort(), Object.keys(makeEntry()).sort())
})

t.test('the first byte is the version; another one is not read', async (t) => {
  const bytes = encode(stored())
  t.equal(bytes[0], 1)
  bytes[0] = 2
  t.equal(decode(bytes), undefined)
})

t.test('no beginning of a value, and nothing longer than it, is a value', async (t) => {
  const tagged = [{ key: 'k', etag: '"1"', stamp: { epoch: 'e', number: 7 }, terms: 't' }]
  const variants: Stored = { kind: 'variants', selectors: [['a'], ['b', 'c']] }
  for (const value of [stored(), variants, { ...variants, tagged }]) {
    const bytes = encode(value)
    for (let length = 0; length < bytes.length; length += 1) {
      if (decode(bytes.subarray(0, length)) !== undefined) t.fail(`decoded from ${length} of ${bytes.length} bytes`)
    }
    t.equal(decode(Buffer.concat([bytes, Buffer.alloc(1)])), undefined)
  }
})

t.test('decode neither throws nor hangs on any bytes', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(0, 1, 2, 3, 4), (bytes, kind) => {
      decode(bytes)
      decode(Buffer.concat([Buffer.from([1, kind]), bytes]))
    }),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.oneof(entries, parts), fc.nat(), fc.nat(255), (entry, at, byte) => {
      const bytes = encode({ kind: 'entry', entry })
      bytes[at % bytes.length] = byte
      const decoded = decode(bytes)
      if (decoded?.kind !== 'entry') return
      const { status, fields, body, atRest, bodyLength } = decoded.entry
      t.ok(status >= 100 && status <= 999 && fields.length % 2 === 0 && (atRest === 'zstd' || body.length === bodyLength))
    }),
    { numRuns: 500 },
  )
  const count = Buffer.from([1, 1, 255, 255, 255, 255, 255, 255, 255, 15])
  t.equal(decode(count), undefined, 'a count above what follows')
})

t.test('a decoded body is a view of the bytes, not a copy', async (t) => {
  const bytes = encode(stored())
  const decoded = decode(bytes)
  t.equal(decoded?.kind === 'entry' && decoded.entry.body.buffer, bytes.buffer)
})

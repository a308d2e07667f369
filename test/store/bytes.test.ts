import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { ByteReader, ByteWriter } from '../../src/store/bytes.ts'

type Value =
  | { readonly kind: 'byte' | 'count' | 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'texts'; readonly value: readonly string[] }

const kinds = ['byte', 'count', 'number', 'text', 'texts'] as const

// Any string at all: the narrow, the wide, the halves of a pair.
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary', maxLength: 3000 }),
  fc.constantFrom('', '\u00ff', '\u0100', '\ud83d', '\udc00a', '\0'),
)
const values: fc.Arbitrary<Value[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('byte' as const), value: fc.nat(255) }),
    fc.record({ kind: fc.constant('count' as const), value: fc.maxSafeNat() }),
    fc.record({ kind: fc.constant('number' as const), value: fc.double() }),
    fc.record({ kind: fc.constant('text' as const), value: text }),
    fc.record({ kind: fc.constant('texts' as const), value: fc.array(text) }),
  ),
)

function write(written: readonly Value[]): Buffer {
  const writer = new ByteWriter()
  for (const one of written) {
    if (one.kind === 'text') writer.text(one.value)
    else if (one.kind === 'texts') writer.texts(one.value)
    else writer[one.kind](one.value)
  }
  return Buffer.from(writer.bytes())
}

t.test('what is written is read, exactly, and then the bytes are at their end', async () => {
  fc.assert(
    fc.property(values, (written) => {
      const reader = new ByteReader(write(written))
      for (const { kind, value } of written) assert.deepEqual(reader[kind](), value)
      assert.ok(reader.isAtEnd())
    }),
    { numRuns: 100 },
  )
})

t.test('count: seven bits a byte', async (t) => {
  const cases: ReadonlyArray<readonly [value: number, bytes: readonly number[]]> = [
    [0, [0]],
    [127, [127]],
    [128, [128, 1]],
    [300, [172, 2]],
    [16_384, [128, 128, 1]],
    [2 ** 53 - 1, [255, 255, 255, 255, 255, 255, 255, 15]],
  ]
  for (const [value, bytes] of cases) {
    t.same([...write([{ kind: 'count', value }])], bytes, `${value}`)
    t.equal(new ByteReader(Buffer.from(bytes)).count(), value)
  }
})

t.test('text: one byte a character where that holds it, two where not', async (t) => {
  const lengthOf = (value: string): number => write([{ kind: 'text', value }]).length
  t.equal(lengthOf(''), 1)
  t.equal(lengthOf('abc'), 4)
  t.equal(lengthOf('\u00e9'.repeat(3)), 4)
  t.equal(lengthOf('ab\u20ac'), 7)
})

t.test('a lone surrogate survives: UTF-8 would make two labels of it equal', async (t) => {
  const labels = ['k:\ud83d', 'k:\ud83e', 'k:\ufffd']
  t.same(new ByteReader(write([{ kind: 'texts', value: labels }])).texts(), labels)
})

t.test('bytes: a view of all that was written so far, however much', async (t) => {
  const writer = new ByteWriter()
  t.equal(writer.bytes().length, 0)
  for (let i = 0; i < 5000; i += 1) writer.byte(i % 256)
  const bytes = writer.bytes()
  t.equal(bytes.length, 5000)
  t.ok(bytes.every((byte, i) => byte === i % 256))
  writer.text('x'.repeat(100_000))
  t.equal(writer.bytes().length, 5000 + 3 + 100_000)
})

t.test('every cut is noticed: nothing that was not there is read as if it were', async () => {
  fc.assert(
    fc.property(
      values.filter((written) => written.length > 0),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (written, part) => {
        const whole = write(written)
        const reader = new ByteReader(whole.subarray(0, Math.floor(part * whole.length)))
        for (const { kind } of written) reader[kind]()
        if (reader.isWhole || reader.isAtEnd()) throw new Error('Taken for whole')
      },
    ),
  )
})

t.test('any bytes, read in any order, neither throw nor run on, and stay within what was given', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.constantFrom(...kinds), { maxLength: 50 }), (bytes, order) => {
      const reader = new ByteReader(bytes)
      for (const kind of order) {
        const value = reader[kind]()
        if (kind === 'texts' && (value as string[]).length > bytes.length) throw new Error('More texts than bytes')
        if (kind === 'count' && !Number.isSafeInteger(value)) throw new Error('A count that is none')
        if (kind === 'text' && (value as string).length > bytes.length) throw new Error('A longer text than there are bytes')
      }
    }),
    { numRuns: 2000 },
  )
})

t.test('once not whole, never again: zeros and empty texts', async (t) => {
  const cases: ReadonlyArray<readonly [name: string, bytes: readonly number[], read: (reader: ByteReader) => unknown]> = [
    ['a byte that is not there', [], (reader) => reader.byte()],
    ['half a number', [1, 2, 3, 4], (reader) => reader.number()],
    ['a count without end', [128, 128, 128], (reader) => reader.count()],
    ['a count above 2^53 - 1', [255, 255, 255, 255, 255, 255, 255, 16, 7, 7], (reader) => reader.count()],
    ['a count of padding alone', [...Array<number>(400).fill(128), 0], (reader) => reader.count()],
    ['a text longer than the bytes', [100, 65, 66], (reader) => reader.text()],
    ['a wide text longer than the bytes', [5, 65, 0, 66], (reader) => reader.text()],
    ['too few bytes for the rest', [1, 2, 3], (reader) => reader.rest(4).length],
    ['too many', [1, 2, 3], (reader) => reader.rest(2).length],
  ]
  for (const [name, bytes, read] of cases) {
    const reader = new ByteReader(Buffer.from(bytes))
    t.ok(reader.isWhole, name)
    t.notOk(read(reader), `${name}: zero or empty`)
    t.equal(reader.isWhole, false, name)
    t.equal(reader.isAtEnd(), false, name)
    t.same([reader.byte(), reader.count(), reader.number(), reader.text(), reader.texts()], [0, 0, 0, '', []], name)
    t.equal(reader.rest(0).length, 0, name)
    t.equal(reader.isWhole, false, name)
  }
})

t.test('texts: a number of them that lies costs no more than the bytes that are there', async (t) => {
  const writer = new ByteWriter()
  writer.count(2 ** 53 - 1)
  writer.text('a')
  const reader = new ByteReader(writer.bytes())
  t.same(reader.texts(), ['a', ''])
  t.equal(reader.isWhole, false)
})

t.test('rest: the last bytes as a view', async (t) => {
  const bytes = Buffer.concat([write([{ kind: 'text', value: 'head' }]), Buffer.from('body')])
  const reader = new ByteReader(bytes)
  reader.text()
  t.equal(reader.isAtEnd(), false)
  const body = reader.rest(4)
  t.equal(String(body), 'body')
  t.ok(reader.isAtEnd())
  bytes.write('BODY', bytes.length - 4)
  t.equal(String(body), 'BODY')
})

t.test('a reader keeps to its part of a larger buffer', async (t) => {
  const larger = new Uint8Array([9, 9, 1, 2, 9, 9])
  const reader = new ByteReader(larger.subarray(2, 4))
  t.same([reader.byte(), reader.byte(), reader.byte()], [1, 2, 0])
  t.equal(reader.isWhole, false)
})

import fc from 'fast-check'
import t from 'tap'
import { formatContentRange, parseContentRange, parseRange } from '../../src/http/range.ts'

const ignore = { kind: 'ignore' }
const unsatisfiable = { kind: 'unsatisfiable' }

const ranges: ReadonlyArray<readonly [string | undefined, number, object]> = [
  [undefined, 10, ignore],
  ['bytes=0-0', 10, { kind: 'range', first: 0, last: 0 }],
  ['bytes=2-5', 10, { kind: 'range', first: 2, last: 5 }],
  ['BYTES=2-5', 10, { kind: 'range', first: 2, last: 5 }],
  ['bytes= 2-5 ', 10, { kind: 'range', first: 2, last: 5 }],
  ['bytes=2-', 10, { kind: 'range', first: 2, last: 9 }],
  ['bytes=2-99', 10, { kind: 'range', first: 2, last: 9 }],
  ['bytes=2-99999999999999999999999', 10, { kind: 'range', first: 2, last: 9 }],
  ['bytes=-3', 10, { kind: 'range', first: 7, last: 9 }],
  ['bytes=-99', 10, { kind: 'range', first: 0, last: 9 }],
  [`bytes=-${'9'.repeat(400)}`, 10, { kind: 'range', first: 0, last: 9 }],
  ['bytes=10-', 10, unsatisfiable],
  ['bytes=10-20', 10, unsatisfiable],
  [`bytes=${'9'.repeat(400)}-`, 10, unsatisfiable],
  ['bytes=-0', 10, unsatisfiable],
  ['bytes=0-', 0, unsatisfiable],
  ['bytes=0-0', 0, unsatisfiable],
  ['bytes=-5', 0, ignore],
  ['bytes=5-2', 10, ignore],
  ['bytes=15-12', 10, ignore],
  ['bytes=-', 10, ignore],
  ['bytes=', 10, ignore],
  ['bytes', 10, ignore],
  ['', 10, ignore],
  ['bytes=0-1,3-4', 10, ignore],
  ['bytes=0-1, bytes=3-4', 10, ignore],
  ['bytes 0-1', 10, ignore],
  ['bytes=0--1', 10, ignore],
  ['bytes=+0-1', 10, ignore],
  ['bytes=0x0-1', 10, ignore],
  ['bytes=a-b', 10, ignore],
  ['bytes=1.0-2', 10, ignore],
  ['bytes =0-1', 10, ignore],
  ['items=0-1', 10, ignore],
]

for (const [value, length, outcome] of ranges) {
  t.test(`parseRange of ${value?.slice(0, 40)} in ${length} bytes`, async (t) => {
    t.same(parseRange(value, length), outcome)
  })
}

t.test('formatContentRange names the range, or the length that was missed', async (t) => {
  t.equal(formatContentRange({ first: 0, last: 4 }, 10), 'bytes 0-4/10')
  t.equal(formatContentRange(undefined, 10), 'bytes */10')
})

const contentRanges: ReadonlyArray<readonly [string | undefined, object | undefined]> = [
  ['bytes 0-4/10', { kind: 'range', first: 0, last: 4, length: 10 }],
  ['Bytes 9-9/10', { kind: 'range', first: 9, last: 9, length: 10 }],
  ['bytes 0-4/*', { kind: 'range', first: 0, last: 4, length: undefined }],
  ['bytes */10', { kind: 'unsatisfied', length: 10 }],
  [undefined, undefined],
  ['', undefined],
  ['bytes */*', undefined],
  ['bytes 4-0/10', undefined],
  ['bytes 0-10/10', undefined],
  ['bytes 0-/10', undefined],
  ['bytes -4/10', undefined],
  ['bytes=0-4/10', undefined],
  ['bytes 0-4', undefined],
  ['bytes 0-4/10, bytes 5-6/10', undefined],
  ['items 0-4/10', undefined],
  ['bytes 0-99999999999999999999/*', undefined],
  ['bytes 0-4/99999999999999999999', undefined],
]

for (const [value, outcome] of contentRanges) {
  t.test(`parseContentRange of ${value}`, async (t) => {
    t.same(parseContentRange(value), outcome)
  })
}

t.test('a range that parseRange grants lies inside the body, and Content-Range says so readably', async () => {
  const position = fc.oneof(fc.nat({ max: 50 }).map(String), fc.constant(''))
  fc.assert(
    fc.property(position, position, fc.nat({ max: 40 }), (first, last, length) => {
      const outcome = parseRange(`bytes=${first}-${last}`, length)
      if (outcome.kind !== 'range') return true
      const read = parseContentRange(formatContentRange(outcome, length))
      return outcome.first <= outcome.last && outcome.last < length && read?.kind === 'range' && read.first === outcome.first
    }),
  )
})

t.test('the parsers never throw', async () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseRange(`bytes=${text}`, 10)
      parseRange(text, 10)
      parseContentRange(`bytes ${text}`)
    }),
  )
})

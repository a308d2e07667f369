import fc from 'fast-check'
import t from 'tap'
import {
  bytesWithin,
  combine,
  formatRest,
  type Held,
  isCombinable,
  isComplete,
  partOf,
  rangeWithin,
  restOf,
  withNewFields,
} from '../../src/cache/partial.ts'
import { at, httpDate, makeResponse } from './builders.ts'

const digits = Uint8Array.from({ length: 40 }, (_, i) => i)

function held(first: number, last: number, length: number | undefined = digits.length): Held {
  return { part: { ranges: [{ first, last }], length }, body: digits.subarray(first, last + 1) }
}

const range = fc.tuple(fc.nat(39), fc.nat(39)).map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)])

t.test('combine: parts in any order are the bytes of the whole, each in its place', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(range, fc.boolean()), { minLength: 1, maxLength: 12 }), (ranges) => {
      const [first, ...others] = ranges.map(([[a, b], isLengthKnown]) => held(a, b, isLengthKnown ? digits.length : undefined))
      let all = first as Held
      for (const other of others) all = combine(all, other) as Held
      const isCovered = digits.map((i) => (ranges.some(([[a, b]]) => a <= i && i <= b) ? 1 : 0))
      t.same(
        [...all.body],
        [...digits].filter((i) => isCovered[i]),
      )
      for (const { first, last } of all.part.ranges) {
        t.same([...bytesWithin(all, { first, last })], [...digits.subarray(first, last + 1)])
        t.notOk(isCovered[first - 1] || isCovered[last + 1], 'ranges that touch are one')
      }
      t.equal(isComplete(all.part), all.part.length !== undefined && isCovered.every(Boolean))
    }),
    { numRuns: 300 },
  )
})

t.test('combine: what is asked for within the parts is what the whole would give', async (t) => {
  fc.assert(
    fc.property(range, range, range, ([a, b], [c, d], [e, f]) => {
      const both = combine(held(a, b), held(c, d)) as Held
      const asked = rangeWithin(both.part, `bytes=${e}-${f}`)
      if (asked.kind === 'range') t.same([...bytesWithin(both, asked)], [...digits.subarray(e, f + 1)])
      else t.notOk((a <= e && f <= b) || (c <= e && f <= d))
    }),
    { numRuns: 300 },
  )
})

t.test('restOf: what is left makes it whole', async (t) => {
  fc.assert(
    fc.property(range, range, ([a, b], [c, d]) => {
      const both = combine(held(a, b), held(c, d)) as Held
      const rest = restOf(both.part)
      if (rest === undefined) return
      const { part } = combine(both, held(rest.first, rest.last ?? digits.length - 1)) as Held
      t.ok(isComplete(part))
    }),
    { numRuns: 300 },
  )
  // biome-ignore format: one case, one line
  const cases = [
    { says: 'the beginning is there', part: held(0, 4, 10).part, rest: 'bytes=5-' },
    { says: 'the end is there', part: held(6, 9, 10).part, rest: 'bytes=0-5' },
    { says: 'both ends are there', part: combine(held(0, 1, 10), held(8, 9, 10))?.part, rest: 'bytes=2-7' },
    { says: 'neither end is there', part: held(3, 4, 10).part, rest: undefined },
    { says: 'the length is not known', part: held(0, 4, undefined).part, rest: 'bytes=5-' },
    { says: 'all is there', part: held(0, 9, 10).part, rest: undefined },
  ]
  for (const { says, part, rest } of cases) {
    const left = part && restOf(part)
    t.equal(left && formatRest(left), rest, says)
  }
})

t.test('combine: what contradicts itself is not joined', async (t) => {
  t.equal(combine(held(0, 4, 10), held(5, 9, 11)), undefined, 'another length')
  t.equal(combine(held(0, 4, 5), held(5, 9, undefined)), undefined, 'beyond the end')
})

t.test('rangeWithin', async (t) => {
  // biome-ignore format: one case, one line
  const cases: [value: string | undefined, length: number | undefined, outcome: string][] = [
    ['bytes=4-6', 10, '4-6'], ['bytes=6-', 10, '6-9'], ['bytes=-2', 10, '8-9'], ['bytes=-6', 10, '4-9'], ['bytes=4-99', 10, '4-9'],
    ['bytes=3-6', 10, 'beyond'], ['bytes=-7', 10, 'beyond'], ['bytes=0-', 10, 'beyond'], [undefined, 10, 'beyond'], ['bytes=4-5,7-8', 10, 'beyond'],
    ['bytes=10-', 10, 'unsatisfiable'], ['bytes=-0', 10, 'unsatisfiable'], ['lines=4-5', 10, 'beyond'],
    ['bytes=4-6', undefined, '4-6'], ['bytes=6-', undefined, 'beyond'], ['bytes=-2', undefined, 'beyond'], ['bytes=10-', undefined, 'beyond'], ['bytes=-0', undefined, 'beyond'],
  ]
  for (const [value, length, outcome] of cases) {
    const asked = rangeWithin({ ranges: [{ first: 4, last: 9 }], length }, value)
    t.equal(asked.kind === 'range' ? `${asked.first}-${asked.last}` : asked.kind, outcome, `${value} of ${length}`)
  }
})

t.test('partOf: only a single range that is as long as it says', async (t) => {
  // biome-ignore format: one case, one line
  const cases: [fields: string[], contentLength: number | undefined, status: number, isPart: boolean][] = [
    [['Content-Range', 'bytes 4-9/10'], 6, 206, true], [['Content-Range', 'bytes 4-9/*'], undefined, 206, true],
    [['Content-Range', 'bytes 4-9/10'], 5, 206, false], [['Content-Range', 'bytes 4-9/10'], 6, 200, false],
    [['Content-Range', 'bytes 4-9/9'], 6, 206, false], [['Content-Range', 'bytes */10'], 6, 206, false], [['Content-Range', 'lines 4-9/10'], 6, 206, false],
    [['Content-Range', 'bytes 4-9/10', 'Content-Range', 'bytes 4-9/10'], 6, 206, false], [['Content-Type', 'multipart/byteranges; boundary=x'], 6, 206, false],
  ]
  for (const [fields, contentLength, status, isPart] of cases)
    t.equal(
      partOf(makeResponse(fields, status), contentLength) !== undefined,
      isPart,
      `${status} ${fields.join()} ${contentLength}`,
    )
})

t.test('isCombinable: under one strong validator, and one coding', async (t) => {
  const dated = ['Date', httpDate(0), 'Last-Modified', httpDate(-60)]
  // biome-ignore format: one case, one line
  const cases: [says: string, one: string[], other: string[], isCombinable: boolean][] = [
    ['the same ETag', ['ETag', '"a"'], ['ETag', '"a"'], true], ['another ETag', ['ETag', '"a"'], ['ETag', '"b"'], false],
    ['weak ETags', ['ETag', 'W/"a"'], ['ETag', 'W/"a"'], false], ['weak ETags beside dates', [...dated, 'ETag', 'W/"a"'], [...dated, 'ETag', 'W/"a"'], false],
    ['one has no ETag', ['ETag', '"a"'], [], false], ['no validator', [], [], false], ['dates', dated, dated, true],
    ['a date of this very second', ['Date', httpDate(0), 'Last-Modified', httpDate(0)], ['Date', httpDate(0), 'Last-Modified', httpDate(0)], false],
    ['another date', dated, ['Date', httpDate(0), 'Last-Modified', httpDate(-61)], false], ['another coding', [...dated, 'Content-Encoding', 'gzip'], dated, false],
  ]
  for (const [says, one, other, expected] of cases) t.equal(isCombinable(one, other, at(1)), expected, says)
})

t.test('withNewFields: the newer ones, the others that are stored, and nothing about one message', async (t) => {
  const stored = ['A', '1', 'B', '1', 'Content-Digest', 'x']
  t.same(withNewFields(stored, ['b', '2', 'Content-Range', 'bytes 0-1/2', 'Content-Length', '2']), ['A', '1', 'b', '2'])
})

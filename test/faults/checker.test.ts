/** The checker against histories made by hand: above all it must see what must not be. */
import t from 'tap'
import { type Bounds, check, type Violation } from './checker.ts'
import type { History, Outcome, ReadRecord, WriteRecord } from './history.ts'

const bounds: Bounds = { elsewhere: 100, isStrict: (resource) => resource === 'strict:1', unanswered: 500 }

function read(start: number, version: number, more: Partial<ReadRecord> = {}): ReadRecord {
  const shown = { kind: 'read', start, end: start + 5, resource: 'item:1', instance: '0', status: 200, cacheStatus: '' } as const
  return { ...shown, seen: { 'item:1': version }, ...more }
}

function write(id: string, start: number, more: Partial<WriteRecord> = {}): WriteRecord {
  const answered = {
    kind: 'write',
    start,
    end: start + 10,
    resource: 'item:1',
    instance: '0',
    status: 200,
    purge: undefined,
  } as const
  return { ...answered, id, ...more }
}

/** Writes w1, w2 … make version 1, 2 … unless `outcomes` says otherwise. */
function judge(records: ReadonlyArray<ReadRecord | WriteRecord>, more: Partial<History> = {}): readonly Violation[] {
  const writes = records.filter((record) => record.kind === 'write')
  const outcomes = new Map<string, Outcome>(writes.map(({ id }) => [id, { arrivals: 1, version: Number(id.slice(1)) }]))
  const reads = records.filter((record) => record.kind === 'read')
  return check({ reads, writes, outcomes, trustedAfter: () => undefined, ...more }, bounds).violations
}

const other = { instance: '1' }
const queued = { purge: 'queued' }
const unanswered = { status: undefined, problem: { kind: 'broken', what: 'socket hang up' } } as const
const told = (violations: readonly Violation[]): string[] => violations.map(({ kind }) => kind)

t.test('check: a history in which all is well', async (t) => {
  t.same(judge([read(0, 0), write('w1', 10), read(21, 1), read(30, 1, other)]), [])
  t.same(judge([write('w1', 10), read(19, 0)]), [], 'begun before the write was acknowledged')
  t.same(judge([write('w1', 10), read(12, 1), read(18, 0)]), [], 'while it is under way either version may show')
  t.same(judge([write('w1', 10), read(21, 7)]), [], 'newer than anybody knows of')
})

t.test('check: old in the process that acknowledged, from the first moment', async (t) => {
  const [violation] = judge([write('w1', 10), read(21, 0)])
  t.match(violation, { kind: 'old', what: /^item:1 0 by 0 .* but 1 was written by 0 \(200\) 1 ms after it ended, 1 ms beyond/ })
})

t.test('check: old elsewhere, within the bound and beyond', async (t) => {
  t.same(judge([write('w1', 10), read(119, 0, other)]), [])
  t.same(told(judge([write('w1', 10), read(121, 0, other)])), ['old'])
})

t.test('check: strict: due everywhere at once', async (t) => {
  const strict = { resource: 'strict:1' }
  const readStrict = (start: number, version: number): ReadRecord =>
    read(start, 0, { ...other, ...strict, seen: { 'strict:1': version } })
  t.same(judge([write('w1', 10, strict), readStrict(19, 0), readStrict(21, 1)]), [])
  t.same(told(judge([write('w1', 10, strict), readStrict(21, 0)])), ['old'])
})

t.test('check: a process that was started again is another one', async (t) => {
  t.same(judge([write('w1', 10), read(50, 0, { instance: '0+1' })]), [])
  t.same(told(judge([write('w1', 10), read(150, 0, { instance: '0+1' })])), ['old'])
})

t.test('check: a queued write is due elsewhere from its replay, and at once where it was queued', async (t) => {
  const replayedAt = (at: number): Partial<History> => ({
    trustedAfter: (name, after) => (name === '0' && after === 20 ? at : undefined),
  })
  t.same(judge([write('w1', 10, queued), read(5000, 0, other)]), [], 'never replayed')
  t.same(judge([write('w1', 10, queued), read(1099, 0, other)], replayedAt(1000)), [])
  t.same(told(judge([write('w1', 10, queued), read(1101, 0, other)], replayedAt(1000))), ['old'])
  t.same(told(judge([write('w1', 10, queued), read(21, 0)], replayedAt(1000))), ['old'])
})

t.test('check: a write nobody was told about is due when its intent is', async (t) => {
  const excuse = (): boolean => true
  const at = (start: number): readonly Violation[] => {
    const writes = [write('w1', 10, unanswered)]
    const outcomes = new Map([['w1', { arrivals: 1, version: 1 }]])
    return check({ reads: [read(start, 0, other)], writes, outcomes, trustedAfter: () => undefined }, bounds, excuse).violations
  }
  t.same(at(519), [])
  t.same(told(at(521)), ['old'])
})

t.test('check: an error is an answer: what may have been committed shows', async (t) => {
  const failed = write('w1', 10, { status: 502 })
  t.same(told(judge([failed, read(21, 0)])), ['old', 'error'])
  t.same(
    judge([failed, read(21, 0)], { outcomes: new Map([['w1', { arrivals: 1, version: undefined }]]) }).map(({ kind }) => kind),
    ['error'],
  )
})

t.test('check: in a list each member is judged', async (t) => {
  const list = (start: number, versions: Record<string, number>): ReadRecord =>
    read(start, 0, { resource: 'list:0', seen: versions })
  t.same(judge([write('w1', 10), list(21, { 'item:1': 1, 'item:2': 0 })]), [])
  t.same(told(judge([write('w1', 10), list(21, { 'item:1': 0, 'item:2': 0 })])), ['old'])
})

t.test('check: what was shown and is due does not go back', async (t) => {
  const never = (): undefined => undefined
  const shown = [write('w1', 10, queued), read(30, 1, other)]
  t.same(judge([...shown, read(534, 0, other)], { trustedAfter: never }), [], 'not yet due')
  t.same(told(judge([...shown, read(536, 0, other)], { trustedAfter: never })), ['reappeared'])
  t.same(judge([...shown, read(536, 0, { instance: '2' })], { trustedAfter: never }), [], 'another instance had not shown it')
})

t.test('check: crossed and corrupt answers, doubled and lost writes, errors', async (t) => {
  t.same(told(judge([read(0, 0, { problem: { kind: 'crossed', what: 'cart:ana' } })])), ['crossed'])
  t.same(told(judge([read(0, 0, { problem: { kind: 'corrupt', what: 'cut' } })])), ['corrupt'])
  t.same(told(judge([write('w1', 0)], { outcomes: new Map([['w1', { arrivals: 2, version: 1 }]]) })), ['doubled'])
  t.same(told(judge([write('w1', 0)], { outcomes: new Map() })), ['lost'])
  for (const status of [500, 503, 404, undefined])
    t.same(told(judge([read(0, 0, { status, seen: {} })])), ['error'], String(status))
})

t.test('check: only errors can be excused', async (t) => {
  const history = (records: readonly ReadRecord[]): History => ({
    ...{ reads: records, writes: [], outcomes: new Map(), trustedAfter: () => undefined },
  })
  const excuse = (): boolean => true
  t.same(check(history([read(0, 0, { status: 502, seen: {} })]), bounds, excuse).violations, [])
  t.same(told(check(history([read(0, 0, { problem: { kind: 'crossed', what: 'a' } })]), bounds, excuse).violations), ['crossed'])
})

t.test('check: the longest lag is told, though it is within the bound', async (t) => {
  const writes = [write('w1', 10)]
  const outcomes = new Map([['w1', { arrivals: 1, version: 1 }]])
  const reads = [read(60, 0, other), read(80, 0, other), read(90, 1, other)]
  t.equal(check({ reads, writes, outcomes, trustedAfter: () => undefined }, bounds).longestLag, 60)
})

import t from 'tap'
import type { Row } from '../../bench/table.ts'
import { judgeResults } from '../../bench/verdict.ts'
import type { ZipfResult } from '../../bench/zipf.ts'
import { rows } from './rows.ts'

t.test('judgeResults: each promise is kept or not by its own figure', async (t) => {
  const mix = { requests: 1000, reads: 950, hits: 860, originRequests: 110, failures: 0 } as ZipfResult
  const kept = (of: readonly Row[], mix: ZipfResult) => judgeResults(of, mix).map(({ isKept }) => isKept)
  t.same(kept(rows, mix), [true, true, true, true, true])
  t.same(kept(rows, { ...mix, hits: 800, originRequests: 160, failures: 1 }), [true, true, false, false, false])
  const slow = rows.map((each) => (each.name === 'memory hit' ? { ...each, p50: 6, cpuPerRequest: 20.1 } : each))
  t.same(kept(slow, mix), [false, false, true, true, true])
  t.same(kept([], mix).slice(0, 2), [false, false], 'what was not measured is not kept')
})

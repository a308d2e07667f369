/** When a row of the campaign fails, and that it says why. */
import t from 'tap'
import { limits, type Row } from './campaign.ts'
import type { Violation } from './checker.ts'
import type { ReadRecord } from './history.ts'
import { formatRow, hasFailed } from './table.ts'

const good: Row = {
  ...{ fault: 'redis: gone', requests: 900, errors: [], wrong: [], lag: 12, p99: 30 },
  ...{ recovery: limits.recovery, originRate: 40, growth: limits.growth },
}
const violation: Violation = { kind: 'old', what: 'item:1 0', record: {} as ReadRecord }

t.test('hasFailed: each limit, and nothing below it', async (t) => {
  t.notOk(hasFailed(good))
  const bad: Partial<Row>[] = [
    { errors: [violation] },
    { wrong: [violation] },
    { recovery: limits.recovery + 1 },
    { recovery: undefined },
    { growth: limits.growth + 1 },
    { trouble: 'Waited in vain' },
  ]
  for (const change of bad) t.ok(hasFailed({ ...good, ...change }), JSON.stringify(change))
})

t.test('formatRow: one line where all is well, and what was wrong below it', async (t) => {
  t.notMatch(formatRow(good), /\n|FAILED/)
  const lines = formatRow({ ...good, wrong: Array(5).fill(violation), recovery: undefined, trouble: 'Waited in vain' }).split(
    '\n',
  )
  t.match(lines, [/ 5 .* never .*FAILED$/, /Waited in vain/, /old: item:1 0/, /old/, /old/])
  t.equal(lines.length, 5)
})

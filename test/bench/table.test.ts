import t from 'tap'
import { formatTable } from '../../bench/table.ts'
import { rows } from './rows.ts'

t.test('formatTable: aligned, with units, a dash for what has no meaning', async (t) => {
  t.equal(
    formatTable(rows),
    `
scenario                requests/s  p50 ms  p99 ms  CPU µs/request  origin saved  hit rate
──────────────────────  ──────────  ──────  ──────  ──────────────  ────────────  ────────
straight to the origin         200  151.20  160.04               –             –         –
memory hit                  41,235    0.70    1.20            18.3       100.0 %    87.4 %
bare node:http              60,000    0.50    1.00            10.0             –         –`.slice(1),
  )
})

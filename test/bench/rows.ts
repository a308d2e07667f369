/** Results as a run might have them, for the tests of what is made of them. */
import type { Row } from '../../bench/table.ts'

export const row = (name: string, figures: Partial<Row>): Row => ({
  ...{
    name,
    requestsPerSecond: 200,
    p50: 151.2,
    p99: 160.04,
    cpuPerRequest: undefined,
    originSaved: undefined,
    hitRate: undefined,
  },
  ...figures,
})
export const rows: readonly Row[] = [
  row('straight to the origin', {}),
  row('memory hit', { requestsPerSecond: 41_234.5, p50: 0.7, p99: 1.2, cpuPerRequest: 18.26, originSaved: 1, hitRate: 0.8741 }),
  row('bare node:http', { requestsPerSecond: 60_000, p50: 0.5, p99: 1, cpuPerRequest: 10 }),
]

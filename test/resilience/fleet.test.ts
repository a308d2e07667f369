/**
 * The core of the fault campaign (`npm run test:faults`): three real processes over one Redis, under load, and the faults that touch most. Each
 * row must show no client error, nothing wrong, nothing older than its bound, a quick recovery and memory that comes back.
 */
import t from 'tap'
import { limits, runFault } from '../faults/campaign.ts'
import { faults } from '../faults/faults.ts'
import { formatRow } from '../faults/table.ts'

const core = [
  'nothing at all',
  'redis: killed, restarted empty',
  'redis: FLUSHALL',
  'redis: demoted to a replica, and back',
  'network of one: nothing moves',
  'instance: killed under load',
]

// Ten seconds each, and more on a busy machine.
t.setTimeout(300_000)

for (const name of core) {
  t.test(`fleet: ${name}`, async (t) => {
    const fault = faults.find((one) => one.name === name)
    if (fault === undefined) throw new Error(`No fault is called "${name}"`)
    const row = await runFault(fault, 1)
    t.comment(formatRow(row))
    const told = ({ kind, what }: { readonly kind: string; readonly what: string }): string => `${kind}: ${what}`
    t.same([...row.errors, ...row.wrong].map(told), [])
    t.equal(row.trouble, undefined)
    t.ok(row.recovery !== undefined && row.recovery <= limits.recovery, `recovered after ${row.recovery} ms`)
    t.ok(row.growth <= limits.growth, `grew by ${row.growth} MiB`)
    t.ok(row.requests > 500, `${row.requests} requests`)
  })
}

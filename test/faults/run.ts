/**
 * The fault campaign: `npm run test:faults [-- --only TEXT] [--seed N] [--long] [--list]`. Prints a row a fault, and ends with 1 when one of
 * them shows a client error, a wrong or old answer, a recovery above its limit or memory that stays. Whatever it starts ends with it.
 */
import { parseArgs } from 'node:util'
import { type Row, runFault } from './campaign.ts'
import type { Fault } from './fault.ts'
import { faults } from './faults.ts'
import { longFaults } from './faults-long.ts'
import { formatRow, hasFailed, head } from './table.ts'

const { values } = parseArgs({
  options: {
    // In brackets, because it is no test that is left alone.
    ['only']: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    long: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
})
const all = values.long ? [...faults, ...longFaults] : faults
const chosen = all.filter(({ name }) => name.includes(values.only))

// So that what runs on exit runs: processes that were started are killed.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

/** The longest that all of it may take; rows beyond are not run, which is a failure. */
const patience = 15 * 60_000

if (values.list) for (const { name } of all) console.log(name)
// Whatever is left open does not keep it.
else process.exit(await run(chosen, Number(values.seed)))

async function run(chosen: readonly Fault[], seed: number): Promise<number> {
  if (chosen.length === 0) {
    console.error(`No fault's name contains "${values.only}"; --list names them all`)
    return 2
  }
  const began = performance.now()
  console.log(`seed ${seed}\n${head}`)
  let failed = 0
  for (const [i, fault] of chosen.entries()) {
    if (!values.long && performance.now() - began > patience) {
      console.log(`${chosen.length - i} faults were not run: it has taken ${patience / 60_000} minutes`)
      return 1
    }
    const row = await runFault(fault, seed).catch((error: Error) => brokenRow(fault, error))
    if (hasFailed(row)) failed += 1
    console.log(formatRow(row))
  }
  console.log(`${chosen.length} faults, ${failed} failed, ${Math.round((performance.now() - began) / 1000)} s`)
  return failed === 0 ? 0 : 1
}

/** The run itself did not get to its end. */
function brokenRow({ name }: Fault, error: Error): Row {
  const nothing = { requests: 0, errors: [], wrong: [], lag: 0, p99: 0, recovery: undefined, originRate: 0, growth: 0 }
  return { fault: name, ...nothing, trouble: error.stack ?? error.message }
}

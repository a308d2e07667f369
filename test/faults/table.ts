/** The campaign as a person reads it: a line a fault, and below it what exactly went wrong. */
import { limits, type Row } from './campaign.ts'

const nameWidth = 52
const columns = ['requests', 'errors', 'wrong', 'lag ms', 'p99 ms', 'recovery ms', 'origin/s', 'growth MiB'] as const

export const head: string = `${'fault'.padEnd(nameWidth)}${columns.map((name) => name.padStart(width(name))).join('')}`

const mostShown = 3

export function formatRow(row: Row): string {
  const values = [
    row.requests,
    row.errors.length,
    row.wrong.length,
    Math.round(row.lag),
    Math.round(row.p99),
    row.recovery === undefined ? 'never' : Math.round(row.recovery),
    Math.round(row.originRate),
    Math.round(row.growth),
  ]
  const cells = values.map((value, i) => String(value).padStart(width(columns[i] as string)))
  const line = `${row.fault.padEnd(nameWidth)}${cells.join('')}${hasFailed(row) ? '  FAILED' : ''}`
  const shown = [row.errors, row.wrong].flatMap((violations) => violations.slice(0, mostShown))
  const details = shown.map(({ kind, what }) => `    ${kind}: ${what}`)
  return [line, ...(row.trouble === undefined ? [] : [`    ${row.trouble}`]), ...details].join('\n')
}

export function hasFailed({ errors, wrong, recovery, growth, trouble }: Row): boolean {
  const isLate = recovery === undefined || recovery > limits.recovery
  return errors.length + wrong.length > 0 || isLate || growth > limits.growth || trouble !== undefined
}

function width(name: string): number {
  return Math.max(name.length, 6) + 2
}

/** Results as text: one row a scenario, columns aligned, a dash where a figure has no meaning. */

/** One scenario's figures. Times in milliseconds, CPU in microseconds, shares between 0 and 1. */
export interface Row {
  readonly name: string
  readonly requestsPerSecond: number
  readonly p50: number
  readonly p99: number
  /** CPU time of the measured process per request. */
  readonly cpuPerRequest: number | undefined
  /** Requests that the origin was spared. */
  readonly originSaved: number | undefined
  readonly hitRate: number | undefined
}

interface Column {
  readonly title: string
  readonly text: (row: Row) => string
}

const columns: readonly Column[] = [
  { title: 'scenario', text: ({ name }) => name },
  { title: 'requests/s', text: ({ requestsPerSecond }) => Math.round(requestsPerSecond).toLocaleString('en') },
  { title: 'p50 ms', text: ({ p50 }) => p50.toFixed(2) },
  { title: 'p99 ms', text: ({ p99 }) => p99.toFixed(2) },
  { title: 'CPU µs/request', text: ({ cpuPerRequest }) => cpuPerRequest?.toFixed(1) ?? '–' },
  { title: 'origin saved', text: ({ originSaved }) => percent(originSaved) },
  { title: 'hit rate', text: ({ hitRate }) => percent(hitRate) },
]

export function formatTable(rows: readonly Row[]): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ text }) => text(row)))]
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => (line[column] as string).length)))
  const lines = cells.map((line) => line.map((cell, column) => pad(cell, widths[column] as number, column === 0)).join('  '))
  const rule = widths.map((width) => '─'.repeat(width)).join('  ')
  return [lines[0], rule, ...lines.slice(1)].map((line) => line?.trimEnd()).join('\n')
}

function pad(cell: string, width: number, isName: boolean): string {
  return isName ? cell.padEnd(width) : cell.padStart(width)
}

function percent(share: number | undefined): string {
  return share === undefined ? '–' : `${(share * 100).toFixed(1)} %`
}

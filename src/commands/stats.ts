/** `stats`: what the proxy counted since its start or the last reset. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Summary, SummaryCounts } from '../observe/summary.ts'
import { type AdminClient, adminFlags, connectAdmin } from './admin-client.ts'
import { formatColumns } from './columns.ts'
import { type Call, type Command, printJson, type Terminal } from './command.ts'

export const stats: Command = {
  usage: '[--watch]',
  about: 'Shows hits, misses and the rest, in all and per rule. Followers of a collapsed fetch count among the misses.',
  flags: [{ name: 'watch', help: 'Again every two seconds, until interrupted' }, ...adminFlags],
  takes: { least: 0, most: 0 },
  examples: ['stats', 'stats --watch', "stats --json | jq '.rules'"],
  run,
}

const every = 2000
/** Back to the top, and whatever stood there away. */
const clear = '\u001b[H\u001b[2J'

async function run(call: Call): Promise<number> {
  const client = connectAdmin(call)
  await print(client, call)
  while (call.flags['watch'] === true) {
    await wait(every)
    if (call.terminal.isInteractive) call.terminal.out(clear)
    await print(client, call)
  }
  return 0
}

async function print(client: AdminClient, { flags, terminal }: { flags: Call['flags']; terminal: Terminal }): Promise<void> {
  const { body } = await client.ask<Summary>({ path: '/metrics/cache' })
  if (flags['json'] === true) printJson(terminal, body)
  else terminal.out(describe(body))
}

const columns: ReadonlyArray<readonly [head: string, member: keyof SummaryCounts]> = [
  ['hit rate', 'hitRate'],
  ['hits', 'hits'],
  ['stale', 'stale'],
  ['misses', 'misses'],
  ['collapsed', 'collapsed'],
  ['bypass', 'bypass'],
  ['stored', 'sets'],
  ['purges', 'purges'],
  ['errors', 'errors'],
]

/** Rules that nobody met yet are left out: a long file would bury those that count. */
function describe({ rules, since, ...all }: Summary): string {
  const cells = (counts: SummaryCounts): string[] =>
    columns.map(([, member]) => (member === 'hitRate' && !wasAsked(counts) ? '–' : String(counts[member])))
  const met = Object.entries(rules).filter(([, counts]) =>
    columns.some(([, member]) => Number.parseFloat(String(counts[member])) > 0),
  )
  const rows = [
    ['rule', ...columns.map(([head]) => head)],
    ...met.map(([name, counts]) => [name, ...cells(counts)]),
    ['(all)', ...cells(all)],
  ]
  return `${formatColumns(rows)}since ${since}\n`
}

/** Writes and bypasses alone have no rate. */
function wasAsked({ hits, stale, misses }: SummaryCounts): boolean {
  return hits + stale + misses > 0
}

/** `purge`: makes what is stored unusable, by any of the names that an entry has. */
import type { KeyPage } from '../admin/admin.ts'
import { type AdminClient, adminFlags, connectAdmin } from './admin-client.ts'
import { listOf } from './arguments.ts'
import { printable } from './columns.ts'
import { type Call, type Command, CommandFailure, printJson } from './command.ts'
import { formatLabel } from './label-words.ts'

const kinds = ['tag', 'key', 'pattern', 'rule', 'url'] as const

export const purge: Command = {
  usage: '(--tag TAG | --key KEY | --pattern GLOB | --rule NAME | --url URL | --all)… [--soft] [--dry-run]',
  about:
    'Makes everything that carries one of these names unusable. Once it is acknowledged, nothing that was fetched before is served.',
  flags: [
    { name: 'tag', value: 'TAG', isRepeatable: true, help: 'Everything with this tag' },
    { name: 'key', value: 'KEY', isRepeatable: true, help: 'This key, as it is listed' },
    {
      name: 'pattern',
      value: 'GLOB',
      isRepeatable: true,
      help: 'Keys that match; "x:*" names exactly those, any other glob their rules',
    },
    { name: 'rule', value: 'NAME', isRepeatable: true, help: 'Everything that this rule stored' },
    { name: 'url', value: 'URL', isRepeatable: true, help: 'This URL, whatever its query' },
    { name: 'all', help: 'Everything' },
    { name: 'soft', help: 'Mark it stale instead: it may be served once more while it is refreshed' },
    { name: 'dry-run', help: 'List the keys that it would reach, and purge nothing' },
    ...adminFlags,
  ],
  takes: { least: 0, most: 0 },
  examples: ['purge --tag experiences', "purge --pattern 'leaderboard:*' --soft", 'purge --all --dry-run'],
  run,
}

interface Receipt {
  readonly number?: number
  readonly labels: readonly string[]
  readonly kind: 'hard' | 'soft'
  /** Present when the ledger did not take it. */
  readonly queued?: number
  readonly warnings?: readonly string[]
}

async function run(call: Call): Promise<number> {
  const { flags, terminal } = call
  const named = kinds.flatMap((kind) => (flags[kind] === undefined ? [] : [[kind, listOf(flags, kind)] as const]))
  if (named.length === 0 && flags['all'] !== true)
    throw new CommandFailure(2, `Nothing is named\nUsage: springhouse purge ${purge.usage}`)
  const body = { ...Object.fromEntries(named), all: flags['all'] === true, soft: flags['soft'] === true }
  const client = connectAdmin(call)
  if (flags['dry-run'] === true) return preview(client, body, call)
  const receipt = await client.ask<Receipt>({ method: 'POST', path: '/purge', body, expected: [503] })
  if (flags['json'] === true) printJson(terminal, receipt.body)
  const { queued, number, labels, kind, warnings } = receipt.body
  if (queued !== undefined)
    throw new CommandFailure(1, `The ledger did not take the purge (${queued} waiting): nothing stored is used until it does`)
  if (flags['json'] !== true) {
    const what = kind === 'soft' ? 'Marked stale' : 'Purged'
    terminal.out(`${what}: ${printable(labels.map(formatLabel).join(', '))} (number ${number})\n`)
    warn(call, warnings)
  }
  return 0
}

function warn({ terminal }: Call, warnings: readonly string[] = []): void {
  for (const warning of warnings) terminal.err(`Warning: ${printable(warning)}\n`)
}

/** A listing longer than this helps nobody. */
const mostKeys = 10_000

async function preview(client: AdminClient, body: object, call: Call): Promise<number> {
  const { flags, terminal } = call
  const keys: string[] = []
  let labels: readonly string[] = []
  let warnings: readonly string[] | undefined
  let cursor: string | undefined = ''
  while (cursor !== undefined && keys.length < mostKeys) {
    const path = '/purge'
    type Page = KeyPage & { readonly labels: readonly string[]; readonly warnings?: readonly string[] }
    const page: Page = (await client.ask<Page>({ method: 'POST', path, body: { ...body, dryRun: true, cursor, count: 1000 } }))
      .body
    keys.push(...page.keys)
    labels = page.labels
    warnings = page.warnings
    cursor = page.cursor
  }
  const isComplete = cursor === undefined
  if (flags['json'] === true) printJson(terminal, { labels, keys, isComplete, warnings })
  else {
    for (const key of keys) terminal.out(`${printable(key)}\n`)
    const carry = keys.length === 1 && isComplete ? 'key carries' : 'keys carry'
    const found = `${keys.length}${isComplete ? '' : ' or more'} ${carry} ${printable(labels.map(formatLabel).join(', '))}`
    terminal.err(`${found}; nothing was purged\n`)
    warn(call, warnings)
  }
  return 0
}

/** `show`: one stored response, but for its body. */
import { pathOfKey } from '../admin/listed-key.ts'
import type { StoredDetails, VariantsDetails } from '../admin/stored-details.ts'
import { adminFlags, connectAdmin } from './admin-client.ts'
import { formatPairs, printable } from './columns.ts'
import { type Call, type Command, CommandFailure, printJson } from './command.ts'
import { formatLabel } from './label-words.ts'

export const show: Command = {
  usage: 'KEY',
  about:
    'Shows what is stored under a key, as keys lists it: status, fields, age, lifetime, and the labels by which it can be purged.',
  flags: adminFlags,
  takes: { least: 1, most: 1 },
  examples: ['show badges:all'],
  run,
}

interface Missing {
  readonly error: string
  readonly fix: string
  readonly keys?: readonly string[]
}

async function run(call: Call): Promise<number> {
  const { flags, positionals, terminal } = call
  const path = `/keys/${pathOfKey(positionals[0] as string)}`
  const { status, body } = await connectAdmin(call).ask<StoredDetails | VariantsDetails | Missing>({ path, expected: [404] })
  if (flags['json'] === true) printJson(terminal, body)
  if (status === 404) {
    const { keys = [] } = body as Missing
    const near =
      keys.length === 0 ? ': springhouse keys lists what is there' : `: did you mean\n  ${keys.map(printable).join('\n  ')}`
    throw new CommandFailure(1, `Nothing is stored under "${printable(positionals[0] as string)}"${near}`)
  }
  if (flags['json'] !== true) terminal.out(describe(body as StoredDetails | VariantsDetails))
  return 0
}

function describe(details: StoredDetails | VariantsDetails): string {
  if (details.kind === 'variants') {
    const selectors = details.selectors.map((names) => names.join(', ') || '(none)')
    return formatPairs([
      ['key', details.key],
      ['varies by', selectors],
    ])
  }
  const { key, rule, status, state, age, lifetime, lifetimeFrom, ttl, storedAt, vary, bytes, bytesAtRest, labels, fields } =
    details
  return formatPairs([
    ['key', key],
    ['rule', rule],
    ['state', typeof ttl === 'number' && state === 'fresh' ? `fresh for ${ttl} s` : state],
    ['age', `${age} s of ${lifetime === 'forever' ? 'forever' : `${lifetime} s`} (${lifetimeFrom})`],
    ['stored', storedAt],
    ['size', bytes === bytesAtRest ? `${bytes} bytes` : `${bytes} bytes, ${bytesAtRest} at rest`],
    ['varies by', vary.length === 0 ? undefined : vary.join(', ')],
    ['labels', labels.map(formatLabel)],
    ['status', String(status)],
    ['fields', Object.entries(fields).map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(', ') : value}`)],
  ])
}

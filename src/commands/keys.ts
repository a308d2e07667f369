/** `keys`: what is stored, by key. */
import type { KeyPage } from '../admin/admin.ts'
import { adminFlags, connectAdmin } from './admin-client.ts'
import { textOf } from './arguments.ts'
import { printable } from './columns.ts'
import { type Call, type Command, CommandFailure, printJson } from './command.ts'

export const keys: Command = {
  usage: '[PATTERN] [--count N]',
  about: 'Lists keys without their prefix, as show and purge --key take them. In PATTERN "*" stands for any text.',
  flags: [{ name: 'count', value: 'N', help: 'At most so many (default 1000)' }, ...adminFlags],
  takes: { least: 0, most: 1 },
  examples: ['keys', "keys 'experience:42:*'"],
  run,
}

async function run(call: Call): Promise<number> {
  const { flags, positionals, terminal } = call
  const wanted = Number(textOf(flags, 'count') ?? 1000)
  if (!Number.isInteger(wanted) || wanted < 1)
    throw new CommandFailure(2, '--count is not a whole number from 1: write --count=100')
  const client = connectAdmin(call)
  const found: string[] = []
  let cursor: string | undefined = ''
  while (cursor !== undefined && found.length < wanted) {
    const query = new URLSearchParams({ match: positionals[0] ?? '*', count: String(Math.min(wanted, 1000)), cursor })
    const page: KeyPage = (await client.ask<KeyPage>({ path: `/keys?${query}` })).body
    found.push(...page.keys)
    cursor = page.cursor
  }
  const isComplete = cursor === undefined && found.length <= wanted
  const shown = found.slice(0, wanted)
  if (flags['json'] === true) printJson(terminal, { keys: shown, isComplete })
  else {
    for (const key of shown) terminal.out(`${printable(key)}\n`)
    if (!isComplete) terminal.err('There are more: raise --count, or narrow the pattern\n')
  }
  return 0
}

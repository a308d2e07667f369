/** What `--help` prints. */
import type { Flag } from './arguments.ts'
import type { Command } from './command.ts'

export function formatOverview(commands: ReadonlyArray<{ readonly name: string; readonly summary: string }>): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return [
    'springhouse: an HTTP cache in front of an API that nobody has to change',
    '',
    'Usage: springhouse <command> [flags]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'springhouse <command> --help says more; springhouse --version says which one this is.',
    '',
  ].join('\n')
}

export function formatHelp(name: string, { usage, about, flags, examples }: Command): string {
  const width = Math.max(0, ...flags.map((flag) => headOf(flag).length))
  return [
    `Usage: springhouse ${name} ${usage}`,
    '',
    about,
    '',
    ...(flags.length === 0 ? [] : ['Flags:', ...flags.map((flag) => `  ${headOf(flag).padEnd(width)}  ${flag.help}`), '']),
    ...(examples.length === 0 ? [] : ['Examples:', ...examples.map((example) => `  springhouse ${example}`), '']),
  ].join('\n')
}

function headOf({ name, value }: Flag): string {
  return value === undefined ? `--${name}` : `--${name} ${/^[A-Z]+$/.test(value) ? value : `<${value}>`}`
}

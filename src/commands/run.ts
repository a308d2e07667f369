/** From what was typed to a command: finds it, reads its flags, runs it, and says what was wrong. Commands are loaded when they are called. */
import { readFileSync } from 'node:fs'
import { nearest } from '../rules/spelling.ts'
import { parseArguments } from './arguments.ts'
import { type Command, CommandFailure, type Environment, type Terminal } from './command.ts'
import { formatHelp, formatOverview } from './help.ts'

export interface Listed {
  readonly name: string
  readonly summary: string
  load(): Promise<Command>
}

const commands: readonly Listed[] = [
  { name: 'serve', summary: 'Start the proxy', load: async () => (await import('./serve.ts')).serve },
  {
    name: 'check',
    summary: 'Say what is wrong with rules, by line and column',
    load: async () => (await import('./check.ts')).check,
  },
  {
    name: 'explain',
    summary: 'Say how a request would be answered, and why',
    load: async () => (await import('./explain.ts')).explain,
  },
  { name: 'purge', summary: 'Make what is stored unusable', load: async () => (await import('./purge.ts')).purge },
  {
    name: 'stats',
    summary: 'Show hits, misses and hit rate, in all and per rule',
    load: async () => (await import('./stats.ts')).stats,
  },
  { name: 'keys', summary: 'List the keys of what is stored', load: async () => (await import('./keys.ts')).keys },
  { name: 'show', summary: 'Show what is stored under a key', load: async () => (await import('./show.ts')).show },
]

/** Resolves with the exit status: 0 done, 1 not done, 2 asked wrongly. */
export async function run(argv: readonly string[], environment: Environment, terminal: Terminal): Promise<number> {
  const [first, ...rest] = argv
  if (first === undefined) {
    terminal.err(formatOverview(commands))
    return 2
  }
  if (first === '--version' || first === '-v') {
    terminal.out(`${version()}\n`)
    return 0
  }
  const isHelp = first === '--help' || first === '-h' || first === 'help'
  const name = isHelp ? rest[0] : first
  if (name === undefined) {
    terminal.out(formatOverview(commands))
    return 0
  }
  const listed = commands.find((command) => command.name === name)
  if (listed === undefined) {
    terminal.err(`springhouse: ${unknownCommand(name)}\n`)
    return 2
  }
  const command = await listed.load()
  if (isHelp || asksForHelp(rest)) {
    terminal.out(formatHelp(listed.name, command))
    return 0
  }
  return runCommand({ ...listed, command }, rest, { environment, terminal })
}

interface Found extends Listed {
  readonly command: Command
}

async function runCommand(
  { name, command }: Found,
  args: readonly string[],
  { environment, terminal }: { readonly environment: Environment; readonly terminal: Terminal },
): Promise<number> {
  const fail = (message: string, status: 1 | 2): number => {
    terminal.err(`springhouse ${name}: ${message}\n`)
    return status
  }
  const parsed = parseArguments(args, command.flags)
  if (parsed.kind === 'problem') return fail(`${parsed.problem}\nSee: springhouse ${name} --help`, 2)
  const { flags, positionals } = parsed
  const { least, most } = command.takes
  if (positionals.length < least || positionals.length > most) {
    const surplus = positionals[most]
    const what = surplus === undefined ? 'Something is missing' : `"${surplus}" is too much`
    return fail(`${what}\nUsage: springhouse ${name} ${command.usage}`, 2)
  }
  try {
    return await command.run({ flags, positionals, environment, terminal })
  } catch (error) {
    if (error instanceof CommandFailure) return fail(error.message, error.status)
    throw error
  }
}

/** Up to a "--", behind which everything is an argument. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return (end < 0 ? args : args.slice(0, end)).some((arg) => arg === '--help' || arg === '-h')
}

function unknownCommand(name: string): string {
  const names = commands.map((command) => command.name)
  const near = nearest(name, names)
  if (name.startsWith('-')) return `A command comes first: ${names.join(' ')}`
  return `There is no command "${name}": ${near === undefined ? `write one of ${names.join(' ')}` : `did you mean "${near}"?`}`
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return String((JSON.parse(text) as { version: unknown }).version)
}

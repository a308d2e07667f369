/** What a command is: how it is called, what it takes, and what it does. Nothing here reads the process: tests call commands as processes do. */
import type { ArgumentValues, Flag } from './arguments.ts'

export interface Command {
  /** What follows the name: "[--soft] (--tag TAG | --all)". */
  readonly usage: string
  /** One paragraph for `--help`. */
  readonly about: string
  readonly flags: readonly Flag[]
  /** How many arguments that are no flags it takes. */
  readonly takes: { readonly least: number; readonly most: number }
  /** Lines worth trying, without "springhouse". */
  readonly examples: readonly string[]
  /** Resolves with the exit status. */
  run(call: Call): Promise<number>
}

export interface Call {
  readonly flags: ArgumentValues
  readonly positionals: readonly string[]
  readonly environment: Environment
  readonly terminal: Terminal
}

export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly cwd: string
}

export interface Terminal {
  /** What was asked for. */
  out(text: string): void
  /** What went wrong, or is worth knowing besides. */
  err(text: string): void
  /** Whether a person reads what is put out. */
  readonly isInteractive: boolean
}

/** Ends a command: 1 when it was not done, 2 when it was asked wrongly. `run.ts` prints the message. */
export class CommandFailure extends Error {
  readonly status: 1 | 2
  constructor(status: 1 | 2, message: string) {
    super(message)
    this.name = 'CommandFailure'
    this.status = status
  }
}

/** JSON for scripts: one document on standard output. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value, undefined, 2)}\n`)
}

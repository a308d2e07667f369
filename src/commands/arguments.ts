/** Flags and arguments of one command, from what was typed. A flag that does not exist is named with the one that was meant. */
import { parseArgs } from 'node:util'
import { nearest } from '../rules/spelling.ts'

export interface Flag {
  readonly name: string
  /** What its value looks like, in capitals or as a kind of setting; undefined: it takes none. */
  readonly value?: string
  readonly isRepeatable?: boolean
  readonly help: string
}

/** By name: `true` for a flag without value, a list for one that may be repeated, else the last one given. */
export type ArgumentValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

export type ParsedArguments =
  | { readonly kind: 'arguments'; readonly flags: ArgumentValues; readonly positionals: readonly string[] }
  | { readonly kind: 'problem'; readonly problem: string }

export function parseArguments(args: readonly string[], flags: readonly Flag[]): ParsedArguments {
  const declared = new Map(flags.map((flag) => [flag.name, flag]))
  const options = Object.fromEntries(
    flags.map(({ name, value }) => [name, { type: value === undefined ? ('boolean' as const) : ('string' as const) }]),
  )
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true })
  const values: Record<string, string | boolean | string[]> = {}
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const flag = declared.get(token.name)
    if (flag === undefined) return problem(unknownFlag(token.rawName, [...declared.keys()]))
    const value = token.value
    if (flag.value === undefined) {
      if (value !== undefined) return problem(`--${flag.name} takes no value`)
      values[flag.name] = true
    } else if (value === undefined || (token.inlineValue !== true && value.startsWith('--'))) {
      return problem(`--${flag.name} needs a value: write --${flag.name}=${flag.value}`)
    } else if (flag.isRepeatable === true) {
      values[flag.name] = [...((values[flag.name] as string[] | undefined) ?? []), value]
    } else values[flag.name] = value
  }
  return { kind: 'arguments', flags: values, positionals }
}

function unknownFlag(given: string, names: readonly string[]): string {
  const near = nearest(given.replace(/^-+/, ''), names)
  return `There is no flag ${given}${near === undefined ? '' : `: did you mean --${near}?`}`
}

function problem(text: string): ParsedArguments {
  return { kind: 'problem', problem: text }
}

/** The value of a flag that takes one, given once. */
export function textOf(values: ArgumentValues, name: string): string | undefined {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}

/** Every value of a flag that may be repeated. */
export function listOf(values: ArgumentValues, name: string): readonly string[] {
  const value = values[name]
  return typeof value === 'object' ? value : []
}

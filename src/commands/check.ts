/** `check`: what is wrong with rules, where, and what to write instead. Needs no server, no origin and no secret. */
import { resolve } from 'node:path'
import { rulesJsonSchema } from '../rules/json-schema.ts'
import { type ParsedRules, parseRules } from '../rules/parse.ts'
import { formatProblem, type Problem } from '../rules/problem.ts'
import { type Call, type Command, CommandFailure, printJson } from './command.ts'
import { readNamedFile } from './named-file.ts'

export const check: Command = {
  usage: '<file …> [--json] | --schema',
  about: 'Prints every problem of the rules with line, column and what to write instead. Exits 1 when one of them is an error.',
  flags: [
    { name: 'json', help: 'Print JSON' },
    { name: 'schema', help: 'Print the JSON Schema of a rules file, for completion in editors' },
  ],
  takes: { least: 0, most: Number.POSITIVE_INFINITY },
  examples: ['check rules.yaml', 'check config/examples/*.yaml', 'check --schema > rules.schema.json'],
  run,
}

interface Checked {
  readonly file: string
  readonly text: string
  readonly parsed: ParsedRules
}

async function run({ flags, positionals, environment, terminal }: Call): Promise<number> {
  if (flags['schema'] === true) {
    printJson(terminal, rulesJsonSchema())
    return 0
  }
  if (positionals.length === 0) throw new CommandFailure(2, 'No file is named: write springhouse check rules.yaml')
  const checked = positionals.map((file): Checked => {
    const text = read(resolve(environment.cwd, file), file)
    return { file, text, parsed: parseRules(text, file) }
  })
  if (flags['json'] === true) printJson(terminal, checked.map(summaryOf))
  else for (const one of checked) terminal.out(reportOf(one))
  return checked.some(({ parsed }) => parsed.kind === 'problems') ? 1 : 0
}

function read(path: string, file: string): string {
  const read = readNamedFile(path, file)
  if (read.kind === 'text') return read.text
  throw new CommandFailure(1, read.problem)
}

function reportOf({ file, text, parsed }: Checked): string {
  const problems = problemsOf(parsed)
  const lines = problems.map((problem) => `${formatProblem(problem, text)}\n\n`)
  const warnings = count(problems.filter(({ severity }) => severity === 'warning').length, 'warning')
  if (parsed.kind === 'rules') return `${lines.join('')}${file}: ${count(parsed.rules.rules.length, 'rule')}, ${warnings}\n`
  const errors = count(problems.filter(({ severity }) => severity === 'error').length, 'error')
  return `${lines.join('')}${file}: ${errors}, ${warnings}\n`
}

function summaryOf({ file, parsed }: Checked): object {
  const rules = parsed.kind === 'rules' ? { rules: parsed.rules.rules.length, hash: parsed.rules.hash } : {}
  return { file, isUsable: parsed.kind === 'rules', ...rules, problems: problemsOf(parsed) }
}

function problemsOf(parsed: ParsedRules): readonly Problem[] {
  return parsed.kind === 'rules' ? parsed.warnings : parsed.problems
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

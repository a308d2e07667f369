/**
 * rules.yaml, from text to rules: YAML, then each value by itself, then what they mean together. Every stage names all it finds; the next
 * one starts only when nothing is wrong so far. Never throws.
 */
import { compileRules, type RuleDefaults } from './compile.ts'
import type { RulesFile } from './file.ts'
import { lint } from './lint.ts'
import type { Finding, Problem } from './problem.ts'
import { findingsOf } from './refusal.ts'
import type { RuleSet } from './rule.ts'
import { rulesFile } from './schema.ts'
import { readSource, type Source } from './source.ts'

export type ParsedRules =
  /** Usable; what is doubtful about them is in `warnings`. */
  | {
      readonly kind: 'rules'
      readonly rules: RuleSet
      readonly warnings: readonly Problem[]
      /** What the file left out and `defaults` filled in. */
      readonly filled: ReadonlySet<keyof RuleDefaults>
    }
  /** In the file's order; at least one is an error. */
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] }

/** Parses the text of a rules file. `file` is its name in problems; `defaults` fill in what the file leaves out. */
export function parseRules(text: string, file: string, defaults: RuleDefaults = {}): ParsedRules {
  const read = readSource(text)
  if (read.kind === 'troubles')
    return { kind: 'problems', problems: read.troubles.map((trouble) => ({ file, severity: 'error', ...trouble })) }
  const { source } = read
  const parsed = rulesFile.safeParse(source.value, { reportInput: true })
  if (!parsed.success) return { kind: 'problems', problems: problemsOf(findingsOf(parsed.error.issues, source), source, file) }

  const findings: Finding[] = []
  const rules = compileRules(parsed.data, {
    defaults,
    report: (finding) => findings.push(finding),
    locate: (index) => source.locate({ path: ['rules', index] }),
  })
  if (!findings.some(isError)) findings.push(...lint(rules, source))
  const problems = problemsOf(findings, source, file)
  return problems.some(isError)
    ? { kind: 'problems', problems }
    : { kind: 'rules', rules, warnings: problems, filled: filledIn(parsed.data, defaults) }
}

function filledIn(file: RulesFile, defaults: RuleDefaults): ReadonlySet<keyof RuleDefaults> {
  const filled = new Set<keyof RuleDefaults>()
  if (file.prefix === undefined && defaults.prefix !== undefined) filled.add('prefix')
  if (file.defaults?.ttl === undefined && defaults.defaultTtl !== undefined) filled.add('defaultTtl')
  return filled
}

function isError({ severity }: Pick<Problem, 'severity'>): boolean {
  return severity === 'error'
}

/** In the file's order, each once: what an alias repeats is wrong in one place only. */
function problemsOf(findings: readonly Finding[], source: Source, file: string): Problem[] {
  const problems = new Map<string, Problem>()
  for (const finding of findings) {
    const { severity, what, fix } = finding
    const { line, column } = source.locate(finding)
    problems.set(`${line}:${column}:${what}`, { file, line, column, severity, what, fix })
  }
  return [...problems.values()].sort((a, b) => a.line - b.line || a.column - b.column)
}

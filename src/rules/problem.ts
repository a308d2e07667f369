/**
 * What is wrong with the rules, as an operator reads it: where it stands, what it is, what to write instead. `check`, start-up and a
 * reload print the same lines.
 */
import type { Position } from './rule.ts'

export interface Problem extends Position {
  /** The file as it was named on the command line or in the settings. */
  readonly file: string
  /** An error keeps the rules from being used; a warning does not. */
  readonly severity: 'error' | 'warning'
  /** Capital first, no full stop. */
  readonly what: string
  /** What to write instead: an imperative, capital first, no full stop. */
  readonly fix: string
}

/** A problem before its place in the text is looked up: checks speak of paths such as ["rules", 3, "cache", "ttl"]. */
export interface Finding {
  readonly path: readonly PropertyKey[]
  /** Point at the key that the path ends in, not at its value. */
  readonly isOnKey?: boolean
  /** Characters from the start of the text that the path leads to. */
  readonly offset?: number
  readonly severity: 'error' | 'warning'
  readonly what: string
  readonly fix: string
}

const excerptWidth = 100

/** `rules.yaml:12:7: error: Unknown key "tll": write "ttl"`; with the file's text also that line and a caret below the column. */
export function formatProblem(problem: Problem, text?: string): string {
  const { file, line, column, severity, what, fix } = problem
  const message = `${file}:${line}:${column}: ${severity}: ${withFix(what, fix)}`
  const source = text?.split('\n', line)[line - 1]
  return source === undefined ? message : `${message}\n${excerpt(source, problem)}`
}

/** What is wrong and what to do, in one line. */
export function withFix(what: string, fix: string): string {
  return `${what}: ${fix.charAt(0).toLowerCase()}${fix.slice(1)}`
}

/** Quotes a text of the file inside a message: on one line, and not longer than a line should be. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}

/** A long line is cut around the column. Control characters would reach the operator's terminal: they become spaces. */
function excerpt(source: string, { line, column }: Position): string {
  const start = source.length <= excerptWidth ? 0 : Math.max(0, column - 1 - excerptWidth / 2)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const shown = source.slice(start, start + excerptWidth).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
  const number = String(line).padStart(5)
  return `${number} | ${shown.trimEnd()}\n${' '.repeat(number.length)} | ${' '.repeat(column - 1 - start)}^`
}

/** The rules file of a running proxy: read at the start, and again when it changes or when told to. A change that cannot be used leaves the last good rules. */
import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { RuleDefaults } from '../rules/compile.ts'
import { type ParsedRules, parseRules } from '../rules/parse.ts'
import { formatProblem, type Problem } from '../rules/problem.ts'
import type { RuleSet } from '../rules/rule.ts'
import { readNamedFile } from './named-file.ts'

export interface RulesSource {
  readonly path: string
  /** How problems call it. */
  readonly name: string
  readonly defaults: RuleDefaults
}

export type ReadRules =
  | { readonly kind: 'rules'; readonly text: string; readonly rules: RuleSet; readonly warnings: readonly string[] }
  | { readonly kind: 'refused'; readonly text: string | undefined; readonly problems: readonly string[] }

/** Problems are formatted, with the line of the file that each is about. Never throws. */
export function readRules({ path, name, defaults }: RulesSource): ReadRules {
  const read = readNamedFile(path, name)
  if (read.kind !== 'text') {
    const fix = read.kind === 'missing' ? ': name one with --rules' : ''
    return { kind: 'refused', text: undefined, problems: [`${read.problem}${fix}`] }
  }
  const { text } = read
  const parsed: ParsedRules = parseRules(text, name, defaults)
  const format = (problem: Problem): string => formatProblem(problem, text)
  if (parsed.kind === 'problems') return { kind: 'refused', text, problems: parsed.problems.map(format) }
  return { kind: 'rules', text, rules: parsed.rules, warnings: parsed.warnings.map(format) }
}

export interface RulesWatch {
  close(): void
}

/** An editor writes a file in several steps; this long after the last one it counts as written. */
const quiet = 100

/**
 * Calls `changed` after something happened in the file's folder. The folder, because editors and config maps replace the file or what it links to,
 * which a watch of the file itself does not survive. `failed` hears when nothing can be watched: SIGHUP still reloads.
 */
export function watchRules(path: string, changed: () => void, failed: (error: unknown) => void): RulesWatch {
  let timer: NodeJS.Timeout | undefined
  let watcher: FSWatcher | undefined
  try {
    watcher = watch(dirname(path), { persistent: false }, () => {
      clearTimeout(timer)
      timer = setTimeout(changed, quiet).unref()
    })
    watcher.on('error', failed)
  } catch (error) {
    failed(error)
  }
  return {
    close() {
      clearTimeout(timer)
      watcher?.close()
    },
  }
}

/** Keeps a running proxy's rules in step with their file. Rules that cannot be used are said in the log; the last good ones stay in force. */
import { type Running, StartRefused } from '../app.ts'
import { type ReadRules, type RulesSource, readRules, watchRules } from './rules-file.ts'

export interface FollowedRules {
  /** Reads the file now, changed or not. */
  reload(): void
  close(): void
}

/** `text` is what the rules in force were read from. */
export function followRules(app: Pick<Running, 'reload' | 'log'>, source: RulesSource, text: string): FollowedRules {
  let last: string | undefined = text
  const apply = (read: ReadRules): void => {
    last = read.text
    const problems = read.kind === 'refused' ? read.problems : swap(app, read)
    if (problems.length > 0) app.log.event('error', 'rules-refused', { problems, inForce: 'the last good rules' })
  }
  const applyIfChanged = (): void => {
    const read = readRules(source)
    if (read.text !== last) apply(read)
  }
  const fix = 'Send SIGHUP after a change of the rules'
  const watch = watchRules(source.path, applyIfChanged, (error) => app.log.event('warn', 'rules-not-watched', { error, fix }))
  return { reload: () => apply(readRules(source)), close: () => watch.close() }
}

/** What keeps the rules from being put in force, if anything: a secret that is not set. */
function swap(
  app: Pick<Running, 'reload' | 'log'>,
  { rules, warnings, text }: Extract<ReadRules, { kind: 'rules' }>,
): readonly string[] {
  try {
    app.reload(rules, text)
  } catch (error) {
    if (error instanceof StartRefused) return [error.message]
    throw error
  }
  for (const warning of warnings) app.log.event('warn', 'rules-warning', { warning })
  return []
}

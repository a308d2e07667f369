/** What is wrong with a setting: which, where it was said, what is wrong, what to write instead. */

export interface SettingProblem {
  /** The path, or the name of a variable that is no setting; empty when a whole file cannot be read. */
  readonly key: string
  /** `config/production.yaml:3:9`, a variable, a flag, or the names of two that contradict each other. */
  readonly source: string
  readonly problem: string
  readonly fix: string
}

/** One line for one problem: `config/test.yaml:3:9: server.port: "x" is not a number. Write …`. */
export function formatProblem({ key, source, problem, fix }: SettingProblem): string {
  const name = key === '' || key === source ? '' : `${key}: `
  return `${source}: ${name}${problem}. ${fix}`
}

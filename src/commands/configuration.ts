/** The settings as a command reads them: config/<env>.yaml of the working directory, then variables, then the command's own flags. */
import { type LoadedSettings, loadSettings } from '../settings/load.ts'
import { formatProblem } from '../settings/problem.ts'
import { type ArgumentValues, type Flag, textOf } from './arguments.ts'
import { type Call, CommandFailure } from './command.ts'
import { readFileIfThere } from './named-file.ts'

export const environmentFlag: Flag = {
  name: 'env',
  value: 'NAME',
  help: 'Read config/NAME.yaml: development, test, production or your own (default: NODE_ENV, else development)',
}

export type Loaded = Extract<LoadedSettings, { kind: 'settings' }>

/** Fails with every problem there is, one per line. `flags` are those that may be settings. */
export function loadConfiguration({ environment, flags: given }: Call, flags: ArgumentValues = {}): Loaded {
  const { variables, cwd } = environment
  const loaded = loadSettings({
    env: variables,
    flags: flags as Record<string, string | undefined>,
    readFile: readFileIfThere,
    cwd,
    environmentName: textOf(given, 'env') ?? variables['NODE_ENV'],
  })
  if (loaded.kind === 'settings') return loaded
  throw new CommandFailure(2, ['The settings are wrong', ...loaded.problems.map(formatProblem)].join('\n'))
}

/**
 * From a file, the environment and flags to `Settings`, or to every problem there is, not only the first. Each layer replaces what the
 * one before gave: config/<environment>.yaml, then variables, then flags.
 */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkAgreement } from './agreement.ts'
import { readConfiguration } from './file.ts'
import { type Given, givenByDefault, givenByEnvironment, givenByFlags } from './given.ts'
import { kinds } from './kinds.ts'
import type { SettingProblem } from './problem.ts'
import { resolveRedis } from './redis.ts'
import { checkRedis } from './redis-agreement.ts'
import type { DeclaredSettings, Settings } from './settings.ts'
import { membersOf, type SettingPath, table } from './table.ts'

export interface SettingsInput {
  readonly env: Readonly<Record<string, string | undefined>>
  /** By name without dashes, as `node:util` parses them. Names that are no setting's are left to the command. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>
  /** The file's text; undefined when there is none. Throws when it is there and cannot be read. */
  readonly readFile: (path: string) => string | undefined
  readonly cwd: string
  /** From `--env`, else NODE_ENV. Undefined or empty: development. */
  readonly environmentName: string | undefined
}

export type LoadedSettings =
  | {
      readonly kind: 'settings'
      readonly settings: Settings
      /** Path of each setting → where its value came from: `default`, `config/test.yaml:3:9`, a variable, a flag. */
      readonly sources: ReadonlyMap<string, string>
    }
  | { readonly kind: 'problems'; readonly problems: readonly SettingProblem[] }

export function loadSettings(input: SettingsInput): LoadedSettings {
  const file = readFileFor(input)
  const problems: SettingProblem[] = [...file.problems]
  const given = new Map<SettingPath, Given>()
  for (const layer of [givenByDefault(), file.given, givenByEnvironment(input.env), givenByFlags(input.flags)]) {
    for (const one of layer) given.set(one.row.path, one)
  }

  const values = new Map<SettingPath, unknown>()
  for (const [path, one] of given) {
    const value = readGiven(one, input, problems)
    if (value !== undefined) values.set(path, value)
  }
  if (problems.length > 0) return { kind: 'problems', problems }

  const declared = nest(values)
  const settings = { ...declared, redis: resolveRedis(declared.redis, given) }
  const sources = new Map([...given].map(([path, { source }]) => [path, source]))
  const sourceOf = (path: SettingPath): string => sources.get(path) ?? 'default'
  const disagreements = [...checkRedis(declared.redis, sourceOf), ...checkAgreement(settings, sourceOf)]
  if (disagreements.length > 0) return { kind: 'problems', problems: disagreements }
  return { kind: 'settings', settings, sources }
}

/** The environments that come with the package: complete without a file. */
const shipped = ['development', 'test', 'production']
/** Their files, for a working directory that has none of that name. */
const packageFolder = fileURLToPath(new URL('../../config/', import.meta.url))

function readFileFor({ cwd, environmentName, readFile }: SettingsInput): ReturnType<typeof readConfiguration> {
  const environment = environmentName || 'development'
  const problem = (text: string, fix: string) => ({
    given: [],
    problems: [{ key: 'environment', source: '--env or NODE_ENV', problem: text, fix }],
  })
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(environment))
    return problem('Not the name of an environment', 'Write development, test or production')

  const name = `config/${environment}.yaml`
  for (const path of [resolve(cwd, name), resolve(packageFolder, `${environment}.yaml`)]) {
    const text = readText(path, readFile)
    if (typeof text === 'object') return { given: [], problems: [{ ...text, key: '', source: name }] }
    if (text !== undefined) return readConfiguration(text, name)
  }
  if (shipped.includes(environment)) return { given: [], problems: [] }
  return problem(`There is no ${name}`, `Write that file, or choose development, test or production`)
}

/** The value of one setting; on a problem, adds it and gives undefined. */
function readGiven({ row, source, texts }: Given, input: SettingsInput, problems: SettingProblem[]): unknown {
  const kind = kinds[row.kind]
  if (texts.length !== 1 && !kind.isList) {
    problems.push({ key: row.path, source, problem: 'A list stands where one value is expected', fix: 'Write one value' })
    return undefined
  }
  const pieces = kind.isList ? texts.flatMap((text) => text.split(',')).map((text) => text.trim()) : texts
  const values: unknown[] = []
  for (const text of pieces) {
    if (kind.isList && text === '') continue
    const parsed = row.kind === 'file' ? readText(resolve(input.cwd, text), input.readFile) : kind.parse(text, row.choices ?? [])
    if (parsed === undefined)
      problems.push({ key: row.path, source, problem: `There is no file "${text}"`, fix: 'Write the path of a file' })
    else if (typeof parsed === 'string') values.push(parsed)
    else if ('problem' in parsed) problems.push({ key: row.path, source, ...parsed })
    else values.push(parsed.value)
  }
  return kind.isList ? values : values[0]
}

/** The text of a file, undefined when there is none, or why it cannot be read. */
function readText(path: string, readFile: SettingsInput['readFile']): string | undefined | { problem: string; fix: string } {
  try {
    return readFile(path)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { problem: `Cannot read the file: ${why}`, fix: 'Make it readable, or remove it' }
  }
}

/** `server.limits.header_size` → `{ server: { limits: { headerSize } } }`. The table covers every leaf, which a test proves. */
function nest(values: ReadonlyMap<SettingPath, unknown>): DeclaredSettings {
  const root: Record<string, unknown> = {}
  for (const { path } of table) {
    const members = membersOf(path)
    const last = members.pop() as string
    let section = root
    for (const member of members) {
      section[member] ??= {}
      section = section[member] as Record<string, unknown>
    }
    section[last] = values.get(path)
  }
  return root as unknown as DeclaredSettings
}

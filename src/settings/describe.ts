/** The table of settings for people: `--help`, the README, and a print of what holds that shows no secret. */
import { kinds } from './kinds.ts'
import type { Settings } from './settings.ts'
import { membersOf, type Row, table } from './table.ts'

/** Markdown for the README, one row per setting. */
export function formatSettingsTable(): string {
  const rows = table.map(({ path, env, flag, help, ...row }) => {
    const cells = [code(path), code(env), code(flag && `--${flag}`), shapeOf(row), code(row.default), help]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  return ['| setting | variable | flag | value | default | what |', '|---|---|---|---|---|---|', ...rows].join('\n')
}

/** The flags of `serve`, one per line, for `--help`. */
export function formatSettingsHelp(): string {
  const flags = table.filter((row) => row.flag !== undefined)
  const width = Math.max(...flags.map((row) => headOf(row).length))
  return flags
    .map((row) => {
      const notes = [row.choices?.join(' '), row.default && `default ${row.default}`, row.env].filter(Boolean).join(', ')
      return `  ${headOf(row).padEnd(width)}  ${row.help}${notes === '' ? '' : ` (${notes})`}`
    })
    .join('\n')
}

/** The settings with every secret that is set replaced by "***": what may be printed or logged. */
export function redactedSettings(settings: Settings): Settings {
  const copy = structuredClone(settings)
  for (const { path, kind } of table) if (kinds[kind].isSecret) mask(copy, membersOf(path))
  return copy
}

function mask(settings: Settings, members: readonly string[]): void {
  let section: unknown = settings
  for (const member of members.slice(0, -1)) section = (section as Record<string, unknown> | undefined)?.[member]
  const last = members.at(-1) as string
  const holder = section as Record<string, unknown> | undefined
  if (holder?.[last] !== undefined) holder[last] = '***'
}

function headOf(row: Row): string {
  return `--${row.flag} <${kinds[row.kind].shape}>`
}

function shapeOf({ kind, choices }: Pick<Row, 'kind' | 'choices'>): string {
  return choices === undefined ? kinds[kind].shape : choices.join(', ')
}

function code(text: string | undefined): string {
  return text === undefined || text === '' ? '' : `\`${text}\``
}

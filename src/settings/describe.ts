/** The table of settings for people: as the README shows it, which a test compares with this. */
import { kinds } from './kinds.ts'
import { type Row, table } from './table.ts'

/** Markdown for the README, one row per setting. */
export function formatSettingsTable(): string {
  const rows = table.map(({ path, env, flag, help, ...row }) => {
    const cells = [code(path), code(env), code(flag && `--${flag}`), shapeOf(row), code(row.default), help]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  return ['| setting | variable | flag | value | default | what |', '|---|---|---|---|---|---|', ...rows].join('\n')
}

function shapeOf({ kind, choices }: Pick<Row, 'kind' | 'choices'>): string {
  return choices === undefined ? kinds[kind].shape : choices.join(', ')
}

function code(text: string | undefined): string {
  return text === undefined || text === '' ? '' : `\`${text}\``
}

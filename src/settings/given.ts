/**
 * What was given for each setting, by a file, the environment or flags, before anybody reads it as a value. A later layer replaces what
 * an earlier one gave; where a value came from stays with it.
 */
import { type Row, table } from './table.ts'

export type Layer = 'default' | 'file' | 'env' | 'flag'

/** From the weakest to the strongest. */
export const layers: readonly Layer[] = ['default', 'file', 'env', 'flag']

export interface Given {
  readonly row: Row
  readonly layer: Layer
  /** As problems name it: `config/test.yaml:3:9`, `PORT`, `--port`, `default`. */
  readonly source: string
  /** Several for a list. */
  readonly texts: readonly string[]
}

export function givenByDefault(): Given[] {
  return table.flatMap((row) => (row.default === undefined ? [] : [given(row, 'default', row.default)]))
}

/** An empty variable counts as unset: compose files and shells produce them. */
export function givenByEnvironment(env: Readonly<Record<string, string | undefined>>): Given[] {
  return table.flatMap((row) => {
    const text = row.env === undefined ? undefined : env[row.env]
    return text === undefined || text === '' ? [] : [given(row, 'env', text)]
  })
}

export function givenByFlags(flags: Readonly<Record<string, string | boolean | undefined>>): Given[] {
  return table.flatMap((row) => {
    const value = row.flag === undefined ? undefined : flags[row.flag]
    return value === undefined ? [] : [given(row, 'flag', String(value))]
  })
}

function given(row: Row, layer: Layer, text: string): Given {
  const source = { default: 'default', file: 'file', env: row.env ?? '', flag: `--${row.flag}` }[layer]
  return { row, layer, source, texts: [text] }
}

/**
 * A configuration file: YAML in, what it gives for each setting out, with line and column. Values stay text, as written: `yes`, `0x1F` or
 * `1e3` mean to us what they say, not what YAML makes of them. A key that is no setting is a problem, never ignored.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument, type YAMLMap } from 'yaml'
import { nearest } from '../rules/spelling.ts'
import type { Given } from './given.ts'
import type { SettingProblem } from './problem.ts'
import { type Row, table } from './table.ts'

export interface FileReading {
  readonly given: readonly Given[]
  readonly problems: readonly SettingProblem[]
}

/** `name` is how problems call the file. */
export function readConfiguration(text: string, name: string): FileReading {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${name}:${line}:${col}`
  }
  if (document.errors.length > 0) {
    return {
      given: [],
      problems: document.errors.map(({ message, pos }) => ({
        key: '',
        source: at(pos[0]),
        problem: `Not YAML: ${(message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')}`,
        fix: 'Write "key: value" lines, indented by spaces',
      })),
    }
  }
  const found: Found = { given: [], problems: [], at }
  const root = document.contents
  if (isMap(root)) readSection(root, '', found)
  else if (root !== null && !(isScalar(root) && root.value === null)) {
    found.problems.push({ key: '', source: at(0), problem: 'Not a map of settings', fix: 'Write "key: value" lines' })
  }
  return { given: found.given, problems: found.problems }
}

interface Found {
  readonly given: Given[]
  readonly problems: SettingProblem[]
  readonly at: (offset: number) => string
}

const rows: ReadonlyMap<string, Row> = new Map(
  table.flatMap((row) => [row.path, ...(row.aliases ?? [])].map((path) => [path, row])),
)

/** Every path that has settings below it: "server", "server.limits". */
const sections: ReadonlySet<string> = new Set(
  [...rows.keys()].flatMap((path) =>
    path.split('.').flatMap((_, depth, parts) => (depth === 0 ? [] : [parts.slice(0, depth).join('.')])),
  ),
)

function readSection(map: YAMLMap, path: string, found: Found): void {
  for (const pair of map.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : '?'
    const full = path === '' ? key : `${path}.${key}`
    const source = found.at(rangeOf(pair.key))
    const row = rows.get(full)
    // `redis.tls: on` is short for the first of its settings.
    const isSection = isMap(pair.value) && sections.has(full)
    if (row !== undefined && !isSection) readValue(row, pair, found)
    else if (!sections.has(full)) found.problems.push({ key: full, source, problem: 'No such setting', fix: suggest(full, path) })
    else if (isMap(pair.value)) readSection(pair.value, full, found)
    else if (!isEmpty(pair.value)) {
      found.problems.push({
        key: full,
        source,
        problem: 'Holds settings, not a value',
        fix: `Write its settings below it, indented`,
      })
    }
  }
}

function readValue(row: Row, pair: Pair, found: Found): void {
  const { value } = pair
  if (isEmpty(value)) return
  const source = found.at(rangeOf(value))
  const nodes = isSeq(value) ? value.items : [value]
  const texts = nodes.map((node) => (isScalar(node) ? (node.source ?? String(node.value)) : undefined))
  if (texts.every((text) => text !== undefined)) found.given.push({ row, layer: 'file', source, texts })
  else {
    const problem = nodes.some(isAlias) ? 'An alias stands where a value is expected' : 'A map stands where a value is expected'
    found.problems.push({ key: row.path, source, problem, fix: 'Write the value itself, in quotes where it holds : { } * or #' })
  }
}

/** The nearest setting of the same section, else the nearest last name anywhere: `port` at the top is `server.port`. */
function suggest(full: string, section: string): string {
  const known = [...rows.keys(), ...sections]
  const inside = known.filter((path) => path.startsWith(section === '' ? '' : `${section}.`))
  const near = nearest(full, inside) ?? known.find((path) => path.endsWith(`.${full.slice(full.lastIndexOf('.') + 1)}`))
  if (near !== undefined) return `Did you mean "${near}"?`
  const names = inside.map((path) => path.slice(section === '' ? 0 : section.length + 1)).filter((name) => !name.includes('.'))
  return `Write one of ${[...new Set(names)].join(', ')}`
}

function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null)
}

function rangeOf(node: unknown): number {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0
}

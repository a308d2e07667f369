/**
 * How labels lie in a journal: one line per add, `1 <checksum> <JSON>`. A line that is torn, changed or of another version says nothing that can be
 * relied on, and then the whole file counts as "everything".
 */
import { hash } from 'node:crypto'
import type { Label } from '../cache/label.ts'

const version = '1'

/** JSON escapes line ends and lone surrogates, so that any string is one line and comes back as it was. */
export function formatLine(labels: readonly Label[]): string {
  const said = `${version} ${JSON.stringify(labels)}`
  return `${version} ${checksum(said)} ${said.slice(version.length + 1)}\n`
}

/** Undefined: what it said is not known. An empty file is one whose first line never arrived. */
export function parseLines(text: string): Label[] | undefined {
  if (!text.endsWith('\n')) return undefined
  const labels: Label[] = []
  for (const line of text.slice(0, -1).split('\n')) {
    const said = parseLine(line)
    if (said === undefined) return undefined
    for (const label of said) labels.push(label)
  }
  return labels
}

function parseLine(line: string): Label[] | undefined {
  const [, sum, json = ''] = /^1 ([0-9a-f]{16}) (.*)$/s.exec(line) ?? []
  if (sum === undefined || sum !== checksum(`${version} ${json}`)) return undefined
  try {
    const said: unknown = JSON.parse(json)
    return Array.isArray(said) && said.every((label) => typeof label === 'string') ? said : undefined
  } catch {
    return undefined
  }
}

function checksum(said: string): string {
  return hash('sha256', said).slice(0, 16)
}

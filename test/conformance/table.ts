/** What came out, topic by topic: how many passed of how many, by kind. */
import type { Case, Kind, Results } from './suite.ts'

const kinds: readonly Kind[] = ['required', 'optimal', 'check']

/** Lines without their ends; the last one is the total. */
export function formatScores(cases: readonly Case[], results: Results): string[] {
  const topics = [...new Set(cases.map(({ topic }) => topic))]
  const ofTopic = (name: string): readonly Case[] => cases.filter(({ topic }) => topic === name)
  const rows = [['topic', ...kinds], ...topics.map((name) => rowOf(name, ofTopic(name), results)), rowOf('all', cases, results)]
  const widths = (rows[0] as string[]).map((_, i) => Math.max(...rows.map((row) => (row[i] as string).length)))
  const pad = (cell: string, i: number): string =>
    i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)
  return rows.map((row) => row.map(pad).join('  '))
}

function rowOf(name: string, cases: readonly Case[], results: Results): string[] {
  return [
    name,
    ...kinds.map((kind) => {
      const ofKind = cases.filter((each) => each.kind === kind)
      return ofKind.length === 0 ? '' : `${ofKind.filter(({ id }) => results[id] === true).length} of ${ofKind.length}`
    }),
  ]
}

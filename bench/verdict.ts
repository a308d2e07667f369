/** What the project promises of its speed, each promise a ratio within one run: held against the results, in plain words. */
import type { Row } from './table.ts'
import type { ZipfResult } from './zipf.ts'

export interface Verdict {
  readonly isKept: boolean
  readonly text: string
}

export function judgeResults(rows: readonly Row[], mix: ZipfResult): Verdict[] {
  const find = (name: string): Row | undefined => rows.find((row) => row.name === name)
  const [straight, hit, bare] = [find('straight to the origin'), find('memory hit'), find('bare node:http')]
  const faster = (straight?.p50 ?? 0) / (hit?.p50 ?? Number.POSITIVE_INFINITY)
  const cost = (hit?.cpuPerRequest ?? Number.POSITIVE_INFINITY) / (bare?.cpuPerRequest ?? 1)
  const hitRate = mix.hits / mix.reads
  const spared = 1 - mix.originRequests / mix.requests
  return [
    verdict(faster >= 30, `memory hit ${faster.toFixed(0)} times faster than the origin at the median (at least 30)`),
    verdict(cost <= 2, `CPU per memory hit ${cost.toFixed(2)} × the bare node:http server (at most 2.00)`),
    verdict(hitRate >= 0.88, `mix: hit rate ${percent(hitRate)} (at least 88 %)`),
    verdict(spared >= 0.85, `mix: origin load −${percent(spared)} (at least −85 %)`),
    verdict(mix.failures === 0, `mix: ${mix.failures} failures in ${mix.requests} requests (none)`),
  ]
}

function verdict(isKept: boolean, text: string): Verdict {
  return { isKept, text: `${isKept ? 'kept    ' : 'NOT KEPT'}  ${text}` }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

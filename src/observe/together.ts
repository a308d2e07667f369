/**
 * The metrics of several processes as one: counts add up, other series are put together as their declaration says. A rate is worked out anew from
 * what it is a rate of.
 */
import type { Snapshot } from './metrics.ts'
import type { Summary, SummaryCounts } from './summary.ts'

/** Prometheus' text format. `silent` of the processes did not answer. */
export async function exposeTogether(
  snapshots: readonly Snapshot[],
  { service, silent }: { readonly service: string; readonly silent: number },
): Promise<string> {
  const { AggregatorRegistry } = await import('prom-client')
  const workers = {
    name: 'workers',
    help: 'Processes on the port, by whether they answered in time: what a silent one counts is missing here',
    type: 'gauge',
    aggregator: 'first',
    values: [
      { labels: { service, state: 'answering' }, value: snapshots.length },
      { labels: { service, state: 'silent' }, value: silent },
    ],
  }
  // prom-client's type is that of a constructor's argument nobody has; what it reads is `getMetricsAsJSON`'s answer.
  const all = [...snapshots.map((snapshot) => withRate(snapshot, rateOf(snapshots))), [workers]] as unknown as object[]
  return AggregatorRegistry.aggregate(all).metrics()
}

/** Empty when nobody answered. */
export function summariseTogether(summaries: readonly Summary[]): Summary | undefined {
  const [first] = summaries
  if (first === undefined) return undefined
  const names = [...new Set(summaries.flatMap(({ rules }) => Object.keys(rules)))]
  const countsOf = (name: string): SummaryCounts[] => summaries.flatMap(({ rules }) => rules[name] ?? [])
  return {
    ...addUp(summaries),
    rules: Object.fromEntries(names.map((name) => [name, addUp(countsOf(name))])),
    // ISO 8601 in one zone: the order of the texts is that of the times.
    since: summaries.map(({ since }) => since).toSorted()[0] ?? first.since,
    lastUpdated:
      summaries
        .map(({ lastUpdated }) => lastUpdated)
        .toSorted()
        .at(-1) ?? first.lastUpdated,
  }
}

const counts = ['hits', 'misses', 'stale', 'bypass', 'collapsed', 'sets', 'deletes', 'purges', 'errors'] as const

function addUp(summaries: readonly SummaryCounts[]): SummaryCounts {
  const sums = Object.fromEntries(
    counts.map((name) => [name, summaries.reduce((sum, summary) => sum + summary[name], 0)]),
  ) as unknown as Record<(typeof counts)[number], number>
  const served = sums.hits + sums.stale
  const rate = served + sums.misses === 0 ? 0 : served / (served + sums.misses)
  return { ...sums, hitRate: `${(rate * 100).toFixed(2)}%` }
}

function rateOf(snapshots: readonly Snapshot[]): number {
  const total = (name: string): number =>
    snapshots
      .flatMap((snapshot) => snapshot.filter((metric) => metric.name === name))
      .reduce((sum, { values }) => sum + values.reduce((all, { value }) => all + value, 0), 0)
  const served = total('cache_hits_total') + total('cache_stale_total')
  const asked = served + total('cache_misses_total')
  return asked === 0 ? 0 : served / asked
}

/** The same rate in each, so that whichever is taken is that of all. */
function withRate(snapshot: Snapshot, rate: number): Snapshot {
  return snapshot.map((metric) =>
    metric.name === 'cache_hit_rate' ? { ...metric, values: metric.values.map((value) => ({ ...value, value: rate })) } : metric,
  )
}

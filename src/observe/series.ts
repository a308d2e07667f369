/**
 * Every metric, declared once: name, type, help, and how its samples are read from the tallies. Label values come from the rules file and
 * from closed lists only (rule, tier, outcome, reason), never from a request, so their number is bounded.
 */
import { bounds, type Histogram } from './histogram.ts'
import { type Outcome, outcomeOf, type Reason } from './reasons.ts'
import { type RuleTally, reasonTokens, type Tier } from './tally.ts'

export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  /** The name's ending is part of the sample for histograms: `_bucket`, `_sum`, `_count`. */
  readonly metricName?: string
}

export interface Series {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  read(state: MetricsState): Sample[]
  /** What stands for several processes; left out: their sum. */
  readonly ofWorkers?: 'min' | 'max'
}

/** How one tier stands. A store's status fits. */
export interface TierStatus {
  readonly kind: 'memory' | 'redis'
  readonly isConnected: boolean
  /** Undefined where counting would mean scanning. */
  readonly keys: number | undefined
  readonly bytes: number | undefined
  /** Stored values that could not be read, each of them a miss. */
  readonly undecodable: number
}

/** How the ledger stands. A ledger's status fits. */
export interface LedgerState {
  readonly isConnected: boolean
  readonly waiting: number
  readonly folds: number
}

/** What the samples are read from. */
export interface MetricsState {
  readonly tallies: readonly RuleTally[]
  readonly originDurations: Histogram
  readonly tiers: readonly TierStatus[]
  readonly originInFlight: number
  readonly ledger: LedgerState
}

export const series: readonly Series[] = [
  {
    name: 'cache_hits_total',
    type: 'counter',
    help: 'Answers from the store inside their lifetime',
    read: (state) => answers(state, ['hit'], ['rule', 'tier']),
  },
  {
    name: 'cache_misses_total',
    type: 'counter',
    help: 'Answers that waited for the origin where the store might have answered; followers of a collapsed fetch included',
    read: (state) => answers(state, ['miss'], ['rule', 'reason']),
  },
  {
    name: 'cache_stale_total',
    type: 'counter',
    help: 'Answers from the store past their lifetime, inside a stale window',
    read: (state) => answers(state, ['stale'], ['rule', 'tier', 'reason']),
  },
  {
    name: 'cache_bypass_total',
    type: 'counter',
    help: 'Requests forwarded without asking the store, tunnels included',
    read: (state) => answers(state, ['bypass', 'tunnel'], ['rule', 'outcome', 'reason']),
  },
  {
    name: 'cache_sets_total',
    type: 'counter',
    help: 'Entries stored',
    read: ({ tallies }) =>
      tallies.flatMap(({ rule, sets }) => [
        { labels: { rule, tier: 'memory' }, value: sets.memory },
        { labels: { rule, tier: 'redis' }, value: sets.redis },
      ]),
  },
  {
    name: 'cache_deletes_total',
    type: 'counter',
    help: 'Labels purged; the entries that carry them are compared, not counted',
    read: ({ tallies }) => tallies.map(({ rule, deletes }) => ({ labels: { rule }, value: deletes })),
  },
  {
    name: 'cache_purges_total',
    type: 'counter',
    help: 'Purges, by the rule that triggered them and how they ended: purged, expired (soft), widened, failed',
    read: ({ tallies }) =>
      tallies.flatMap(({ rule, purges }) =>
        Object.entries(purges).map(([outcome, value]) => ({ labels: { rule, outcome }, value })),
      ),
  },
  {
    name: 'cache_collapsed_total',
    type: 'counter',
    help: "Followers that shared a leader's answer",
    read: ({ tallies }) => tallies.map(({ rule, collapsed }) => ({ labels: { rule }, value: collapsed })),
  },
  {
    name: 'cache_errors_total',
    type: 'counter',
    help: 'Requests that ended in an error or were refused, and trouble that decided no answer (outcome "trouble")',
    read: (state) => [...answers(state, ['error', 'refused'], ['rule', 'outcome', 'reason']), ...troubles(state)],
  },
  {
    name: 'cache_hit_rate',
    type: 'gauge',
    help: 'Answers from the store, fresh and stale, as a share of those and the misses; 0 before the first',
    // `together.ts` gives them all the same.
    ofWorkers: 'max',
    read: ({ tallies }) => [{ labels: {}, value: hitRate(tallies) ?? 0 }],
  },
  {
    name: 'cache_keys_total',
    type: 'gauge',
    help: 'Entries held; absent for a tier that could count only by scanning',
    read: ({ tiers }) => tiers.flatMap(({ kind, keys }) => (keys === undefined ? [] : [{ labels: { tier: kind }, value: keys }])),
  },
  {
    name: 'cache_bytes',
    type: 'gauge',
    help: 'Bytes that entries take; absent for a tier that could count only by scanning',
    read: ({ tiers }) =>
      tiers.flatMap(({ kind, bytes }) => (bytes === undefined ? [] : [{ labels: { tier: kind }, value: bytes }])),
  },
  {
    name: 'cache_connected',
    type: 'gauge',
    help: '1 when the tier can be reached',
    ofWorkers: 'min',
    read: ({ tiers }) => tiers.map(({ kind, isConnected }) => ({ labels: { tier: kind }, value: isConnected ? 1 : 0 })),
  },
  {
    name: 'ledger_attached',
    type: 'gauge',
    help: '1 while what is shared is used; 0 while Redis, or what it lacks, has to be waited for. Without Redis always 1',
    ofWorkers: 'min',
    read: ({ ledger }) => [{ labels: {}, value: ledger.isConnected ? 1 : 0 }],
  },
  {
    name: 'ledger_waiting_labels',
    type: 'gauge',
    help: 'Labels that were purged here and that Redis has not taken yet',
    read: ({ ledger }) => [{ labels: {}, value: ledger.waiting }],
  },
  {
    name: 'ledger_folds_total',
    type: 'counter',
    help: 'Labels folded into "all" because the ledger was full: above 0, fewer and coarser tags purge as well',
    // Their ledgers hold the same labels.
    ofWorkers: 'max',
    read: ({ ledger }) => [{ labels: {}, value: ledger.folds }],
  },
  {
    name: 'http_request_duration_seconds',
    type: 'histogram',
    help: "From the request's head to the answer's end",
    read: ({ tallies }) =>
      tallies.flatMap(({ rule, durations }) =>
        Object.entries(durations).flatMap(([outcome, histogram]) =>
          spread('http_request_duration_seconds', histogram, { rule, outcome }),
        ),
      ),
  },
  {
    name: 'origin_request_duration_seconds',
    type: 'histogram',
    help: "From the request's dispatch to the end of the origin's answer",
    read: ({ originDurations }) => spread('origin_request_duration_seconds', originDurations, {}),
  },
  {
    name: 'origin_in_flight',
    type: 'gauge',
    help: 'Requests at the origin now',
    read: ({ originInFlight }) => [{ labels: {}, value: originInFlight }],
  },
]

/** Between 0 and 1; undefined while nothing was asked for. Followers count as misses, what bypasses does not count. */
export function hitRate(tallies: readonly RuleTally[]): number | undefined {
  let served = 0
  let missed = 0
  for (const tally of tallies) {
    served += tally.total('hit') + tally.total('stale')
    missed += tally.total('miss')
  }
  return served + missed === 0 ? undefined : served / (served + missed)
}

/** One sample for each combination of the labels that occurred: a zero for every reason that never happened would be thousands of lines. */
function answers(
  { tallies }: MetricsState,
  outcomes: readonly Outcome[],
  labels: ReadonlyArray<'rule' | 'tier' | 'outcome' | 'reason'>,
): Sample[] {
  const sums = new Map<string, { labels: Record<string, string>; value: number }>()
  for (const { rule, answers } of tallies) {
    for (const [tier, counts] of Object.entries(answers) as Array<[Tier, Record<Reason, number>]>) {
      for (const reason of reasonTokens) {
        const outcome = outcomeOf(reason)
        if (counts[reason] === 0 || !outcomes.includes(outcome)) continue
        const all = { rule, tier, outcome, reason }
        const chosen = Object.fromEntries(labels.map((label) => [label, all[label]]))
        const sum = sums.get(JSON.stringify(chosen)) ?? { labels: chosen, value: 0 }
        sum.value += counts[reason]
        sums.set(JSON.stringify(chosen), sum)
      }
    }
  }
  return [...sums.values()]
}

/** What lies under a key and cannot be read is the store's trouble: no rule is known to have put it there. */
function troubles({ tallies, tiers }: MetricsState): Sample[] {
  const ofStores = tiers
    .filter(({ undecodable }) => undecodable > 0)
    .map(({ kind, undecodable }) => ({ labels: { tier: kind, outcome: 'trouble', reason: 'undecodable' }, value: undecodable }))
  const ofRules = tallies.flatMap(({ rule, troubles }) =>
    reasonTokens
      .filter((reason) => troubles[reason] > 0)
      .map((reason) => ({ labels: { rule, outcome: 'trouble', reason }, value: troubles[reason] })),
  )
  return [...ofStores, ...ofRules]
}

/** A histogram in Prometheus' form: cumulated buckets, sum and count. One that saw nothing is left out. */
function spread(name: string, histogram: Histogram, labels: Readonly<Record<string, string>>): Sample[] {
  if (histogram.count === 0) return []
  let cumulated = 0
  const samples: Sample[] = histogram.buckets.map((count, bucket) => {
    cumulated += count
    return { metricName: `${name}_bucket`, labels: { le: bounds[bucket] ?? '+Inf', ...labels }, value: cumulated }
  })
  samples.push({ metricName: `${name}_sum`, labels, value: histogram.sum })
  samples.push({ metricName: `${name}_count`, labels, value: histogram.count })
  return samples
}

/**
 * The metrics as a person reads them: one short body of JSON, in all and per rule. It is computed from the tallies that Prometheus' series
 * are computed from, so the two agree.
 */
import { unmatchedRule } from '../cache/entry.ts'
import type { Instant } from '../time.ts'
import type { Outcome } from './reasons.ts'
import { hitRate } from './series.ts'
import type { RuleTally } from './tally.ts'

export interface SummaryCounts {
  readonly hits: number
  readonly misses: number
  readonly stale: number
  readonly bypass: number
  readonly collapsed: number
  readonly sets: number
  readonly deletes: number
  readonly purges: number
  readonly errors: number
  /** As people read it: "87.41%". */
  readonly hitRate: string
}

/** The body of `GET /metrics/cache`. Instants are ISO 8601. */
export interface Summary extends SummaryCounts {
  readonly rules: Readonly<Record<string, SummaryCounts>>
  /** The start, or the last reset. */
  readonly since: string
  readonly lastUpdated: string
}

export function summarise(tallies: readonly RuleTally[], since: Instant, now: Instant): Summary {
  const asked = tallies.filter((tally) => tally.rule !== unmatchedRule || hasCounts(tally))
  return {
    ...countsOf(tallies),
    rules: Object.fromEntries(asked.map((tally) => [tally.rule, countsOf([tally])])),
    since: new Date(since).toISOString(),
    lastUpdated: new Date(now).toISOString(),
  }
}

function countsOf(tallies: readonly RuleTally[]): SummaryCounts {
  const sum = (read: (tally: RuleTally) => number) => tallies.reduce((total, tally) => total + read(tally), 0)
  const total = (outcome: Outcome) => sum((tally) => tally.total(outcome))
  return {
    hits: total('hit'),
    misses: total('miss'),
    stale: total('stale'),
    bypass: total('bypass') + total('tunnel'),
    collapsed: sum(({ collapsed }) => collapsed),
    sets: sum(({ sets }) => sets.memory + sets.redis),
    deletes: sum(({ deletes }) => deletes),
    purges: sum(({ purges }) => purges.purged + purges.expired + purges.failed),
    errors: total('error') + sum(({ troubles }) => addUp(troubles)),
    hitRate: `${((hitRate(tallies) ?? 0) * 100).toFixed(2)}%`,
  }
}

function hasCounts(tally: RuleTally): boolean {
  return Object.values(tally.answers).some((counts) => addUp(counts) > 0) || addUp(tally.purges) > 0
}

function addUp(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}

/**
 * The metrics: tallies that the hot path adds to, and the two forms in which they are read, Prometheus' text and a short summary in JSON.
 * Reading costs, counting does not. prom-client is loaded at the first scrape, and with it the process's own metrics.
 */
import type { Metric, MetricObjectWithValues, MetricValue, Registry } from 'prom-client'
import { unmatchedRule } from '../cache/entry.ts'
import type { Clock } from '../time.ts'
import { Histogram } from './histogram.ts'
import { type LedgerState, type MetricsState, series, type TierStatus } from './series.ts'
import { type Summary, summarise } from './summary.ts'
import { RuleTally } from './tally.ts'

/** What is not counted but looked up when somebody asks. */
export interface MetricSources {
  readonly tiers: () => readonly TierStatus[]
  readonly originInFlight: () => number
  readonly ledger: () => LedgerState
}

export type Snapshot = ReadonlyArray<MetricObjectWithValues<MetricValue<string>>>

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8'

export interface Metrics {
  /** Where to count what happens under a rule. A name that was not declared counts as unmatched: label values come from the rules file only. */
  rule(name: string): RuleTally
  readonly unmatched: RuleTally
  /** Names the rules in force, after a start or a reload. Numbers of rules that stay are kept, those of rules that went are dropped. */
  declareRules(names: Iterable<string>): void
  /** Counts one exchange with the origin; `duration` in seconds. */
  originAnswered(duration: number): void
  /** Says where to look up what is not counted. Until then: no tiers, no ledger, nothing in flight. */
  watch(sources: MetricSources): void
  /** Prometheus' text format, process metrics included. */
  exposition(): Promise<string>
  readonly contentType: string
  /** The same as data, to be put together with that of other processes. */
  snapshot(): Promise<Snapshot>
  summary(): Summary
  /** Everything back to zero; Prometheus takes it for a restart. */
  reset(): void
}

const noLedger: LedgerState = { isConnected: false, waiting: 0, folds: 0 }

export function createMetrics(service: string, clock: Clock): Metrics {
  const unmatched = new RuleTally(unmatchedRule)
  let rules = new Map<string, RuleTally>()
  const originDurations = new Histogram()
  let sources: MetricSources = { tiers: () => [], originInFlight: () => 0, ledger: () => noLedger }
  let since = clock.now()
  let registry: Promise<Registry> | undefined

  const tallies = (): RuleTally[] => [...rules.values(), unmatched]

  function state(): MetricsState {
    return {
      tallies: tallies(),
      originDurations,
      tiers: sources.tiers(),
      originInFlight: sources.originInFlight(),
      ledger: sources.ledger(),
    }
  }

  return {
    unmatched,
    contentType: expositionType,
    rule: (name) => rules.get(name) ?? unmatched,
    declareRules(names) {
      const kept = rules
      rules = new Map([...names].map((name) => [name, kept.get(name) ?? new RuleTally(name)]))
    },
    originAnswered: (duration) => originDurations.observe(duration),
    watch(given) {
      sources = given
    },
    async exposition() {
      registry ??= createRegistry(service, state)
      return (await registry).metrics()
    },
    async snapshot() {
      registry ??= createRegistry(service, state)
      return (await registry).getMetricsAsJSON()
    },
    summary: () => summarise(tallies(), since, clock.now()),
    reset() {
      for (const tally of tallies()) tally.reset()
      originDurations.reset()
      since = clock.now()
    },
  }
}

/** Registers every series of the table with prom-client, which asks a metric for nothing but `get`. */
async function createRegistry(service: string, state: () => MetricsState): Promise<Registry> {
  const { collectDefaultMetrics, Registry } = await import('prom-client')
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  for (const { name, type, help, read, ofWorkers } of series) {
    const about = { name, type, help, aggregator: ofWorkers ?? 'sum' }
    const metric = { ...about, get: async () => ({ ...about, values: read(state()) }) }
    registry.registerMetric(metric as unknown as Metric)
  }
  collectDefaultMetrics({ register: registry })
  return registry
}

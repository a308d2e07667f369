/** What a proxy says of itself in its metrics, as far as the benchmark counts it. Differences between two readings are what counts. */

export interface Counters {
  /** Requests sent to the origin, background refreshes included. */
  readonly originRequests: number
  /** Answers from the store, fresh or stale. */
  readonly hits: number
  readonly misses: number
}

export async function readCounters(admin: string): Promise<Counters> {
  return parseCounters(await (await fetch(`${admin}/metrics`)).text())
}

/** Sums each metric over all of its labels; one that has not been counted yet is 0. */
export function parseCounters(exposition: string): Counters {
  const sums = new Map<string, number>()
  for (const [, name = '', value = ''] of exposition.matchAll(/^([a-z_]+)(?:\{[^\n]*\})? ([^\s]+)/gm)) {
    sums.set(name, (sums.get(name) ?? 0) + Number(value))
  }
  const sum = (name: string): number => sums.get(name) ?? 0
  return {
    originRequests: sum('origin_request_duration_seconds_count'),
    hits: sum('cache_hits_total') + sum('cache_stale_total'),
    misses: sum('cache_misses_total'),
  }
}

export function difference(before: Counters, after: Counters): Counters {
  return {
    originRequests: after.originRequests - before.originRequests,
    hits: after.hits - before.hits,
    misses: after.misses - before.misses,
  }
}

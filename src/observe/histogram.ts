/**
 * How long something took, in buckets of plain numbers. prom-client's own histogram hashes its labels and allocates on every observation,
 * which costs more than a hit does; this one adds to an array, and is turned into Prometheus' form only when somebody asks.
 */

/** Upper bounds in seconds, from a hit out of memory to an origin that gives up. What is above the last one counts in `+Inf` alone. */
export const bounds: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
]

export class Histogram {
  /** How many fell into each bucket, not cumulated; the last one is above every bound. */
  readonly buckets: number[] = new Array<number>(bounds.length + 1).fill(0)
  count = 0
  /** In seconds. */
  sum = 0

  /** `duration` in seconds; one that makes no sense (a clock that went back) counts as nothing, not as a gap in the sum. */
  observe(duration: number): void {
    const seconds = duration > 0 ? duration : 0
    let bucket = 0
    // A hit ends in the first steps: the fast path is at the small end.
    while (bucket < bounds.length && seconds > bounds[bucket]!) bucket++
    this.buckets[bucket]! += 1
    this.count += 1
    this.sum += seconds
  }

  reset(): void {
    this.buckets.fill(0)
    this.count = 0
    this.sum = 0
  }
}

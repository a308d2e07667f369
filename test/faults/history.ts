/**
 * What happened, as clients saw it, on one monotonic clock (milliseconds): each read with the versions it was shown, each write with the
 * version it made, and when an instance said that everything it had queued was made good.
 */

export interface ReadRecord {
  readonly kind: 'read'
  readonly start: number
  readonly end: number
  readonly resource: string
  /** The process that answered. One that was started again is another one. */
  readonly instance: string
  /** Undefined: no whole answer came; `problem` says why. */
  readonly status: number | undefined
  readonly cacheStatus: string
  /** The version of each resource that the answer showed. */
  readonly seen: Readonly<Record<string, number>>
  readonly problem?: Problem
}

export interface WriteRecord {
  readonly kind: 'write'
  readonly start: number
  readonly end: number
  readonly id: string
  readonly resource: string
  readonly instance: string
  readonly status: number | undefined
  /** `queued` where the answer said so. */
  readonly purge: string | undefined
  readonly problem?: Problem
}

export interface Problem {
  readonly kind: 'crossed' | 'corrupt' | 'broken'
  readonly what: string
}

/** What the origin did with a write: how often it came, and the version it made, if it was committed. */
export interface Outcome {
  readonly arrivals: number
  readonly version: number | undefined
}

export interface History {
  readonly reads: readonly ReadRecord[]
  readonly writes: readonly WriteRecord[]
  /** By write id. */
  readonly outcomes: ReadonlyMap<string, Outcome>
  /** When the instance, asked after `at`, had said that it trusts the ledger; undefined: never. */
  trustedAfter(instance: string, at: number): number | undefined
}

export function isHit({ cacheStatus }: Pick<ReadRecord, 'cacheStatus'>): boolean {
  return /(?:^|, )springhouse; hit/.test(cacheStatus)
}

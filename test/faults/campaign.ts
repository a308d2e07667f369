/** One fault, from a fresh fleet to a verdict: warm up, inject, let it last, heal, see how long it takes to be well again, and judge it all. */
import { check, type Violation } from './checker.ts'
import type { Fault } from './fault.ts'
import { type Fleet, startFleet } from './fleet.ts'
import { isHit, type ReadRecord, type WriteRecord } from './history.ts'
import type { Instance } from './instance.ts'
import { residentMemory } from './watch.ts'

export interface Row {
  readonly fault: string
  readonly requests: number
  readonly errors: readonly Violation[]
  /** Old beyond the bound, mixed up, broken, doubled or lost. */
  readonly wrong: readonly Violation[]
  /** The longest that somebody was shown what was older than an acknowledged write, in milliseconds. */
  readonly lag: number
  /** Of requests that were under way during the fault, in milliseconds. */
  readonly p99: number
  /** From the end of the fault until each instance trusts the ledger and has answered from its store; undefined: never. */
  readonly recovery: number | undefined
  /** Requests to the origin during the fault, per second. */
  readonly originRate: number
  /** MiB by which the instance that grew most has grown. */
  readonly growth: number
  /** What broke the run itself, if anything did. */
  readonly trouble?: string
}

export const limits = {
  /** Of an instance that cannot reach Redis (the lease); 250 ms otherwise. A tick's own length is granted. */
  elsewhere: 2100,
  /** The owner of an intent is silent for 2 s, somebody's tick completes it, and the others learn of it. */
  unanswered: 4600,
  recovery: 2000,
  growth: 96,
} as const

/** How long clients go on when everybody is well again. What is old is looked for once more after them, beyond every bound. */
const aftermath = 500

/** Of one fault, whatever hangs: many times what the longest takes. */
const patience = 150_000

export async function runFault(fault: Fault, seed: number): Promise<Row> {
  const fleet = await startFleet({ seed, ...fault.fleet })
  const deadline = Promise.withResolvers<never>()
  const timer = setTimeout(() => deadline.reject(new Error(`Not over after ${patience / 1000} s`)), patience)
  try {
    return await Promise.race([runOn(fleet, fault), deadline.promise])
  } finally {
    clearTimeout(timer)
    await fleet.stop()
  }
}

async function runOn(fleet: Fleet, fault: Fault): Promise<Row> {
  const { load, origin } = fleet
  await warmUp(fleet)
  await fault.arrange?.(fleet)
  const before = memoryOf(fleet)
  const [began, requestsBefore] = [performance.now(), origin.requests]
  await fault.inject(fleet)
  await load.lasts(fault.lasts)
  const originRate = (origin.requests - requestsBefore) / ((performance.now() - began) / 1000)
  await fault.heal(fleet)
  const healed = performance.now()
  const trouble = await load
    .until('everybody to be well again', () => recoveryOf(fleet, healed) !== undefined, 10_000)
    .then(
      () => undefined,
      (error: Error) => error.message,
    )
  const recovery = recoveryOf(fleet, healed)
  await load.lasts(aftermath)
  await load.stopWriting()
  await load.lasts(limits.elsewhere)
  await load.sweep()
  await load.stop()
  const growth = Math.max(...memoryOf(fleet).map((memory, i) => (before[i] === 0 ? 0 : memory - (before[i] ?? 0))))
  const { violations, longestLag } = check(fleet.history(), { ...limits, isStrict }, isExcusedIn(fleet, fault))
  return {
    fault: fault.name,
    requests: load.reads.length + load.writes.length,
    errors: violations.filter(({ kind }) => kind === 'error'),
    wrong: violations.filter(({ kind }) => kind !== 'error'),
    lag: longestLag,
    p99: percentile(overlapping(load, began, healed), 0.99),
    recovery,
    originRate,
    growth,
    ...(trouble === undefined ? {} : { trouble }),
  }
}

/** Every instance has answered from its store, and the code is as fast as it gets. */
async function warmUp(fleet: Fleet): Promise<void> {
  const { load } = fleet
  await load.until('hits everywhere', () => recoveryOf(fleet, 0) !== undefined, 20_000)
  await load.sweep()
  await load.lasts(500)
}

/** From `healed` to the last instance's first hit under a ledger that it trusts. */
function recoveryOf({ instances, load, watch }: Fleet, healed: number): number | undefined {
  let last = healed
  for (const { name } of instances) {
    const trusted = watch.trustedAfter(name, healed)
    if (trusted === undefined) return undefined
    const hit = load.reads.find((read) => read.instance === name && read.start >= healed && read.end >= trusted && isHit(read))
    if (hit === undefined) return undefined
    last = Math.max(last, hit.end)
  }
  return last - healed
}

/** As `rules.ts` has it. */
function isStrict(resource: string): boolean {
  return resource.startsWith('strict:')
}

/** A request that a killed process took with it, and what the fault owes. */
function isExcusedIn({ instances }: Fleet, fault: Fault): (record: ReadRecord | WriteRecord) => boolean {
  return (record) => {
    const instance = instances[Number.parseInt(record.instance, 10)] as Instance
    const isTakenAlong =
      fault.fleet?.isReadinessHeeded !== true && instance.outages.some(([from, to]) => record.start <= to && record.end >= from)
    return isTakenAlong || fault.mayFail?.(record) === true
  }
}

function memoryOf({ instances }: Fleet): number[] {
  return instances.map(({ pid }) => residentMemory(pid))
}

function overlapping({ reads, writes }: Fleet['load'], from: number, to: number): number[] {
  return [...reads, ...writes].filter(({ start, end }) => end >= from && start <= to).map(({ start, end }) => end - start)
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
}

/**
 * Judges a history. The rule is one: from the moment a write is due at an instance, no read that starts there shows anything older. Due at
 * once in the process that acknowledged it; elsewhere a bound later; a queued one from when that process says that it was made good; one whose
 * outcome nobody was told, after the time that an intent takes. The rest is judged record by record.
 */
import type { History, ReadRecord, WriteRecord } from './history.ts'

export interface Bounds {
  /** Milliseconds after its acknowledgement in which another instance may still show what was before a write. */
  readonly elsewhere: number
  /** Resources of which every read asks the ledger (`consistency: strict`): due everywhere at once. */
  readonly isStrict: (resource: string) => boolean
  /** As long, for everybody, of a committed write whose writer was never answered. */
  readonly unanswered: number
}

export interface Violation {
  /** `reappeared`: older than what this instance had shown itself, after the write of that was due. */
  readonly kind: 'old' | 'reappeared' | 'crossed' | 'corrupt' | 'doubled' | 'lost' | 'error'
  readonly what: string
  readonly record: ReadRecord | WriteRecord
}

export interface Verdict {
  readonly violations: readonly Violation[]
  /** The longest that an instance showed what was older than an acknowledged write, within its bound or not (milliseconds). */
  readonly longestLag: number
}

interface Committed {
  readonly write: WriteRecord
  readonly version: number
}

/** `isExcused`: whether a client error is the fault's own doing, as of a process that was killed. */
export function check(
  history: History,
  bounds: Bounds,
  isExcused: (record: ReadRecord | WriteRecord) => boolean = () => false,
): Verdict {
  const committed = byResource(history)
  const violations: Violation[] = []
  let longestLag = 0
  for (const read of history.reads) {
    violations.push(...problemsOf(read, isExcused))
    for (const [resource, version] of Object.entries(read.seen)) {
      for (const newer of committed.get(resource) ?? []) {
        if (newer.version <= version) continue
        const due = dueAt(newer.write, read.instance, { history, bounds })
        if (isAnswered(newer.write)) longestLag = Math.max(longestLag, read.start - newer.write.end)
        if (read.start <= due) continue
        violations.push({ kind: 'old', what: describe(read, { resource, version, newer, due }), record: read })
        break
      }
    }
  }
  violations.push(...reappearances(history, committed, bounds))
  for (const write of history.writes) violations.push(...problemsOf(write, isExcused), ...deliveryOf(write, history))
  return { violations, longestLag }
}

function byResource({ writes, outcomes }: History): Map<string, Committed[]> {
  const committed = new Map<string, Committed[]>()
  for (const write of writes) {
    const version = outcomes.get(write.id)?.version
    if (version === undefined) continue
    const list = committed.get(write.resource)
    if (list === undefined) committed.set(write.resource, [{ write, version }])
    else list.push({ write, version })
  }
  return committed
}

interface Judging {
  readonly history: History
  readonly bounds: Bounds
}

function dueAt(write: WriteRecord, instance: string, { history, bounds }: Judging): number {
  if (!isAnswered(write)) return write.end + bounds.unanswered
  if (write.instance === instance) return write.end
  const elsewhere = bounds.isStrict(write.resource) ? 0 : bounds.elsewhere
  if (write.purge !== 'queued') return write.end + elsewhere
  const replayed = history.trustedAfter(write.instance, write.end)
  return replayed === undefined ? Number.POSITIVE_INFINITY : replayed + elsewhere
}

/** An error counts: what may have been committed is purged before the writer is told. */
function isAnswered({ status }: WriteRecord): boolean {
  return status !== undefined
}

/** Covers the writes of which the other rule is lenient: once an instance has shown one, its being due is all that is left to wait for. */
function reappearances(history: History, committed: Map<string, Committed[]>, bounds: Bounds): Violation[] {
  const shown = new Map<string, { readonly version: number; readonly from: number }>()
  const violations: Violation[] = []
  for (const read of history.reads.toSorted((one, other) => one.end - other.end)) {
    for (const [resource, version] of Object.entries(read.seen)) {
      const name = `${read.instance} ${resource}`
      const best = shown.get(name)
      if (best !== undefined && version < best.version && read.start > best.from) {
        violations.push({ kind: 'reappeared', what: `${resource} ${version} after ${best.version}`, record: read })
      }
      if (best !== undefined && version <= best.version) continue
      const write = committed.get(resource)?.find((one) => one.version === version)?.write
      const ended = write === undefined ? read.end : Math.max(read.end, write.end)
      shown.set(name, { version, from: ended + Math.max(bounds.elsewhere, bounds.unanswered) })
    }
  }
  return violations
}

function problemsOf(record: ReadRecord | WriteRecord, isExcused: (record: ReadRecord | WriteRecord) => boolean): Violation[] {
  const { problem, status } = record
  if (problem !== undefined && problem.kind !== 'broken') return [{ kind: problem.kind, what: problem.what, record }]
  const isError = problem !== undefined || status === undefined || status >= 400
  if (!isError || isExcused(record)) return []
  const { kind, resource, instance } = record
  const cacheStatus = kind === 'read' ? ` (${record.cacheStatus})` : ''
  return [{ kind: 'error', what: problem?.what ?? `${status} to a ${kind} of ${resource} by ${instance}${cacheStatus}`, record }]
}

/** A write is sent to the origin once; one that was answered well has been there. */
function deliveryOf(write: WriteRecord, { outcomes }: History): Violation[] {
  const { arrivals = 0, version } = outcomes.get(write.id) ?? {}
  if (arrivals > 1) return [{ kind: 'doubled', what: `${write.id} came ${arrivals} times`, record: write }]
  const isAccepted = write.status !== undefined && write.status < 400
  return isAccepted && version === undefined ? [{ kind: 'lost', what: write.id, record: write }] : []
}

interface Older {
  readonly resource: string
  readonly version: number
  readonly newer: Committed
  readonly due: number
}

function describe(read: ReadRecord, { resource, version, newer, due }: Older): string {
  const { write } = newer
  const age = `${Math.round(read.start - write.end)} ms after it ended, ${Math.round(read.start - due)} ms beyond the bound`
  const purge = write.purge === undefined ? '' : `, ${write.purge}`
  return `${resource} ${version} by ${read.instance} (${read.cacheStatus}), but ${newer.version} was written by ${write.instance} (${write.status ?? 'unanswered'}${purge}) ${age}`
}

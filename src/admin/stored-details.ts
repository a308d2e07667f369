/** What is stored under one key, for an operator's eyes: everything about it but its body, and no secret of the one it was fetched for. */
import { currentAge } from '../cache/age.ts'
import { redact } from '../observe/redact.ts'
import type { Shown } from './admin.ts'

/** Durations in seconds. Infinity, which JSON does not know, is "forever". */
export interface StoredDetails {
  readonly key: string
  readonly kind: 'entry'
  readonly rule: string
  readonly status: number
  readonly fields: Readonly<Record<string, unknown>>
  readonly storedAt: string
  readonly age: number
  readonly lifetime: number | 'forever'
  /** Where the lifetime comes from: the rule, or a field of the origin's. */
  readonly lifetimeFrom: string
  /** Freshness left; negative once it is stale. */
  readonly ttl: number | 'forever'
  readonly state: 'fresh' | 'stale' | 'purged' | 'purged softly'
  readonly labels: readonly string[]
  readonly vary: readonly string[]
  readonly bytes: number
  /** As it lies in the store, compressed or not. */
  readonly bytesAtRest: number
}

export interface VariantsDetails {
  readonly key: string
  readonly kind: 'variants'
  /** The sets of request fields by which the answers differ. */
  readonly selectors: ReadonlyArray<readonly string[]>
}

export function detailsOf(shown: Shown): StoredDetails | VariantsDetails {
  if (shown.kind === 'variants') return { key: shown.key, kind: 'variants', selectors: shown.selectors }
  const { key, entry, lifetime, now } = shown
  const age = currentAge(entry, now)
  const ttl = lifetime.fresh - age
  return {
    key,
    kind: 'entry',
    rule: entry.rule,
    status: entry.status,
    fields: fieldsOf(entry.fields),
    storedAt: new Date(entry.responseTime).toISOString(),
    age: rounded(age),
    lifetime: finite(lifetime.fresh),
    lifetimeFrom: lifetime.source,
    ttl: finite(ttl),
    state: stateOf(shown, ttl),
    labels: entry.labels,
    vary: entry.vary,
    bytes: entry.bodyLength,
    bytesAtRest: entry.body.byteLength,
  }
}

function stateOf({ validity }: Extract<Shown, { kind: 'entry' }>, ttl: number): StoredDetails['state'] {
  if (validity.kind === 'purged') return 'purged'
  if (validity.kind === 'expired') return 'purged softly'
  return ttl > 0 ? 'fresh' : 'stale'
}

/** By name in lower case; a field that came in several lines is a list. */
function fieldsOf(fields: readonly string[]): Readonly<Record<string, unknown>> {
  const lines = new Map<string, string[]>()
  for (let i = 0; i < fields.length; i += 2) {
    const name = (fields[i] as string).toLowerCase()
    lines.set(name, [...(lines.get(name) ?? []), fields[i + 1] as string])
  }
  const members = [...lines].map(([name, values]) => [name, values.length === 1 ? values[0] : values])
  return redact(Object.fromEntries(members)) as Readonly<Record<string, unknown>>
}

function finite(duration: number): number | 'forever' {
  return duration === Number.POSITIVE_INFINITY ? 'forever' : rounded(duration)
}

function rounded(duration: number): number {
  return Math.round(duration * 10) / 10
}

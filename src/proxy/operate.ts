/** What an operator can do to a running cache: purge, list, look at one entry. The same labels and comparisons as everywhere else. */
import { currentAge } from '../cache/age.ts'
import type { Entry } from '../cache/entry.ts'
import { allLabel, type Label } from '../cache/label.ts'
import { judge, type Validity } from '../cache/validity.ts'
import type { Fields } from '../http/fields.ts'
import type { RuleSet } from '../rules/rule.ts'
import { labelsForKey, labelsForPattern, labelsForRule, labelsForTag, labelsForUrl } from '../rules/trigger.ts'
import { elapsed } from '../time.ts'
import type { Parts } from './parts.ts'
import { purge } from './purge.ts'

/** What to purge, in the operator's words. Several at once are one purge. */
export interface PurgeOrder {
  readonly keys: readonly string[]
  readonly patterns: readonly string[]
  readonly tags: readonly string[]
  readonly rules: readonly string[]
  readonly urls: readonly string[]
  readonly isAll: boolean
  readonly isSoft: boolean
  /** Names the labels, purges nothing. */
  readonly isDryRun: boolean
}

export type PurgeReply =
  | { readonly kind: 'done'; readonly number: number | undefined; readonly labels: readonly Label[] }
  | { readonly kind: 'dry-run'; readonly labels: readonly Label[] }
  | { readonly kind: 'queued'; readonly waiting: number; readonly labels: readonly Label[] }
  /** Nothing was purged: what is wrong, and what to write. */
  | { readonly kind: 'refused'; readonly what: string; readonly fix: string }

export async function purgeAsOrdered(parts: Parts, order: PurgeOrder): Promise<PurgeReply> {
  const { set } = parts.inForce()
  const labels = new Set<Label>(order.isAll ? [allLabel] : [])
  for (const key of order.keys) for (const label of labelsForKey(withoutPrefix(key, set))) labels.add(label)
  for (const pattern of order.patterns) for (const label of labelsForPattern(withoutPrefix(pattern, set), set)) labels.add(label)
  for (const tag of order.tags) for (const label of labelsForTag(tag, set)) labels.add(label)
  for (const rule of order.rules) {
    if (!set.rules.some(({ name }) => name === rule)) {
      return {
        kind: 'refused',
        what: `No rule is called "${rule}"`,
        fix: `Write one of: ${set.rules.map(({ name }) => name).join(', ')}`,
      }
    }
    for (const label of labelsForRule(rule)) labels.add(label)
  }
  for (const url of order.urls) {
    const made = labelsForUrl(url, parts.settings.originHost === 'keep' ? '' : parts.settings.originHost)
    const isHostMissing = url.startsWith('/') && parts.settings.originHost === 'keep'
    if (made === undefined || isHostMissing) {
      return {
        kind: 'refused',
        what: `Not a URL that can be purged: "${url}"`,
        fix: 'Write it as clients do, with the host: http://host/path',
      }
    }
    for (const label of made) labels.add(label)
  }
  if (order.isDryRun) return { kind: 'dry-run', labels: [...labels] }
  const work = order.isSoft ? { hard: none, soft: labels } : { hard: labels, soft: none }
  const result = await purge(parts, { ...work, causes: ['admin'], widened: 0 })
  return { ...result, labels: [...labels] }
}

const none: ReadonlySet<Label> = new Set()

/** Keys are listed with the prefix and with what was appended; a purge takes them without either. */
function withoutPrefix(key: string, set: RuleSet): string {
  const bare = key.startsWith(`${set.prefix}:`) ? key.slice(set.prefix.length + 1) : key
  const appended = bare.search(/(?<!\|)\|[a-z]=/)
  return appended < 0 ? bare : bare.slice(0, appended)
}

/** One stored response as an operator sees it. */
export interface Shown {
  readonly key: string
  readonly kind: 'entry' | 'variants'
  readonly rule?: string
  readonly status?: number
  readonly fields?: Fields
  readonly bodyBytes?: number
  readonly storedBytes?: number
  readonly ageSeconds?: number
  readonly storedSecondsAgo?: number
  /** Undefined: forever. */
  readonly lifetimeSeconds?: number | undefined
  readonly ttlSeconds?: number | undefined
  readonly lifetimeSource?: string
  readonly labels?: readonly Label[]
  readonly validity?: Validity['kind'] | 'unknown'
  readonly number?: number
  readonly epoch?: string
  readonly vary?: readonly string[]
  /** Field sets that select among the variants of a key whose answers vary. */
  readonly selectors?: ReadonlyArray<readonly string[]>
}

/** `key` as listed, with or without the prefix. */
export async function showKey(parts: Parts, key: string): Promise<Shown | undefined> {
  const { set } = parts.inForce()
  const full = key.startsWith(`${set.prefix}:`) ? key : `${set.prefix}:${key}`
  const stored = await parts.store.get(full)
  if (stored === undefined) return undefined
  if (stored.kind === 'variants') return { key: full, kind: 'variants', selectors: stored.selectors }
  const { entry } = stored
  const reading = await parts.ledger.read(entry.labels)
  return {
    key: full,
    kind: 'entry',
    ...shownEntry(parts, entry),
    validity: reading === undefined ? 'unknown' : judge(entry.stamp, entry.labels, reading).kind,
  }
}

function shownEntry(parts: Parts, entry: Entry): Omit<Shown, 'key' | 'kind'> {
  const inForce = parts.inForce()
  const now = parts.clock.now()
  const policy = inForce.set.rules.find(({ name }) => name === entry.rule)?.cache?.policy ?? inForce.set.rfc
  const lifetime = inForce.lifetimeOf(entry, policy)
  const age = currentAge(entry, now)
  const isForever = lifetime.fresh === Number.POSITIVE_INFINITY
  return {
    rule: entry.rule,
    status: entry.status,
    fields: entry.fields,
    bodyBytes: entry.bodyLength,
    storedBytes: entry.body.length,
    ageSeconds: Math.floor(age),
    storedSecondsAgo: Math.floor(elapsed(entry.responseTime, now)),
    lifetimeSeconds: isForever ? undefined : lifetime.fresh,
    ttlSeconds: isForever ? undefined : Math.floor(lifetime.fresh - age),
    lifetimeSource: lifetime.source,
    labels: entry.labels,
    number: entry.stamp.number,
    epoch: entry.stamp.epoch,
    vary: entry.vary,
  }
}

/** One page of keys that match a glob of `*`, over keys as listed. */
export async function listKeys(
  parts: Parts,
  page: { readonly match: string; readonly cursor: string; readonly count: number },
): Promise<{ readonly keys: readonly string[]; readonly cursor: string | undefined }> {
  const { prefix } = parts.inForce().set
  const listed = await parts.store.list(
    page.match.startsWith(`${prefix}:`) ? page.match : `${prefix}:${page.match}`,
    page.cursor,
    page.count,
  )
  return { keys: listed.keys.filter((key) => !key.startsWith(`${prefix}:{`)), cursor: listed.cursor }
}

/** The operator's requests carried out on the running parts: the same labels and comparisons that requests meet. */
import { judge } from '../cache/validity.ts'
import type { Metrics } from '../observe/metrics.ts'
import { explain } from '../proxy/explain.ts'
import type { Parts } from '../proxy/parts.ts'
import { purge } from '../proxy/purge.ts'
import type { Admin, KeyPage, PageRequest, Shown } from './admin.ts'
import { labelsOfOrder, type PurgeOrder } from './purge-order.ts'

export interface Operated {
  readonly parts: Parts
  readonly metrics: Metrics
  readonly health: Admin['health']
  readonly defaultHost: () => string
}

export function createOperator({ parts, metrics, health, defaultHost }: Operated): Admin {
  const labelsOf = (order: PurgeOrder): string[] => labelsOfOrder(order, parts.inForce().set, defaultHost())
  return {
    metrics,
    health,
    defaultHost,
    rules: () => parts.inForce().set,
    explain: (request) => explain(parts, request),
    list: (match, page) => list(parts, match, page),
    show: (key) => show(parts, key),
    async purge(order) {
      const labels = labelsOf(order)
      const named = new Set(labels)
      const kinds = order.kind === 'hard' ? { hard: named, soft: none } : { hard: none, soft: named }
      return { labels, result: await purge(parts, { ...kinds, causes: ['admin'], widened: 0 }) }
    },
    async preview(order, page) {
      const labels = labelsOf(order)
      const wanted = new Set(labels)
      const all = await list(parts, '*', page)
      const reached = await Promise.all(all.keys.map(async (key) => ((await isReached(parts, key, wanted)) ? [key] : [])))
      return { labels, keys: reached.flat(), cursor: all.cursor }
    },
  }
}

const none: ReadonlySet<string> = new Set()

async function isReached(parts: Parts, key: string, labels: ReadonlySet<string>): Promise<boolean> {
  const stored = await parts.store.get(fullKey(parts, key))
  return stored?.kind === 'entry' && stored.entry.labels.some((label) => labels.has(label))
}

async function list(parts: Parts, match: string, page: PageRequest): Promise<KeyPage> {
  const prefix = fullKey(parts, '')
  const { keys, cursor } = await parts.store.list(`${prefix}${match}`, page.cursor, page.count)
  // The ledger's own key lies beside the entries; "{" never begins an entry's key.
  return { keys: keys.map((key) => key.slice(prefix.length)).filter((key) => !key.startsWith('{')), cursor }
}

async function show(parts: Parts, key: string): Promise<Shown | undefined> {
  const stored = await parts.store.get(fullKey(parts, key))
  if (stored === undefined) return undefined
  if (stored.kind === 'variants') return { kind: 'variants', key, selectors: stored.selectors }
  const { entry } = stored
  const { set, lifetimeOf } = parts.inForce()
  const reading = await parts.ledger.read(entry.labels)
  const policy = set.rules.find(({ name }) => name === entry.rule)?.cache?.policy ?? set.rfc
  return {
    kind: 'entry',
    key,
    entry,
    // A ledger that cannot be read proves nothing: such an entry is not used either.
    validity: reading === undefined ? { kind: 'purged' } : judge(entry.stamp, entry.labels, reading),
    lifetime: lifetimeOf(entry, policy),
    now: parts.clock.now(),
  }
}

function fullKey(parts: Parts, key: string): string {
  return `${parts.inForce().set.prefix}:${key}`
}

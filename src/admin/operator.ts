/** The operator's requests carried out on the running parts: the same labels and comparisons that requests meet. */
import type { Metrics } from '../observe/metrics.ts'
import { adminCause } from '../observe/tally.ts'
import { explain } from '../proxy/explain.ts'
import { judgeAgain } from '../proxy/look.ts'
import type { Parts } from '../proxy/parts.ts'
import { purge } from '../proxy/purge.ts'
import { isLoopback } from '../settings/agreement.ts'
import type { Admin, KeyPage, PageRequest, Shown } from './admin.ts'
import { labelsOfOrder, type PurgeOrder } from './purge-order.ts'

export interface Operated {
  readonly parts: Parts
  readonly metrics: Metrics
  readonly health: Admin['health']
  readonly defaultHost: () => string
}

export function createOperator({ parts, metrics, health, defaultHost }: Operated): Admin {
  const labelsOf = (order: PurgeOrder): string[] => {
    const hosts = { own: ownHosts(defaultHost()), origin: parts.settings.originHost }
    return labelsOfOrder(order, parts.inForce().set, hosts)
  }
  return {
    metrics: {
      contentType: metrics.contentType,
      exposition: () => metrics.exposition(),
      summary: async () => metrics.summary(),
      reset: async () => metrics.reset(),
    },
    health,
    defaultHost: () => ownHosts(defaultHost())[0] as string,
    rules: () => parts.inForce().set,
    explain: (request) => explain(parts, request),
    list: (match, page) => list(parts, match, page),
    show: (key) => show(parts, key),
    async purge(order) {
      const labels = labelsOf(order)
      const named = new Set(labels)
      const kinds = order.kind === 'hard' ? { hard: named, soft: none } : { hard: none, soft: named }
      return { labels, result: await purge(parts, { ...kinds, causes: [adminCause], widened: 0 }) }
    },
    async preview(order, page) {
      const labels = labelsOf(order)
      const { keys, cursor } = await list(parts, '*', page)
      return { labels, keys: await reached(parts, keys, new Set(labels)), cursor }
    },
  }
}

const none: ReadonlySet<string> = new Set()

/**
 * What clients may call a proxy that listens at `host` (with port): on loopback and everywhere it goes by both names of this machine. The first is
 * the likeliest.
 */
export function ownHosts(host: string): string[] {
  const [, name = host, port = ''] = /^(.*?)(:\d+)?$/.exec(host) ?? []
  const isAny = name === '0.0.0.0' || name === '[::]'
  if (!isAny && !isLoopback(name.replace(/^\[(.*)\]$/, '$1'))) return [host]
  return [...new Set([`localhost${port}`, `127.0.0.1${port}`, ...(isAny ? [] : [host])])]
}

/** Entries come with their bodies: a page of them is read in parts, so that listing cannot fill the memory. */
const readAtOnce = 16

async function reached(parts: Parts, keys: readonly string[], labels: ReadonlySet<string>): Promise<string[]> {
  const found: string[] = []
  for (let i = 0; i < keys.length; i += readAtOnce) {
    const some = keys.slice(i, i + readAtOnce)
    const isFound = await Promise.all(some.map((key) => isReached(parts, key, labels)))
    found.push(...some.filter((_, place) => isFound[place]))
  }
  return found
}

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
  const { set, label, lifetimeOf } = parts.inForce()
  const validity = await judgeAgain(parts, entry, false)
  const policy = set.rules.find(({ name }) => name === entry.rule)?.cache?.policy ?? set.rfc
  return {
    kind: 'entry',
    key,
    entry,
    // What other rules made is not used.
    validity: entry.labels.includes(label) ? validity : { kind: 'purged' },
    lifetime: lifetimeOf(entry, policy),
    now: parts.clock.now(),
  }
}

function fullKey(parts: Parts, key: string): string {
  return `${parts.inForce().set.prefix}:${key}`
}

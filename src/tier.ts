/**
 * Where entries and numbers are kept: in this process alone, or in one Redis that instances share, with memory in front of it. Their troubles
 * become one line for each change of state.
 */
import { setFlagsFromString } from 'node:v8'
import type { Label } from './cache/label.ts'
import type { LedgerEvent } from './ledger/event.ts'
import { openFleetLedger } from './ledger/fleet.ts'
import { type Journal, openJournal } from './ledger/journal.ts'
import type { LocalLedger } from './ledger/ledger.ts'
import { MemoryLedger } from './ledger/memory.ts'
import { type HubChannel, openSiblingLedger } from './ledger/siblings.ts'
import type { Log } from './observe/log.ts'
import type { Parts } from './proxy/parts.ts'
import type { RedisUse } from './redis/client.ts'
import { connectRedis, type RedisConnection } from './redis/connection.ts'
import { missingRights } from './redis/rights.ts'
import { describeTarget } from './redis/target.ts'
import { reportWhole } from './redis/whole.ts'
import type { RedisSettings, Settings } from './settings/settings.ts'
import { MemoryStore } from './store/memory.ts'
import { RedisStore } from './store/redis.ts'
import type { Store, StoreStatus } from './store/store.ts'
import { TieredStore } from './store/tiered.ts'
import { RedisTurns } from './store/turns.ts'
import { type Clock, type Milliseconds, milliseconds, systemClock, toSeconds } from './time.ts'

/** Where entries and numbers are kept, and how to leave it. */
export interface Tier extends Pick<Parts, 'store' | 'ledger' | 'local' | 'isShared' | 'turns'> {
  readonly kind: 'memory' | 'redis'
  /** Bodies above so many bytes are compressed before they are put. */
  readonly compressAbove: number
  /** Other rules are in force than those whose label is `before`. */
  rulesChanged(before: Label): void
  /** How each store stands, nearest first. */
  statuses(): readonly StoreStatus[]
  close(): Promise<void>
}

/** A tier but for what has to be opened and closed beside it. */
export type TieredTier = Omit<Tier, 'kind' | 'turns' | 'rulesChanged' | 'close'>

export interface TierOptions {
  readonly settings: Settings
  readonly prefix: string
  /** The label of the rules in force. */
  readonly rules: () => Label
  readonly clock: Clock
  readonly log: Log
  /** Where the processes that share this one's port meet, if there are any. */
  readonly hub?: HubChannel | undefined
}

export function openTier(options: TierOptions): Promise<Tier> {
  return options.settings.redis === undefined ? openMemoryTier(options) : openRedisTier(options, options.settings.redis)
}

/**
 * Left alone, V8 lets its heap grow to several times what is alive before it collects, on top of what the store was allowed to take. That is
 * fast, and harmless while the store is small; as it fills, the process is held near its limit.
 */
function holdHeap(): void {
  setFlagsFromString('--heap-growing-percent=30')
}

async function openMemoryTier({ settings, clock, log, hub }: TierOptions): Promise<Tier> {
  const common = { clock, report: (event: LedgerEvent) => reportLedger(log, event) }
  const ledger = hub === undefined ? new MemoryLedger(common) : await openSiblingLedger({ ...common, channel: hub })
  const store = new MemoryStore({ clock, limit: settings.store.memoryLimit, halfFull: holdHeap })
  const compressAbove = noneAsInfinite(settings.store.memoryCompressAbove)
  const close = async (): Promise<void> => {
    await Promise.all([store.close(), ledger.close()])
  }
  return {
    kind: 'memory',
    store,
    ledger,
    local: { store, ledger },
    isShared: false,
    turns: undefined,
    compressAbove,
    statuses: () => [store.status()],
    // What these rules purge does not name what those made, and they may come back.
    rulesChanged: (before) => void ledger.purge([before], 'hard'),
    close,
  }
}

/**
 * Three connections, for what must not wait for one another: entries, among them bodies; the ledger, on whose ticks the lease depends; and the
 * stream, which blocks.
 */
async function openRedisTier(options: TierOptions, redis: RedisSettings): Promise<Tier> {
  const { settings, prefix, clock, log, rules } = options
  const connections = await connectAll(redis, log)
  const { entries } = connections
  const missing = await missingRights(entries, prefix)
  if (missing.length > 0) log.event('error', 'redis-rights-missing', { missing })
  const { detachedTtl, minReplicas } = redis
  const ledger = await openFleetLedger({
    connections,
    prefix,
    // Redis keeps the real time, and who else ticks there does: the lease is of that, whatever the entries' ages are computed from.
    clock: { ...systemClock, now: () => clock.now() },
    journal: await openTierJournal(settings.dataDir, log),
    detachedTtl,
    minReplicas,
    rules,
    report: (event) => reportLedger(log, event),
  })
  const shared = new RedisStore({
    connection: entries,
    report: (event) => {
      if (event.kind === 'undecodable') log.event('warn', 'undecodable', { key: event.key })
      else log.event('debug', 'store-failed', { operation: event.operation, cause: event.cause })
    },
  })
  const tiered = openTieredStore({ settings, clock, shared, ledger, detachedTtl })
  // A timeout of 0 means none.
  const longest = milliseconds(settings.origin.totalTimeout || Number.POSITIVE_INFINITY)
  const turns = new RedisTurns({ connection: entries, prefix, clock, longest })
  const close = async (): Promise<void> => {
    await ledger.close()
    await tiered.store.close()
    for (const connection of Object.values(connections)) connection.close()
  }
  return { kind: 'redis', ...tiered, turns, rulesChanged: () => ledger.reregister(), close }
}

async function connectAll(redis: RedisSettings, log: Log): Promise<Record<'entries' | 'ledger' | 'stream', RedisConnection>> {
  const { target, connectTimeout, commandTimeout } = redis
  const join = reportWhole(({ state, cause, node }) => {
    log.reportChange(node === undefined ? 'redis' : `redis ${node}`, state, { cause })
  })
  const connect = (use: RedisUse): Promise<RedisConnection> =>
    connectRedis({
      target,
      use,
      connectTimeout,
      commandTimeout,
      report: join(),
    })
  const [entries, ledger, stream] = await Promise.all([connect('entries'), connect('ledger'), connect('stream')])
  // A connection that never was has no change of state to report.
  if (entries.state !== 'ready') log.reportChange('redis', entries.state, { where: describeTarget(target) })
  return { entries, ledger, stream }
}

function openTierJournal(folder: string | undefined, log: Log): Promise<Journal> {
  return openJournal({ folder, report: ({ kind, cause }) => log.event('error', kind, { cause, folder }) })
}

export interface TieredOptions extends Pick<TierOptions, 'settings' | 'clock'> {
  readonly shared: Store
  /** Says under which epoch instances share entries, and whether this one may. */
  readonly ledger: LocalLedger
  /** How long what is fetched by this process on its own is kept. */
  readonly detachedTtl: Milliseconds
}

/** Memory in front of a store that instances share. */
export function openTieredStore({ settings, clock, shared, ledger, detachedTtl }: TieredOptions): TieredTier {
  const { memoryLimit, compressAbove, memoryCompressAbove } = settings.store
  const memory = new MemoryStore({ clock, limit: memoryLimit, halfFull: holdHeap })
  const store = new TieredStore({
    memory,
    shared,
    sharedEpoch: () => (ledger.isAttached ? ledger.stampNow().epoch : undefined),
    detachedTtl: toSeconds(detachedTtl),
    compressAbove: noneAsInfinite(compressAbove),
    memoryCompressAbove: noneAsInfinite(memoryCompressAbove),
  })
  return {
    store,
    ledger,
    local: { store: memory, ledger },
    isShared: true,
    // What memory keeps is put; the shared store's own form is made on the way there.
    compressAbove: noneAsInfinite(memoryCompressAbove),
    statuses: () => store.tiers(),
  }
}

/** Settings write "no limit" as 0. */
function noneAsInfinite(size: number): number {
  return size === 0 ? Number.POSITIVE_INFINITY : size
}

function reportLedger(log: Log, event: LedgerEvent): void {
  switch (event.kind) {
    case 'attached':
      log.reportChange('ledger', 'attached')
      break
    case 'detached':
      log.reportChange('ledger', 'detached', { cause: event.cause, waiting: event.waiting })
      break
    case 'epoch':
      log.event('warn', 'epoch', { epoch: event.epoch })
      break
    case 'folded':
      log.event('warn', 'ledger-folded', { labels: event.labels, age: event.age })
      break
    case 'all-silent':
      log.event('warn', 'all-silent', { fix: 'Redis was away from every instance, or the last one was killed: all was purged' })
      break
    case 'completed':
      log.event('info', 'intents-completed', { intents: event.intents })
  }
}

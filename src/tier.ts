/**
 * Where entries and numbers are kept: both in this process, or both in one Redis, over one connection so that what is asked of them together
 * leaves in one write. Their troubles become one line for each change of state.
 */
import { setFlagsFromString } from 'node:v8'
import type { LedgerEvent } from './ledger/event.ts'
import type { LocalLedger } from './ledger/ledger.ts'
import { MemoryLedger } from './ledger/memory.ts'
import { openRedisLedger } from './ledger/redis.ts'
import type { Log } from './observe/log.ts'
import type { Parts } from './proxy/parts.ts'
import { connectRedis, type RedisConnection } from './redis/connection.ts'
import { missingRights } from './redis/rights.ts'
import { describeTarget } from './redis/target.ts'
import type { RedisSettings, Settings } from './settings/settings.ts'
import { MemoryStore } from './store/memory.ts'
import { RedisStore } from './store/redis.ts'
import type { Store, StoreStatus } from './store/store.ts'
import { TieredStore } from './store/tiered.ts'
import { RedisTurns } from './store/turns.ts'
import { type Clock, type Milliseconds, milliseconds, toSeconds } from './time.ts'

/** Where entries and numbers are kept, and how to leave it. */
export interface Tier extends Pick<Parts, 'store' | 'ledger' | 'local' | 'isShared' | 'turns'> {
  readonly kind: 'memory' | 'redis'
  /** Bodies above so many bytes are compressed before they are put. */
  readonly compressAbove: number
  /** How each store stands, nearest first. */
  statuses(): readonly StoreStatus[]
  close(): Promise<void>
}

/** A tier but for what has to be opened and closed beside it. */
export type TieredTier = Omit<Tier, 'kind' | 'turns' | 'close'>

export interface TierOptions {
  readonly settings: Settings
  readonly prefix: string
  readonly clock: Clock
  readonly log: Log
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

async function openMemoryTier({ settings, clock, log }: TierOptions): Promise<Tier> {
  const ledger = new MemoryLedger({ clock, report: (event) => reportLedger(log, event) })
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
    close,
  }
}

async function openRedisTier({ settings, prefix, clock, log }: TierOptions, redis: RedisSettings): Promise<Tier> {
  const { target, connectTimeout, commandTimeout } = redis
  const connection: RedisConnection = await connectRedis({
    target,
    use: 'entries',
    connectTimeout,
    commandTimeout,
    report: ({ state, cause, node }) => log.reportChange(node === undefined ? 'redis' : `redis ${node}`, state, { cause }),
  })
  // A connection that never was has no change of state to report.
  if (connection.state !== 'ready') log.reportChange('redis', connection.state, { where: describeTarget(target) })
  const missing = await missingRights(connection, prefix)
  if (missing.length > 0) log.event('error', 'redis-rights-missing', { missing })
  const ledger = await openRedisLedger({ connection, prefix, clock, report: (event) => reportLedger(log, event) })
  const store = new RedisStore({
    connection,
    report: (event) => {
      if (event.kind === 'undecodable') log.event('warn', 'undecodable', { key: event.key })
      else log.event('debug', 'store-failed', { operation: event.operation, cause: event.cause })
    },
  })
  // A timeout of 0 means none.
  const longest = milliseconds(settings.origin.totalTimeout || Number.POSITIVE_INFINITY)
  const turns = new RedisTurns({ connection, prefix, clock, longest })
  const compressAbove = noneAsInfinite(settings.store.compressAbove)
  const close = async (): Promise<void> => {
    await ledger.close()
    await store.close()
    connection.close()
  }
  return {
    kind: 'redis',
    store,
    ledger,
    local: undefined,
    isShared: true,
    turns,
    compressAbove,
    statuses: () => [store.status()],
    close,
  }
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
    case 'trusted':
      log.reportChange('ledger', 'trusted')
      break
    case 'untrusted':
      log.reportChange('ledger', 'untrusted', { cause: event.cause, waiting: event.waiting })
      break
    case 'epoch':
      log.event('warn', 'epoch', { epoch: event.epoch })
      break
    case 'folded':
      log.event('warn', 'ledger-folded', { labels: event.labels, age: event.age })
  }
}

/**
 * Entries in Redis, shared by every instance: one value a key, with an expiry, under the keys as they come (they begin with the prefix). Reads of
 * one turn leave in one write, beside the ledger's. What a late command does here is harmless: whoever reads compares with the ledger.
 */
import type { Stored } from '../cache/entry.ts'
import type { RedisConnection } from '../redis/connection.ts'
import { type Seconds, toMilliseconds } from '../time.ts'
import { decode, encode } from './codec.ts'
import { redisPattern } from './glob.ts'
import { nextCursor, readCursor } from './scan-cursor.ts'
import { type KeepFor, type Store, type StoreStatus, timeIn } from './store.ts'

export interface RedisStoreOptions {
  readonly connection: RedisConnection
  readonly report?: (event: StoreEvent) => void
}

export type StoreOperation = 'get' | 'put' | 'renew' | 'delete' | 'list'

/** What an operator should hear of a store. */
export type StoreEvent =
  | { readonly kind: 'failed'; readonly operation: StoreOperation; readonly cause: string }
  | { readonly kind: 'undecodable'; readonly key: string }

export class RedisStore implements Store {
  readonly #connection: RedisConnection
  readonly #report: (event: StoreEvent) => void
  #undecodable = 0

  constructor(options: RedisStoreOptions) {
    this.#connection = options.connection
    this.#report = options.report ?? (() => {})
  }

  async get(key: string): Promise<Stored | undefined> {
    try {
      const value = await this.#connection.send((redis) => redis.getBuffer(key), key)
      if (value === null) return undefined
      const stored = decode(value)
      if (stored !== undefined) return stored
      this.#undecodable += 1
      this.#report({ kind: 'undecodable', key })
    } catch (error) {
      this.#failed('get', error)
    }
    return undefined
  }

  async put(key: string, stored: Stored, keep: KeepFor): Promise<boolean> {
    const keepFor = timeIn('shared', keep)
    if (!(keepFor > 0)) return false
    try {
      const value = encode(stored)
      const reply = await this.#connection.send((redis) => redis.set(key, value, 'PX', expiry(keepFor)), key)
      return reply === 'OK'
    } catch (error) {
      this.#failed('put', error)
      return false
    }
  }

  async renew(key: string, keepFor: KeepFor): Promise<void> {
    try {
      await this.#connection.send((redis) => redis.pexpire(key, expiry(timeIn('shared', keepFor)), 'GT'), key)
    } catch (error) {
      this.#failed('renew', error)
    }
  }

  async delete(key: string): Promise<boolean> {
    try {
      return (await this.#connection.send((redis) => redis.unlink(key), key)) > 0
    } catch (error) {
      this.#failed('delete', error)
      return false
    }
  }

  /** A page may hold fewer keys than `count`, or none, or one of another page: that is how Redis scans. Other types are not ours. */
  async list(match: string, cursor: string, count: number): Promise<{ keys: string[]; cursor: string | undefined }> {
    const members = this.#connection.members()
    const { member, at } = readCursor(cursor, members)
    if (member === undefined) return { keys: [], cursor: undefined }
    try {
      const [next, keys] = await this.#connection.sendTo(member, (node) =>
        node.scan(at, 'MATCH', redisPattern(match), 'COUNT', Math.min(Math.max(1, count), 1000), 'TYPE', 'string'),
      )
      return { keys, cursor: nextCursor(next, member, members) }
    } catch (error) {
      this.#failed('list', error)
      return { keys: [], cursor: undefined }
    }
  }

  status(): StoreStatus {
    return {
      kind: 'redis',
      isConnected: this.#connection.state === 'ready',
      keys: undefined,
      bytes: undefined,
      evictions: 0,
      undecodable: this.#undecodable,
    }
  }

  async close(): Promise<void> {}

  #failed(operation: StoreOperation, error: unknown): void {
    this.#report({ kind: 'failed', operation, cause: error instanceof Error ? error.message : String(error) })
  }
}

/** Whole milliseconds, at least one, at most what Redis adds to its clock without overflow. */
function expiry(keepFor: Seconds): number {
  return Math.min(Math.max(1, Math.ceil(toMilliseconds(keepFor))), 1e14)
}

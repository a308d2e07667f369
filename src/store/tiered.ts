/**
 * Memory in front of a store that all instances share. What is put lies in memory at once, for whoever asks in this process, before the shared
 * store is waited for. While this process is on its own (detached), and for entries of an epoch that is nobody else's, there is memory alone,
 * and that for a moment only. Whoever reads has looked into memory already: `get` asks the shared store first.
 */
import type { Stored } from '../cache/entry.ts'
import { type Seconds, seconds } from '../time.ts'
import { compress, decompress } from './compression.ts'
import { type KeepFor, type LocalStore, type Store, type StoreStatus, timeIn } from './store.ts'

export interface TieredStoreOptions {
  readonly memory: LocalStore
  readonly shared: Store
  /** The epoch under which instances share entries at this moment; undefined while this process is on its own. */
  readonly sharedEpoch: () => string | undefined
  /** What is not shared is kept no longer than this. */
  readonly detachedTtl: Seconds
  /** Bodies above so many bytes are compressed at rest in the shared store. */
  readonly compressAbove: number
  /** The same in memory: what comes from the shared store is had back from there in the form that memory keeps. */
  readonly memoryCompressAbove: number
}

export class TieredStore implements Store {
  readonly #memory: LocalStore
  readonly #shared: Store
  readonly #sharedEpoch: () => string | undefined
  readonly #detachedTtl: Seconds
  readonly #compressAbove: number
  readonly #memoryCompressAbove: number

  constructor(options: TieredStoreOptions) {
    this.#memory = options.memory
    this.#shared = options.shared
    this.#sharedEpoch = options.sharedEpoch
    this.#detachedTtl = options.detachedTtl
    this.#compressAbove = options.compressAbove
    this.#memoryCompressAbove = options.memoryCompressAbove
  }

  async get(key: string): Promise<Stored | undefined> {
    if (this.#sharedEpoch() === undefined) return this.#memory.peek(key)
    const stored = await this.#shared.get(key)
    const unpacked = stored && (await this.#unpacked(stored))
    return unpacked ?? this.#memory.peek(key)
  }

  /** True when either tier keeps it. */
  async put(key: string, stored: Stored, keepFor: KeepFor): Promise<boolean> {
    const isShared = this.#isShared(stored)
    const inMemory = timeIn('memory', keepFor)
    // Not awaited first: it lies there when this call returns.
    const isNear = this.#memory.put(key, stored, isShared ? inMemory : seconds(Math.min(inMemory, this.#detachedTtl)))
    if (!isShared) return isNear
    const isFar = await this.#shared.put(key, await this.#packed(stored), timeIn('shared', keepFor))
    return isFar || isNear
  }

  async renew(key: string, keepFor: KeepFor): Promise<void> {
    const near = this.#memory.renew(key, timeIn('memory', keepFor))
    if (this.#sharedEpoch() !== undefined) await this.#shared.renew(key, timeIn('shared', keepFor))
    await near
  }

  async delete(key: string): Promise<boolean> {
    const [isNear, isFar] = await Promise.all([this.#memory.delete(key), this.#shared.delete(key)])
    return isNear || isFar
  }

  list(...page: Parameters<Store['list']>): ReturnType<Store['list']> {
    return this.#shared.list(...page)
  }

  /** Of the shared store: the one that can be away. */
  status(): StoreStatus {
    return this.#shared.status()
  }

  /** Nearest first. */
  tiers(): readonly StoreStatus[] {
    return [this.#memory.status(), this.#shared.status()]
  }

  async close(): Promise<void> {
    await Promise.all([this.#memory.close(), this.#shared.close()])
  }

  /** An entry of another epoch is of no use to anybody else, and no business of theirs. */
  #isShared(stored: Stored): boolean {
    const epoch = this.#sharedEpoch()
    return epoch !== undefined && (stored.kind !== 'entry' || stored.entry.stamp.epoch === epoch)
  }

  async #packed(stored: Stored): Promise<Stored> {
    if (stored.kind !== 'entry' || stored.entry.atRest !== 'identity') return stored
    const { entry } = stored
    return { kind: 'entry', entry: { ...entry, ...(await compress(entry.body, entry.fields, this.#compressAbove)) } }
  }

  /** Undefined when the body cannot be had back. */
  async #unpacked(stored: Stored): Promise<Stored | undefined> {
    if (stored.kind !== 'entry' || stored.entry.atRest === 'identity') return stored
    const { entry } = stored
    if (entry.bodyLength > this.#memoryCompressAbove) return stored
    const body = await decompress(entry)
    return body && { kind: 'entry', entry: { ...entry, body, atRest: 'identity' } }
  }
}

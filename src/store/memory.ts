/**
 * Entries of this process, limited in bytes: bodies, heads and what holding them costs. An entry whose time is over goes when it is asked
 * for or when the evicting hand meets it; nothing ever walks over everything.
 */
import type { Stored } from '../cache/entry.ts'
import { type Clock, type Milliseconds, type Seconds, toMilliseconds } from '../time.ts'
import { detach } from './codec.ts'
import { footprint } from './footprint.ts'
import { globMatcher } from './glob.ts'
import { type Seat, Sieve } from './sieve.ts'
import type { LocalStore, StoreStatus } from './store.ts'

export interface MemoryStoreOptions {
  readonly clock: Clock
  /** In bytes. One entry may take an eighth of it. */
  readonly limit: number
}

interface Kept extends Seat {
  readonly key: string
  /** Grows with every new key: where a listing goes on. */
  readonly serial: number
  stored: Stored
  bytes: number
  keptUntil: Milliseconds
}

/** How many keys one page of a listing looks at, so that it holds up nobody. */
const keysPerPage = 10_000

export class MemoryStore implements LocalStore {
  readonly #clock: Clock
  readonly #limit: number
  readonly #kept = new Map<string, Kept>()
  readonly #sieve = new Sieve<Kept>()
  #bytes = 0
  #evictions = 0
  #serial = 0

  constructor(options: MemoryStoreOptions) {
    this.#clock = options.clock
    this.#limit = options.limit
  }

  peek(key: string): Stored | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    if (kept.keptUntil <= this.#clock.monotonic()) {
      this.#remove(kept)
      return undefined
    }
    kept.isUsed = true
    return kept.stored
  }

  async get(key: string): Promise<Stored | undefined> {
    return this.peek(key)
  }

  async put(key: string, stored: Stored, keepFor: Seconds): Promise<boolean> {
    const bytes = footprint(key, stored)
    const before = this.#kept.get(key)
    if (bytes > this.#limit / 8 || !(keepFor > 0)) {
      // What lies there was just replaced, only not by something that can be kept.
      if (before !== undefined) this.#remove(before)
      return false
    }
    const keptUntil = this.#until(keepFor)
    const copy = detach(stored)
    if (before === undefined) this.#add({ key, stored: copy, bytes, keptUntil })
    else {
      this.#bytes += bytes - before.bytes
      Object.assign(before, { stored: copy, bytes, keptUntil })
    }
    this.#makeRoom()
    return this.#kept.has(key)
  }

  async renew(key: string, keepFor: Seconds): Promise<void> {
    const kept = this.#kept.get(key)
    if (kept !== undefined && this.peek(key) !== undefined) kept.keptUntil = this.#until(keepFor)
  }

  async delete(key: string): Promise<boolean> {
    const kept = this.#kept.get(key)
    if (kept === undefined) return false
    this.#remove(kept)
    return true
  }

  /** From the newest to the oldest. Keys that come meanwhile are not on later pages. */
  async list(match: string, cursor: string, count: number): Promise<{ keys: string[]; cursor: string | undefined }> {
    const isMatch = globMatcher(match)
    const now = this.#clock.monotonic()
    const keys: string[] = []
    let kept = this.#resume(cursor)
    for (let looked = 0; kept !== undefined && keys.length < count && looked < keysPerPage; looked += 1) {
      if (kept.keptUntil > now && isMatch(kept.key)) keys.push(kept.key)
      kept = kept.older
    }
    return { keys, cursor: kept && `${kept.serial} ${kept.key}` }
  }

  status(): StoreStatus {
    return {
      kind: 'memory',
      isConnected: true,
      keys: this.#kept.size,
      bytes: this.#bytes,
      evictions: this.#evictions,
      undecodable: 0,
    }
  }

  async close(): Promise<void> {
    for (const kept of this.#kept.values()) this.#sieve.remove(kept)
    this.#kept.clear()
    this.#bytes = 0
  }

  /** The next to look at: by its key, or, when that has gone, the first that is older. */
  #resume(cursor: string): Kept | undefined {
    const [, serial, key] = /^(\d+) (.*)$/s.exec(cursor) ?? []
    if (serial === undefined || key === undefined) return this.#sieve.newest
    let kept = this.#kept.get(key)
    if (kept?.serial === Number(serial)) return kept
    for (kept = this.#sieve.newest; kept !== undefined && kept.serial > Number(serial); ) kept = kept.older
    return kept
  }

  #until(keepFor: Seconds): Milliseconds {
    return (this.#clock.monotonic() + toMilliseconds(keepFor)) as Milliseconds
  }

  #add(what: Pick<Kept, 'key' | 'stored' | 'bytes' | 'keptUntil'>): void {
    this.#serial += 1
    const kept: Kept = { ...what, serial: this.#serial, isUsed: false, older: undefined, newer: undefined }
    this.#kept.set(kept.key, kept)
    this.#sieve.add(kept)
    this.#bytes += kept.bytes
  }

  #remove(kept: Kept): void {
    this.#kept.delete(kept.key)
    this.#sieve.remove(kept)
    this.#bytes -= kept.bytes
  }

  #makeRoom(): void {
    const now = this.#clock.monotonic()
    const isOver = (kept: Kept) => kept.keptUntil <= now
    while (this.#bytes > this.#limit) {
      const kept = this.#sieve.next(isOver)
      if (kept === undefined) return
      this.#remove(kept)
      if (!isOver(kept)) this.#evictions += 1
    }
  }
}

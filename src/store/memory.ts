/**
 * Entries of this process, limited in bytes. They are kept as bytes outside the JavaScript heap, where a million objects would cost the collector
 * more than they save, and opened when they are used; what is used again stays open. An entry whose time is over goes when it is asked
 * for or when the evicting hand meets it; nothing ever walks over everything.
 */
import type { Stored } from '../cache/entry.ts'
import { type Clock, type Milliseconds, milliseconds, type Seconds, toMilliseconds } from '../time.ts'
import { Arena } from './arena.ts'
import { decode, encodeParts } from './codec.ts'
import { keyFootprint, openFootprint } from './footprint.ts'
import { globMatcher } from './glob.ts'
import { type Seat, Sieve } from './sieve.ts'
import { type KeepFor, type LocalStore, type StoreStatus, timeIn } from './store.ts'

export interface MemoryStoreOptions {
  readonly clock: Clock
  /** In bytes. An eighth of it is for what is open, and one entry may take another. */
  readonly limit: number
  /** Told once, when half of it is taken. */
  readonly halfFull?: () => void
}

interface Kept extends Seat {
  readonly key: string
  /** Grows with every new key: where a listing goes on. */
  readonly serial: number
  /** Where it begins in the arena, and how long it is there. */
  first: number
  length: number
  /** What all of it costs, until it is opened. */
  bytes: number
  keptUntil: Milliseconds
  open: Open | undefined
}

/** A value that was decoded, and is while it is used. */
interface Open extends Seat {
  readonly kept: Kept
  readonly stored: Stored
  readonly bytes: number
}

/** How many keys one page of a listing looks at, so that it holds up nobody. */
const keysPerPage = 10_000

export class MemoryStore implements LocalStore {
  readonly #clock: Clock
  readonly #limit: number
  #halfFull: (() => void) | undefined
  readonly #openLimit: number
  readonly #arena = new Arena()
  readonly #kept = new Map<string, Kept>()
  readonly #sieve = new Sieve<Kept>()
  readonly #openSieve = new Sieve<Open>()
  #keptBytes = 0
  #openBytes = 0
  #evictions = 0
  #serial = 0

  constructor(options: MemoryStoreOptions) {
    this.#clock = options.clock
    this.#limit = options.limit
    this.#halfFull = options.halfFull
    this.#openLimit = options.limit / 8
  }

  peek(key: string): Stored | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    if (kept.keptUntil <= this.#clock.monotonic()) {
      this.#remove(kept)
      return undefined
    }
    kept.isUsed = true
    if (kept.open === undefined) return this.#open(kept)
    kept.open.isUsed = true
    return kept.open.stored
  }

  async get(key: string): Promise<Stored | undefined> {
    return this.peek(key)
  }

  async put(key: string, stored: Stored, keep: KeepFor): Promise<boolean> {
    const keepFor = timeIn('memory', keep)
    const parts = encodeParts(stored)
    const length = parts.reduce((sum, part) => sum + part.length, 0)
    const bytes = keyFootprint(key) + Arena.footprint(length)
    const before = this.#kept.get(key)
    if (bytes > this.#limit / 8 || !(keepFor > 0)) {
      // What lies there was just replaced, only not by something that can be kept.
      if (before !== undefined) this.#remove(before)
      return false
    }
    if (before !== undefined) this.#discard(before)
    const kept = before ?? this.#seat(key)
    kept.first = this.#arena.write(parts)
    kept.length = length
    kept.bytes = bytes
    kept.keptUntil = this.#until(keepFor)
    this.#keptBytes += bytes
    if (this.#keptBytes > this.#limit / 2) this.#tellHalfFull()
    this.#makeRoom()
    return this.#kept.has(key)
  }

  async renew(key: string, keepFor: KeepFor): Promise<void> {
    const kept = this.#kept.get(key)
    if (kept === undefined || kept.keptUntil <= this.#clock.monotonic()) return
    const until = this.#until(timeIn('memory', keepFor))
    if (until > kept.keptUntil) kept.keptUntil = until
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
      bytes: this.#keptBytes + this.#openBytes,
      evictions: this.#evictions,
      undecodable: 0,
    }
  }

  async close(): Promise<void> {
    for (const kept of this.#kept.values()) this.#remove(kept)
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

  /** A place for a key that has none; what is kept there is for the caller to say. */
  #seat(key: string): Kept {
    this.#serial += 1
    // A key cut out of a longer text would hold on to the whole of it.
    const own = Buffer.from(key, 'utf16le').toString('utf16le')
    const kept: Kept = {
      key: own,
      serial: this.#serial,
      first: 0,
      length: 0,
      bytes: 0,
      keptUntil: milliseconds(0),
      open: undefined,
      isUsed: false,
      older: undefined,
      newer: undefined,
    }
    this.#kept.set(own, kept)
    this.#sieve.add(kept)
    return kept
  }

  #remove(kept: Kept): void {
    this.#discard(kept)
    this.#kept.delete(kept.key)
    this.#sieve.remove(kept)
  }

  /** Gives back what the value costs; the key keeps its place. */
  #discard(kept: Kept): void {
    this.#close(kept)
    this.#arena.free(kept.first)
    this.#keptBytes -= kept.bytes
  }

  #open(kept: Kept): Stored | undefined {
    const stored = decode(this.#arena.read(kept.first, kept.length))
    if (stored === undefined) return undefined
    const open: Open = {
      kept,
      stored,
      bytes: openFootprint(stored, kept.length),
      isUsed: false,
      older: undefined,
      newer: undefined,
    }
    // One value must not close all the others.
    if (open.bytes > this.#openLimit / 2) return stored
    kept.open = open
    this.#openSieve.add(open)
    this.#openBytes += open.bytes
    while (this.#openBytes > this.#openLimit) this.#close((this.#openSieve.choose(never) as Open).kept)
    return stored
  }

  #close(kept: Kept): void {
    const { open } = kept
    if (open === undefined) return
    kept.open = undefined
    this.#openSieve.remove(open)
    this.#openBytes -= open.bytes
  }

  #tellHalfFull(): void {
    this.#halfFull?.()
    this.#halfFull = undefined
  }

  #makeRoom(): void {
    const now = this.#clock.monotonic()
    const isOver = (kept: Kept): boolean => kept.keptUntil <= now
    while (this.#keptBytes > this.#limit - this.#openLimit) {
      const kept = this.#sieve.choose(isOver) as Kept
      this.#remove(kept)
      if (!isOver(kept)) this.#evictions += 1
    }
  }
}

function never(): boolean {
  return false
}

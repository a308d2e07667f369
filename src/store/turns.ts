/**
 * Whose turn it is to fetch: a lease in Redis, so that of several instances one asks the origin. It only saves work. Two that fetch the same are
 * judged by the ledger like any two fetches, so a lease may be lost, lapse while its holder is paused, or be taken over, at any time.
 */
import { hash, randomBytes } from 'node:crypto'
import type { Stamp } from '../cache/validity.ts'
import type { RedisConnection } from '../redis/connection.ts'
import { defineScript, runScript } from '../redis/script.ts'
import { type Clock, type Milliseconds, milliseconds, type Timer } from '../time.ts'

/** None of the methods rejects, or takes longer than one command may. */
export interface Turns {
  /**
   * Takes the turn to fetch under this name, with the stamp of that fetch. What this process holds already is no hindrance, and neither is
   * `instead`: a holder whose fetch is known to bring what is old.
   */
  take(name: string, stamp: Stamp, instead?: Holder): Promise<Taking>
  /** Whether anybody has the turn; false when that cannot be known. */
  isTaken(name: string): Promise<boolean>
}

export type Taking =
  | { readonly kind: 'mine'; readonly turn: Turn }
  | { readonly kind: 'taken'; readonly holder: Holder }
  /** Redis did not say: work as if there were nobody else. */
  | { readonly kind: 'unknown' }

export interface Turn {
  /** Lets the next one in. Never rejects. */
  release(): Promise<void>
}

export interface Holder {
  readonly owner: string
  /** Of its fetch; undefined when another version wrote it in a way not known here. */
  readonly stamp: Stamp | undefined
}

export interface RedisTurnsOptions {
  readonly connection: RedisConnection
  readonly prefix: string
  readonly clock: Clock
  /** A turn is not renewed for longer than this: as long as a fetch may take. */
  readonly longest: Milliseconds
}

/** Long enough to be renewed twice before it lapses, short enough that a dead holder is in nobody's way. */
const life = 3000
const renewEvery = milliseconds(life / 3)

/** A hash, which no listing of entries shows. Gives the holder in the way, or nothing. */
const takeScript = defineScript(`
local held = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'number')
if held[1] and held[1] ~= ARGV[3] and string.sub(held[1], 1, #ARGV[2]) ~= ARGV[2] then return held end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'epoch', ARGV[4], 'number', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return false`)
const renewScript = defineScript(`
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`)
const releaseScript = defineScript(`
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`)

export class RedisTurns implements Turns {
  readonly #connection: RedisConnection
  readonly #prefix: string
  readonly #clock: Clock
  readonly #longest: Milliseconds
  readonly #instance = `${randomBytes(12).toString('base64url')}.`
  #count = 0

  constructor(options: RedisTurnsOptions) {
    this.#connection = options.connection
    this.#prefix = options.prefix
    this.#clock = options.clock
    this.#longest = options.longest
  }

  async take(name: string, stamp: Stamp, instead?: Holder): Promise<Taking> {
    const key = this.#keyOf(name)
    this.#count += 1
    const owner = `${this.#instance}${this.#count}`
    const values = [owner, this.#instance, instead?.owner ?? '', stamp.epoch, `${stamp.number}`, `${life}`]
    try {
      const held = await this.#connection.send((redis) => runScript(redis, takeScript, { keys: [key], values }), key)
      if (held === null) return { kind: 'mine', turn: this.#hold(key, owner) }
      return { kind: 'taken', holder: holderOf(held) }
    } catch {
      return { kind: 'unknown' }
    }
  }

  async isTaken(name: string): Promise<boolean> {
    const key = this.#keyOf(name)
    try {
      return (await this.#connection.send((redis) => redis.exists(key), key)) === 1
    } catch {
      return false
    }
  }

  #hold(key: string, owner: string): Turn {
    const end = this.#clock.monotonic() + this.#longest
    let timer: Timer
    let isReleased = false
    const wait = (): void => {
      timer = this.#clock.after(renewEvery, () => void renew())
    }
    const renew = async (): Promise<void> => {
      if (this.#clock.monotonic() >= end) return
      const isMine = await this.#change(renewScript, key, [owner, `${life}`])
      // A renewal that failed may be made good by the next.
      if (isMine !== false && !isReleased) wait()
    }
    wait()
    return {
      release: async () => {
        isReleased = true
        timer.cancel()
        await this.#change(releaseScript, key, [owner])
      },
    }
  }

  /** Undefined: Redis did not say. */
  async #change(script: ReturnType<typeof defineScript>, key: string, values: readonly string[]): Promise<boolean | undefined> {
    try {
      return (await this.#connection.send((redis) => runScript(redis, script, { keys: [key], values }), key)) === 1
    } catch {
      return undefined
    }
  }

  /** Names are of any length, and not for everybody who can list keys. */
  #keyOf(name: string): string {
    return `${this.#prefix}:lease:${hash('sha256', name, 'base64url')}`
  }
}

function holderOf(held: unknown): Holder {
  const [owner, epoch, number] = Array.isArray(held) ? (held as unknown[]) : []
  const isKnown = typeof epoch === 'string' && typeof number === 'string' && /^\d{1,15}$/.test(number)
  return { owner: String(owner), stamp: isKnown ? { epoch, number: Number(number) } : undefined }
}

/**
 * Collapse: requests for one key that arrive while its answer is being fetched wait for that fetch instead of making their own. Whether a
 * request may join is decided by the ledger's numbers, never by time: no label of the fetch may have been purged since its stamp was taken.
 */
import type { Label } from '../cache/label.ts'
import { judge, type Reading, type Stamp } from '../cache/validity.ts'
import type { LocalLedger } from '../ledger/ledger.ts'
import type { Fill } from './errand.ts'

/** What is known of a fetch while it is under way. */
export interface Fetching {
  readonly stamp: Stamp
  /** Labels known before the answer, and the `made` label where the answer makes more. */
  readonly labels: readonly Label[]
}

/** Another instance has fetched, or took too long: look again. */
export interface Elsewhere {
  readonly kind: 'elsewhere'
}

/** Whether a flight waits for another instance at this moment. */
export interface Waiting {
  isWaiting: boolean
}

/** One fetch in flight. Its outcome never rejects. */
export interface Flight extends Fetching {
  key: string
  /** Whose key it is: another rule that renders the same key may have sent other credentials. */
  readonly rule: string
  readonly outcome: Promise<Fill | Elsewhere>
  readonly waiting?: Waiting
  followers: number
}

export class Flights {
  readonly #byKey = new Map<string, Flight>()
  /** Grows when a fetch ends: whoever looked in the store across one looks again before fetching (the answer may have come in between). */
  ended = 0

  find(key: string): Flight | undefined {
    return this.#byKey.get(key)
  }

  add(flight: Flight): void {
    this.#byKey.set(flight.key, flight)
  }

  /** The answer turned out to be one of several variants: from now on only requests for this variant find it. */
  move(flight: Flight, key: string): void {
    if (this.#byKey.get(flight.key) !== flight) return
    this.#byKey.delete(flight.key)
    flight.key = key
    this.#byKey.set(key, flight)
  }

  /** Nobody can join any more: the answer is in the store, or was not to be shared. */
  remove(flight: Flight): void {
    this.ended += 1
    if (this.#byKey.get(flight.key) === flight) this.#byKey.delete(flight.key)
  }

  /** How many requests were answered from another's fetch. */
  joined = 0

  get size(): number {
    return this.#byKey.size
  }
}

/** Whether the key means the same to both: another rule, and another version of the rules, may make it of something else. */
export function isSameKey(flight: Flight, rule: string, rulesLabel: Label): boolean {
  return flight.rule === rule && flight.labels.includes(rulesLabel)
}

/** Whether nothing that the fetch can bring was purged since it took its stamp. `reading`: what the shared ledger said to whoever asks. */
export function isCurrent(ledger: LocalLedger, flight: Fetching, reading: Reading | undefined): boolean {
  if (ledger.judgeNow(flight.stamp, flight.labels).kind !== 'valid') return false
  // One that began after the reading is newer than all that it tells.
  return reading === undefined || flight.stamp.number > reading.seq || mayJoin(flight, reading)
}

/** A softly purged fetch is not joined either: whoever asks after the purge wants what came after it. */
export function mayJoin(flight: Fetching, reading: Reading): boolean {
  return judge(flight.stamp, flight.labels, reading).kind === 'valid'
}

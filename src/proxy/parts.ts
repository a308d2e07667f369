/** The parts a request meets on its way. Put together in `app.ts`; everything in this room takes them from here and nowhere else. */
import type { Ledger, LocalLedger } from '../ledger/ledger.ts'
import type { Reason } from '../observe/reasons.ts'
import type { Origin } from '../origin/origin.ts'
import type { LocalStore, Store } from '../store/store.ts'
import type { Turns } from '../store/turns.ts'
import type { Clock, Instant, Milliseconds, Seconds } from '../time.ts'
import type { Background } from './background.ts'
import type { Flights } from './collapse.ts'
import type { InForce } from './in-force.ts'
import type { Landings } from './landing.ts'
import type { Remembered } from './remembered.ts'

/** Looked into and compared with at once. Where instances share store and ledger, what this process has and knows of them. */
export interface Local {
  readonly store: LocalStore
  readonly ledger: LocalLedger
}

export interface Parts {
  readonly settings: ProxySettings
  readonly clock: Clock
  /** The rules of the moment. A request reads this once and keeps what it got. */
  inForce(): InForce
  readonly store: Store
  readonly ledger: Ledger
  /** What of store and ledger is in this process: a hit there needs no promise. */
  readonly local: Local
  /** Whether other instances share store and ledger: then what a write may make old is recorded there before it is forwarded. */
  readonly isShared: boolean
  /** Whose turn it is to fetch, among the instances that share the store; undefined: there is none but this. */
  readonly turns: Turns | undefined
  readonly origin: Origin
  readonly flights: Flights
  readonly landings: Landings
  readonly memory: Memory
  readonly background: Background
  readonly observer: Observer
}

export interface ProxySettings {
  /** `keep`: the client's Host goes to the origin, so it is part of every key. Otherwise the name that goes there instead. */
  readonly originHost: 'keep' | (string & {})
  /** Bytes of a JSON body that are read for templates. */
  readonly jsonLimit: number
  /** Whether RFC 7239 `Forwarded` is sent beside the X-Forwarded fields. */
  readonly sendForwarded: boolean
  readonly sendVia: boolean
  /** How long the origin may work on one request: what it has not done by then it never will. */
  readonly originPatience: Milliseconds
  /** No body above this many bytes is stored, whatever its rule allows. */
  readonly maxEntry: number
  /** Bodies above this many bytes are compressed in the store. */
  readonly compressAbove: number
}

/** What is remembered about keys, for a while and without promise. */
export interface Memory {
  /** Keys whose last answer was not storable: not collapsed for a while. */
  readonly hitForMiss: Remembered<true>
  /** Keys that the origin refused to answer without credentials. */
  readonly credentialsNeeded: Remembered<true>
  /** Keys whose answer is above the limit: a Range is forwarded as it is. */
  readonly tooLarge: Remembered<true>
  /** Primary key → the field sets by which its answers vary, known before the first variant is stored. */
  readonly selectors: Remembered<ReadonlyArray<readonly string[]>>
  /** Keys whose refresh failed a moment ago. */
  readonly refreshPaused: Remembered<true>
  /** Keys that live until purged, and were renewed in the store today. */
  readonly renewed: Remembered<true>
  /** Key → how often it was asked for, for `min_uses`. */
  readonly uses: Remembered<number>
}

/** What happened, for whoever counts and logs it. Called synchronously, must not throw. */
export interface Observer {
  answered(report: Report): void
  stored(event: { readonly rule: string; readonly key: string; readonly bytes: number; readonly keepFor: Seconds }): void
  /** An answer was shared or fetched for the store and could not be kept. */
  notStored(event: { readonly rule: string; readonly key: string; readonly reason: Reason }): void
  purged(event: PurgeEvent): void
  refreshed(event: { readonly rule: string; readonly key: string; readonly isOk: boolean }): void
  originAnswered(event: { readonly rule: string; readonly duration: Milliseconds; readonly status: number | undefined }): void
  /** Something an operator should know and mend, said once per `topic`. */
  advise(topic: string, message: string): void
  fault(error: unknown): void
}

export interface PurgeEvent {
  /** What caused it: the names of the rules, `uriCause` or `adminCause`. */
  readonly causes: readonly string[]
  readonly kind: 'hard' | 'soft'
  readonly labels: number
  readonly widened: number
  readonly result: 'done' | 'queued'
}

/** One answered request. */
export interface Report {
  readonly rule: string
  readonly reason: Reason
  /** Undefined for what was no request of HTTP. */
  readonly method: string | undefined
  readonly status: number
  /** Primary key; logged as a digest only. */
  readonly key: string | undefined
  readonly duration: Milliseconds
  /** Time spent waiting for the origin's head; undefined when it was not asked. */
  readonly originDuration: Milliseconds | undefined
  readonly bytes: number
  readonly isCollapsed: boolean
  /** Where an answer from the store came from; undefined: where all of them come from. */
  readonly tier?: 'memory' | 'redis' | undefined
  readonly at: Instant
}

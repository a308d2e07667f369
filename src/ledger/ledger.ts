/**
 * The contract of the ledger: one counter, and for each label the number of its last purge. Every implementation passes
 * test/ledger/contract.ts. Numbers only grow within an epoch; a lost ledger comes back under a new epoch, and everything older is invalid.
 */
import type { Label } from '../cache/label.ts'
import type { Reading, Stamp, Validity } from '../cache/validity.ts'
import type { Milliseconds } from '../time.ts'

export interface Ledger {
  /**
   * The pair a fill takes before its request leaves. Undefined while the ledger cannot be read: then nothing may be stored. Never rejects.
   */
  stamp(): Promise<Stamp | undefined>
  /** The last purges of these labels in one reply. Undefined while the ledger cannot be read: then nothing stored may be used. Never rejects. */
  read(labels: readonly Label[]): Promise<Reading | undefined>
  /**
   * Takes the next number and writes it to every label. Resolves `done` when the purge holds for every later read of this process; `queued`
   * when the ledger did not take it, and then nothing is read from the store before `all` was raised. Never rejects.
   */
  purge(labels: readonly Label[], kind: 'hard' | 'soft', options?: PurgeOptions): Promise<Receipt>
  /**
   * Write-ahead: what a write that is about to leave may make old. Whoever tends the ledger purges it when it is due, or when this process has
   * been silent too long, so that one that dies between the origin's commit and its purge leaves nothing old. Undefined: it could not be
   * recorded. Never rejects.
   */
  intend(labels: readonly Label[], due: Milliseconds): Promise<Intent | undefined>
  /** The write changed nothing that is known: its intent goes without a purge. Never rejects. */
  forget(intent: Intent): Promise<void>
  status(): LedgerStatus
  close(): Promise<void>
}

/** Names a recorded intent. */
export type Intent = string & { readonly intent: true }

export interface PurgeOptions {
  /** The intent that this purge fulfils. */
  readonly intent?: Intent | undefined
  /** Purges the same labels once more after this long, whatever becomes of this process: the origin may commit, or its replicas follow, that late. */
  readonly again?: Milliseconds | undefined
}

export type Receipt =
  | {
      readonly kind: 'done'
      readonly number: number
      readonly epoch: string
      /** The highest number that any of the labels had before: what happened to them since some stamp, which this purge covers up. */
      readonly previous: number
    }
  | { readonly kind: 'queued'; readonly waiting: number }

export interface LedgerStatus {
  readonly kind: 'memory' | 'redis'
  readonly isConnected: boolean
  readonly epoch: string | undefined
  readonly seq: number | undefined
  /** Labels known: exact in memory, last seen for Redis. */
  readonly labels: number | undefined
  /** Labels whose purge is still to be made good. */
  readonly waiting: number
  /** How often the lowest number had to be folded into `all`. */
  readonly folds: number
}

/** What of a ledger is in this process, for the hot path: it compares without a promise. */
export interface LocalLedger extends Ledger {
  /** Grows with every purge; an entry found valid at this number is valid while it stands. */
  readonly seq: number
  /**
   * Whether what is known here is all there is to know, within the bound. A ledger of this process alone: always. One that is shared: under its
   * lease; without it stamps are of an epoch of this process's own, and entries of the shared epoch are judged as purged.
   */
  readonly isAttached: boolean
  stampNow(): Stamp
  judgeNow(stamp: Stamp, labels: readonly Label[]): Validity
}

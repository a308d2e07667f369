/**
 * The contract of the ledger: one counter, and for each label the number of its last purge. Every implementation passes
 * test/ledger/contract.ts. Numbers only grow within an epoch; a lost ledger comes back under a new epoch, and everything older is invalid.
 */
import type { Label } from '../cache/label.ts'
import type { Reading, Stamp, Validity } from '../cache/validity.ts'

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
  purge(labels: readonly Label[], kind: 'hard' | 'soft'): Promise<Receipt>
  status(): LedgerStatus
  close(): Promise<void>
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
  /** How often the lowest number had to be folded into `all`. */
  readonly folds: number
}

/** A ledger in this process: what the hot path compares with, without a promise. */
export interface LocalLedger extends Ledger {
  /** Grows with every purge; an entry found valid at this number is valid while it stands. */
  readonly seq: number
  stampNow(): Stamp
  judgeNow(stamp: Stamp, labels: readonly Label[]): Validity
}

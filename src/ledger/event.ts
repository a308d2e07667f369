/** What an operator should hear of a ledger. Reported synchronously, as it happens; whoever listens must not throw. */
import type { Seconds } from '../time.ts'

export type LedgerEvent =
  /** More labels than the bound were purged within `longestLife`: everything fetched before the youngest of them, `age` ago, was purged. */
  | { readonly kind: 'folded'; readonly labels: number; readonly age: Seconds }
  /** The ledger was lost or is another: everything stored before is invalid. */
  | { readonly kind: 'epoch'; readonly epoch: string }
  | { readonly kind: 'trusted' }
  /** Nothing stored is used. `waiting` purges were not taken; `all` will be purged for them. */
  | { readonly kind: 'untrusted'; readonly cause: string; readonly waiting: number }

/** What an operator should hear of a ledger. Reported synchronously, as it happens; whoever listens must not throw. */
import type { Seconds } from '../time.ts'

export type LedgerEvent =
  /** More labels than the bound were purged within `longestLife`: everything fetched before the youngest of them, `age` ago, was purged. */
  | { readonly kind: 'folded'; readonly labels: number; readonly age: Seconds }
  /** The ledger was lost or is another: everything stored before is invalid. */
  | { readonly kind: 'epoch'; readonly epoch: string }
  /** What is shared is used again. */
  | { readonly kind: 'attached' }
  /** Nothing that is shared is used. `waiting` labels were not purged; they will be, before anything that is shared is used again. */
  | { readonly kind: 'detached'; readonly cause: string; readonly waiting: number }
  /** Redis had been away from everybody: everything was purged, since what others could not purge is not known. */
  | { readonly kind: 'all-silent' }
  /** Intents of writes whose owner is gone, or that were due, were purged. */
  | { readonly kind: 'completed'; readonly intents: number }

/** What keeps a ledger from growing, and how long what it says can matter. Asked at every purge, because a reload of the rules changes it. */
import { type Seconds, seconds } from '../time.ts'

export interface LedgerBounds {
  /** Above this many labels, those purged longest ago go. */
  readonly labels: number
  /**
   * How long after its stamp an entry can be used at most: the longest a store keeps one, and the longest fill before it. A label purged longer
   * ago needs no remembering. Must not be lowered while entries of a longer life may be kept; a ledger remembers the longest it was told.
   */
  readonly longestLife: Seconds
  /** The longest stale window of any rule: beyond it a soft purge is as good as a hard one. */
  readonly longestWindow: Seconds
}

/** "forever" is 30 days, and a fill ends within a day. */
const thirtyOneDays = seconds(31 * 86_400)
export const defaultBounds: LedgerBounds = { labels: 200_000, longestLife: thirtyOneDays, longestWindow: thirtyOneDays }

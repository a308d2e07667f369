/** What a purge makes of a label's last purges. The ledger in Redis does the same in its script. */
import type { LastPurge } from '../cache/validity.ts'
import { elapsed, type Instant, instant, type Seconds } from '../time.ts'

export const neverPurged: LastPurge = { hard: 0, soft: 0, softAt: instant(0) }

export interface Raising {
  readonly kind: 'hard' | 'soft'
  readonly number: number
  /** Of a soft purge. */
  readonly at: Instant
  /** The longest stale window of any rule: beyond it a soft purge is as good as a hard one. */
  readonly longestWindow: Seconds
}

/** Numbers only grow, also where purges of one label arrive out of order. */
export function raised(last: LastPurge, { kind, number, at, longestWindow }: Raising): LastPurge {
  if (kind === 'hard') {
    const hard = Math.max(last.hard, number)
    return last.soft > hard ? { ...last, hard } : { hard, soft: 0, softAt: instant(0) }
  }
  const isBeyond = last.soft > 0 && elapsed(last.softAt, at) > longestWindow
  // What the older soft purge marked is past every window.
  const hard = isBeyond ? Math.max(last.hard, last.soft) : last.hard
  const isFirst = last.soft === 0 || isBeyond
  // The older time stays, so that no window gets longer: with a write a second, nothing would ever be past its window.
  const softAt = isFirst || at < last.softAt ? at : last.softAt
  const soft = Math.max(isBeyond ? 0 : last.soft, number)
  return soft > hard ? { hard, soft, softAt } : { hard, soft: 0, softAt: instant(0) }
}

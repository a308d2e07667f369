/** Whether what was fetched is old by now: asked before it is stored, and before anything is built upon it. */
import type { Entry } from '../cache/entry.ts'
import type { Parts } from './parts.ts'

/**
 * Whether a purge has come between: what was fetched is old already, and would only displace what is not. Judged again at every use. So has
 * a reload: what is purged from then on names nothing that other rules make, and they may come back.
 */
export function isOvertaken({ local, inForce }: Parts, { stamp, labels }: Pick<Entry, 'stamp' | 'labels'>): boolean {
  return !labels.includes(inForce().label) || local.ledger.judgeNow(stamp, labels).kind !== 'valid'
}

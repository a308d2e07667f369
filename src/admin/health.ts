/** Whether requests can be answered here, and what is in the way: as one process sees itself. */
import type { Parts } from '../proxy/parts.ts'
import type { Health } from './admin.ts'

export interface Watched {
  readonly parts: Pick<Parts, 'store' | 'ledger' | 'origin'>
  /** Whether any address of the origin has accepted a connection since the start. */
  readonly hasConnected: boolean
  readonly isClosing: boolean
}

/** Ready: requests can be answered. Redis away is slower, not unready. */
export function healthOf({ parts, hasConnected, isClosing }: Watched): Health {
  const origin = parts.origin.status()
  const ledger = parts.ledger.status()
  const isOriginThere = hasConnected && origin.isReachable
  const reasons: string[] = []
  if (isClosing) reasons.push('The proxy is shutting down')
  if (!isOriginThere) reasons.push(origin.circuit === 'open' ? 'The origin failed too often' : 'The origin cannot be reached')
  if (!ledger.isConnected) reasons.push(detached[ledger.kind])
  if (ledger.waiting > 0) reasons.push(`Labels that Redis has to purge yet: ${ledger.waiting}`)
  return { isReady: isOriginThere && !isClosing, reasons, store: parts.store.status(), ledger, origin }
}

const detached = {
  redis: 'Detached from Redis: answers come from the origin, and from a memory of this process alone',
  memory: 'The other workers are out of reach: nothing is kept for longer than their purges might be missed',
} as const

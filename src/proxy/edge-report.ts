/**
 * Reports of requests that no exchange stands for: what the gate refused, and what left HTTP by an upgrade. They are counted and logged as
 * all others are, under no rule.
 */
import { unmatchedRule } from '../cache/entry.ts'
import type { Reason } from '../observe/reasons.ts'
import { type Milliseconds, milliseconds } from '../time.ts'
import type { Parts, Report } from './parts.ts'

type Reporting = Pick<Parts, 'observer' | 'clock'>

/** What was refused need not be HTTP, so no method is known. */
export function reportRefusal(
  { observer, clock }: Reporting,
  refused: { readonly reason: Reason; readonly status: number },
): void {
  observer.answered({ ...nothing, ...refused, method: undefined, duration: milliseconds(0), at: clock.now() })
}

/** When the tunnel is open, or will not be. `status` is undefined when the client left before it had one. */
export function reportUpgrade({ observer, clock }: Reporting, startedAt: Milliseconds, status: number | undefined): void {
  const reason = status === undefined ? 'aborted' : status === 101 ? 'upgrade' : 'upgrade-failed'
  const duration = milliseconds(clock.monotonic() - startedAt)
  observer.answered({ ...nothing, reason, status: status ?? 499, method: 'GET', duration, at: clock.now() })
}

const nothing: Pick<Report, 'rule' | 'key' | 'originDuration' | 'bytes' | 'isCollapsed'> = {
  rule: unmatchedRule,
  key: undefined,
  originDuration: undefined,
  bytes: 0,
  isCollapsed: false,
}

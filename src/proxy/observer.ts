/** Counts and logs what the proxy reports: the one place where an event becomes numbers and lines. */
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { outcomeOf, type Reason } from '../observe/reasons.ts'
import { toSeconds } from '../time.ts'
import type { Observer } from './parts.ts'

export interface ObserverParts {
  readonly metrics: Metrics
  readonly log: Log
  /** Which tier answers hits, where they do not say so themselves. */
  readonly tier: 'memory' | 'redis'
}

/** What an operator should look into when an answer that was to be stored was not. */
const troubles: ReadonlySet<Reason> = new Set(['incomplete', 'tags-unread', 'too-many-tags', 'store-unavailable', 'internal'])

export function createObserver({ metrics, log, tier }: ObserverParts): Observer {
  const advised = new Set<string>()
  return {
    answered(report) {
      const outcome = outcomeOf(report.reason)
      const tally = metrics.rule(report.rule)
      tally.answered(
        report.reason,
        outcome === 'hit' || outcome === 'stale' ? (report.tier ?? tier) : 'none',
        toSeconds(report.duration),
      )
      if (report.isCollapsed) tally.collapsed += 1
      log.access(report)
    },
    stored({ rule, key, bytes, keepFor }) {
      metrics.rule(rule).sets[tier] += 1
      log.event('debug', 'stored', { rule, key, bytes, keepFor })
    },
    notStored({ rule, key, reason }) {
      if (troubles.has(reason)) metrics.rule(rule).troubles[reason] += 1
      log.event('debug', 'not-stored', { rule, key, reason })
    },
    purged({ causes, kind, labels, widened, result }) {
      for (const cause of causes) {
        const tally = metrics.rule(cause)
        tally.purges[result === 'queued' ? 'failed' : kind === 'hard' ? 'purged' : 'expired'] += 1
        tally.purges.widened += widened
      }
      // What is queued is not purged yet, and will be as one label: all.
      if (result === 'done') metrics.rule(causes[0] ?? '').deletes += labels
      log.event(result === 'queued' ? 'warn' : 'info', 'purged', { causes, kind, labels, widened, result })
    },
    refreshed({ rule, key, isOk }) {
      log.event('debug', 'refreshed', { rule, key, isOk })
    },
    originAnswered({ duration }) {
      metrics.originAnswered(toSeconds(duration))
    },
    advise(topic, message) {
      if (advised.has(topic)) return
      advised.add(topic)
      log.event('warn', 'advice', { message })
    },
    fault(error) {
      log.event('error', 'fault', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    },
  }
}

/**
 * One request's diary: what is decided about it is written down here, and when the answer has gone out it becomes one report. The clock was
 * read once, at the start.
 */
import type { Readable } from 'node:stream'
import { appendCacheStatus, type CacheStatus, formatCacheStatus } from '../http/cache-status.ts'
import { type Fields, fieldValue } from '../http/fields.ts'
import type { Request } from '../http/request.ts'
import type { Intent } from '../ledger/ledger.ts'
import type { Reason } from '../observe/reasons.ts'
import { type Instant, type Milliseconds, milliseconds } from '../time.ts'
import type { Exchange } from './exchange.ts'
import type { InForce } from './in-force.ts'
import type { Parts } from './parts.ts'

export class Visit {
  readonly exchange: Exchange
  readonly parts: Parts
  readonly inForce: InForce
  readonly request: Request
  readonly now: Instant
  rule: string
  key: string | undefined = undefined
  reason: Reason = 'internal'
  isCollapsed = false
  /** It has waited for another instance's fetch: not a second time. */
  hasWaitedElsewhere = false
  /** Where what was served lay. */
  tier: 'memory' | 'redis' | undefined = undefined
  /** What is left to be forwarded: the exchange's own stream, or its bytes once they were read for the key. */
  body: Readable | Uint8Array | undefined
  originDuration: Milliseconds | undefined = undefined
  /** What was recorded before a write was forwarded, until its outcome is known. */
  intent: Intent | undefined = undefined
  /** Fields of ours for this answer, whatever it will be. */
  readonly ownFields: string[] = []
  #isReported = false

  constructor(exchange: Exchange, parts: Parts, rule: string) {
    this.exchange = exchange
    this.parts = parts
    this.inForce = parts.inForce()
    this.request = exchange.request
    this.now = parts.clock.now()
    this.rule = rule
    this.body = exchange.body
    // Whoever reads it learns of an error; before anybody does, it must not end the process.
    exchange.body?.on('error', () => {})
  }

  get isReported(): boolean {
    return this.#isReported
  }

  /** `Cache-Status` for this answer; what caches between us and the origin said stays in front of ours (RFC 9211 §2). */
  cacheStatus(status: CacheStatus, received: Fields): string {
    return appendCacheStatus(fieldValue(received, 'cache-status'), formatCacheStatus({ ...status, detail: this.reason }))
  }

  /** Ends the diary: exactly one report per request, whatever happened. */
  finish(status: number): void {
    if (this.#isReported) return
    this.#isReported = true
    const { exchange, parts } = this
    parts.observer.answered({
      rule: this.rule,
      reason: this.reason,
      method: this.request.method,
      status,
      key: this.key,
      duration: milliseconds(parts.clock.monotonic() - exchange.startedAt),
      originDuration: this.originDuration,
      bytes: exchange.bytesWritten,
      isCollapsed: this.isCollapsed,
      tier: this.tier,
      at: this.now,
    })
  }
}

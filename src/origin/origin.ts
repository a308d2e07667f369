/**
 * The contract of where fresh responses come from. One request out, one response back; admission, timeouts, retries, addresses and the
 * circuit breaker are behind it. Callers never see undici.
 */
import type { Readable } from 'node:stream'
import type { Fields } from '../http/fields.ts'

export interface OriginRequest {
  readonly method: string
  /** Origin-form target, already rebuilt by the caller: these bytes are sent. */
  readonly target: string
  /** End-to-end fields including Host; hop-by-hop fields are refused by the implementation, not sent. */
  readonly fields: Fields
  /** Undefined: no body. A string or buffer is sent whole, a Readable is streamed and destroyed when the exchange fails. */
  readonly body: Readable | Uint8Array | undefined
  /** Interim responses (100, 102, 103) are reported here and never stored. */
  readonly onInterim?: (status: number, fields: Fields) => void
}

export interface OriginResponse {
  readonly status: number
  /** The reason phrase as received. */
  readonly reasonPhrase: string
  /** Raw fields, hop-by-hop included: the caller strips (RFC 9110 §7.6.1). */
  readonly fields: Fields
  /**
   * How the end of the body is known: `none` (HEAD, 204, 304), `length`, `chunked`, `orderly-close` (the settings let it count, and the body
   * fails on anything else), or `close`, whose end proves nothing: such a body may be passed on but is never stored.
   */
  readonly framing: 'none' | 'length' | 'chunked' | 'orderly-close' | 'close'
  /** Content-Length when framing is `length`. */
  readonly contentLength: number | undefined
  /** Errors (`OriginError`) when the body is cut, too short, or idle too long. Destroying it frees the connection. */
  readonly body: Readable
  /** Trailer fields; empty until the body has ended. */
  trailers(): Fields
}

export type OriginFailure =
  /** No connection could be made. Nothing was sent. */
  | 'origin-unreachable'
  /** Our queue was full, or its deadline passed. Nothing was sent. */
  | 'origin-overloaded'
  /** The circuit breaker is open. Nothing was sent. */
  | 'origin-circuit-open'
  /** Connect, headers, body or total time ran out. */
  | 'origin-timeout'
  /** The connection broke, or what came was not HTTP. */
  | 'origin-broken'
  /** The request cannot be expressed towards the origin (a method, path or field that it would misread). Nothing was sent. */
  | 'origin-request-refused'
  /** The caller's signal ended the exchange. */
  | 'aborted'

export class OriginError extends Error {
  readonly failure: OriginFailure
  /** Whether a byte of the request may have reached the origin: then the outcome of a write is unknown. */
  readonly isSent: boolean
  constructor(failure: OriginFailure, isSent: boolean, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'OriginError'
    this.failure = failure
    this.isSent = isSent
  }
}

/** What one exchange may use, apart from the origin's own settings. */
export interface SendOptions {
  /** Ends the exchange wherever it is: in the queue, while connecting, in mid-body. */
  readonly signal?: AbortSignal
  /** Background work (refresh) yields to clients: refused with `origin-overloaded` instead of queueing. */
  readonly isBackground?: boolean
}

export interface Origin {
  /**
   * Resolves at the final response's head. Rejects with `OriginError` only. GET and HEAD are tried once more on a fresh connection when a
   * reused one was reset before any byte came; anything else is sent at most once.
   */
  send(request: OriginRequest, options?: SendOptions): Promise<OriginResponse>
  /** How it stands, for readiness and metrics. */
  status(): OriginStatus
  /** Waits for what is in flight, then closes; whatever is left after `deadline` milliseconds is destroyed. */
  close(deadline: number): Promise<void>
}

export interface OriginStatus {
  /** At least one address is not marked down and the circuit is not open. */
  readonly isReachable: boolean
  readonly circuit: 'closed' | 'open' | 'half-open'
  readonly inFlight: number
  readonly queued: number
  readonly addresses: ReadonlyArray<{ readonly url: string; readonly isUp: boolean }>
}

/** What can be set about the origin. A time limit of 0 means: no limit. */
import type { Milliseconds } from '../time.ts'

export interface BreakerSettings {
  /** So many failures in a row open the circuit, */
  readonly consecutiveFailures: number
  /** provided nothing has succeeded for this long: a burst of failures at one endpoint must not close the way to all the others. */
  readonly failingFor: Milliseconds
  /** … or this part (0 to 1) of the exchanges in one window, */
  readonly failureRatio: number
  /** provided the window saw at least so many. */
  readonly minimumExchanges: number
  readonly window: Milliseconds
  /** How long nothing is tried, before one exchange is let through as the probe. */
  readonly openFor: Milliseconds
  /**
   * Statuses that count as failures, for example 502, 503 and 504. None by default: one endpoint that always answers 503 would
   * close the way to all the others.
   */
  readonly failureStatuses: readonly number[]
}

export interface HealthSettings {
  /** So many failures in a row mark an address down. */
  readonly consecutiveFailures: number
  /** How long it then gets nothing, before one request probes it. */
  readonly coolDown: Milliseconds
  /** The part (0 to 1) of the cool-down by which it is lengthened at random, so that a fleet does not probe in step. */
  readonly jitter: number
}

export interface OriginTls {
  /** Certificates to trust instead of the system's, PEM. */
  readonly ca: string | undefined
  /** The name asked for and verified; the address's own host name when undefined. */
  readonly servername: string | undefined
  readonly rejectUnauthorized: boolean
}

export interface OriginSettings {
  /** `http://` or `https://` with host and port, no path. Used in turn. */
  readonly addresses: readonly string[]
  /** `keep`: the Host that the client sent; anything else is sent as Host in its place. */
  readonly host: 'keep' | (string & {})
  /**
   * `lenient`: an orderly close ends a body that has no other end, and a transfer coding other than chunked is passed over. A process of the
   * origin's that dies in mid-body closes its connections in order, too.
   */
  readonly framing: 'strict' | 'lenient'
  /** Exchanges at once, over all addresses. There are never more connections than this to any of them. */
  readonly maxConnections: number
  /** How many requests may wait for a connection. */
  readonly maxQueue: number
  readonly queueTimeout: Milliseconds
  /** From the first packet to the end of the TLS handshake. */
  readonly connectTimeout: Milliseconds
  /** From the last byte of the request to the end of the response's head. */
  readonly headersTimeout: Milliseconds
  /** Silence within a body. Time in which the reader held us back does not count; event streams may be silent. */
  readonly bodyTimeout: Milliseconds
  /** Everything from the queue to the end of a body of announced length, or to the head where no length is announced (a stream). */
  readonly totalTimeout: Milliseconds
  /** How long an unused connection is kept. Shorter than the origin's own, or it closes in our face. */
  readonly idleTimeout: Milliseconds
  readonly maxHeaderBytes: number
  /** Upgraded connections (WebSocket) open at once; and as many event streams, beside `maxConnections`. */
  readonly maxTunnels: number
  readonly breaker: BreakerSettings
  readonly health: HealthSettings
  readonly tls: OriginTls
}

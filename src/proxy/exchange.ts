/**
 * One client's request and the way back to it, as the proxy needs it. The server implements it over its sockets; tests implement it over
 * arrays. Everything that was refused by the gate never gets here.
 */
import type { Readable } from 'node:stream'
import type { Fields } from '../http/fields.ts'
import type { Request } from '../http/request.ts'
import type { ResponseHead } from '../http/response.ts'
import type { Milliseconds } from '../time.ts'

export interface Exchange {
  readonly request: Request
  /** The peer's address, without port. */
  readonly clientAddress: string
  /** Whether the peer is one of `trusted_proxies`: then its X-Forwarded fields are believed. */
  readonly isTrusted: boolean
  /** When its head was complete (monotonic). */
  readonly startedAt: Milliseconds
  /** Undefined when the request has no body. It errors when the client leaves, or sends more than the limit (`BodyTooLarge`). */
  readonly body: Readable | undefined
  /** Declared length of the body; undefined when chunked or absent. */
  readonly bodyLength: number | undefined
  /** Runs once when the client has left before the answer was complete; at once when that has happened already. */
  onGone(run: () => void): void
  readonly isGone: boolean
  /** From here on an error can only be told by `destroy`. */
  readonly isHeadWritten: boolean
  /** An interim response (100, 102, 103). No-op once the head is written. */
  interim(status: number, fields: Fields): void
  /**
   * Writes the head. Framing is the writer's: with `bodyLength` it sends Content-Length, without it chunks (or closes, for HTTP/1.0). Fields must
   * not carry hop-by-hop fields or Content-Length. For HEAD, 204 and 304 no body follows, and Content-Length is sent as given.
   */
  head(head: ResponseHead, bodyLength: number | undefined): void
  /** False: wait for `onDrain` before more. Ignored for HEAD, 204, 304 and after the client has left. */
  write(chunk: Uint8Array): boolean
  onDrain(run: () => void): void
  /** Ends the answer, with trailers where the framing allows them. */
  end(trailers?: Fields): void
  /** Head and whole body in one go: the way of a hit. */
  respond(head: ResponseHead, body: Uint8Array): void
  /** Cuts the connection: the answer cannot be completed truthfully. */
  destroy(): void
  /** Bytes of body written so far, for the log. */
  readonly bytesWritten: number
}

/** The error with which a request's body stream ends when it exceeds the limit. */
export class BodyTooLarge extends Error {
  constructor(limit: number) {
    super(`Request body is larger than ${limit} bytes`)
    this.name = 'BodyTooLarge'
  }
}

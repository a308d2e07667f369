/**
 * Which requests leave HTTP. Only WebSocket is tunnelled; an upgrade to anything else is declined by an ordinary answer (RFC 9110 §7.8), and so is
 * one that brings a body.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Request } from '../http/request.ts'
import type { Milliseconds } from '../time.ts'

export interface Upgrade {
  readonly message: IncomingMessage
  readonly socket: Duplex
  /** What came behind the request already. */
  readonly head: Buffer
  /** With the end-to-end fields; those that ask for the upgrade are the tunnel's to add. */
  readonly request: Request
  readonly clientAddress: string
  readonly isTrusted: boolean
  readonly startedAt: Milliseconds
}

export function asksForTunnel({ method, headers, httpVersion }: IncomingMessage): boolean {
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  // RFC 9110 §7.8: in HTTP/1.0 it means nothing.
  return method === 'GET' && httpVersion !== '1.0' && headers.upgrade?.toLowerCase() === 'websocket' && !hasBody
}

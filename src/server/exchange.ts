/**
 * An exchange over node:http. Framing is decided here: a length that we know, chunks, or the end of the connection for clients of HTTP/1.0;
 * an answer that turns out shorter or longer than its length is cut, so that nobody takes it for whole.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Readable } from 'node:stream'
import type { Fields } from '../http/fields.ts'
import type { Request } from '../http/request.ts'
import type { ResponseHead } from '../http/response.ts'
import type { Exchange } from '../proxy/exchange.ts'
import type { Milliseconds } from '../time.ts'
import type { Connection } from './connection.ts'
import type { Verdict } from './gate.ts'
import { type Refusal, refusalFields, refusalText } from './refusal.ts'
import { type RequestBody, requestBody } from './request-body.ts'
import { isPhrase, unframed, writable } from './response-fields.ts'

/** What all exchanges of a listener share. */
export interface Edge {
  readonly bodySize: number
  /** Shutting down: every answer is the last on its connection. */
  isDraining: boolean
  /** For what went wrong and cost no answer. */
  readonly fault: (error: Error) => void
}

export interface Arrived {
  readonly message: IncomingMessage
  readonly response: ServerResponse
  readonly connection: Connection
  readonly admitted: Extract<Verdict, { kind: 'ok' }>
  readonly startedAt: Milliseconds
}

/** A request's rest that is shorter than this is read and thrown away; for a longer one the connection is closed. */
const shortRest = 65_536

/** Bytes that may wait for a client while interim responses are added. */
const mostWaiting = 65_536

export class NodeExchange implements Exchange {
  readonly request: Request
  readonly startedAt: Milliseconds
  readonly bodyLength: number | undefined
  bytesWritten = 0
  readonly #message: IncomingMessage
  readonly #response: ServerResponse
  readonly #connection: Connection
  readonly #edge: Edge
  readonly #body: RequestBody | undefined
  /** Expect: 100-continue was answered before the request went on; the origin's 100 would be a second one. */
  readonly #isContinued: boolean
  /** Bytes that the head promised; undefined: not said. */
  #promised: number | undefined
  #hasBody = true
  #hasLeft = false
  #whenGone: Array<() => void> | undefined

  constructor(arrived: Arrived, edge: Edge) {
    const { message, admitted } = arrived
    this.request = admitted.request
    this.startedAt = arrived.startedAt
    this.bodyLength = admitted.bodyLength
    this.#message = message
    this.#response = arrived.response
    this.#connection = arrived.connection
    this.#edge = edge
    this.#isContinued = admitted.isContinueExpected
    this.#body = admitted.body === 'none' ? undefined : requestBody(message, edge.bodySize)
  }

  get clientAddress(): string {
    return this.#connection.clientAddress
  }

  get isTrusted(): boolean {
    return this.#connection.isTrusted
  }

  get body(): Readable | undefined {
    return this.#body?.stream
  }

  get isGone(): boolean {
    return this.#hasLeft || (this.#message.socket.destroyed && !this.#response.writableEnded)
  }

  get isHeadWritten(): boolean {
    return this.#response.headersSent
  }

  /** Whether bytes of the request are still to come. */
  get isReceiving(): boolean {
    return this.#body !== undefined && !this.#message.complete
  }

  onGone(run: () => void): void {
    if (this.isGone) run()
    else if (this.#whenGone === undefined) this.#whenGone = [run]
    else this.#whenGone.push(run)
  }

  interim(status: number, fields: Fields): void {
    // RFC 9110 §15.2: never to HTTP/1.0, and forwarded otherwise. 101 ends HTTP.
    if (this.isGone || this.isHeadWritten || this.#message.httpVersion === '1.0') return
    if (status < 100 || status > 199 || status === 101 || (status === 100 && this.#isContinued)) return
    // A hint. A client that takes no bytes gets no more of them, or an origin that never ends them would fill our memory.
    if (this.#response.writableLength > mostWaiting) return
    this.#response.writeInformation(status, this.#writable(unframed(fields)))
  }

  head(head: ResponseHead, bodyLength: number | undefined): void {
    if (this.isGone) return
    const fields = unframed(head.fields)
    this.#hasBody = head.status !== 204 && head.status !== 304 && this.request.method !== 'HEAD'
    this.#promised = bodyLength
    // RFC 9110 §8.6: never with a 204.
    if (bodyLength !== undefined && head.status !== 204) fields.push('Content-Length', String(bodyLength))
    this.#writeHead(head, fields)
    // Node keeps the head for the first bytes of the body. Where those take their time, the client has it without them.
    if (this.#hasBody) setImmediate(flushHead, this)
  }

  write(chunk: Uint8Array): boolean {
    if (this.isGone || !this.#hasBody || this.#response.writableEnded) return true
    this.bytesWritten += chunk.byteLength
    if (this.#promised !== undefined && this.bytesWritten > this.#promised) {
      this.destroy()
      return true
    }
    return this.#response.write(chunk)
  }

  onDrain(run: () => void): void {
    this.#response.once('drain', run)
  }

  end(trailers: Fields = []): void {
    if (this.isGone) return
    if (this.#hasBody && this.#promised !== undefined && this.bytesWritten < this.#promised) {
      this.destroy()
      return
    }
    if (trailers.length > 0 && this.#hasBody) this.#response.addTrailers(pairs(this.#writable(unframed(trailers))))
    this.#response.end()
  }

  respond(head: ResponseHead, body: Uint8Array): void {
    if (this.isGone) return
    const { status } = head
    const fields = unframed(head.fields)
    if (status === 204 || status === 304) {
      this.#writeHead(head, fields)
      this.#response.end()
      return
    }
    fields.push('Content-Length', String(body.byteLength))
    this.#writeHead(head, fields)
    if (this.request.method !== 'HEAD') this.bytesWritten = body.byteLength
    this.#response.end(body)
  }

  destroy(): void {
    this.#message.socket.destroy()
  }

  /** The request broke while it was coming: answered here, and for whoever works on it the client has left. */
  fail(refusal: Refusal): void {
    if (this.isHeadWritten) this.destroy()
    else {
      this.#connection.closeAfterAnswer()
      this.#response.writeHead(refusal.status, refusalFields(refusal))
      this.#response.end(refusalText(refusal))
    }
    this.#leave()
    this.#body?.stream.destroy(new Error('Request broke off'))
  }

  /** The answer has left, or the connection is gone. */
  closed(): void {
    if (!this.#response.writableEnded) this.#leave()
  }

  flushHead(): void {
    if (this.bytesWritten === 0 && !this.isGone && !this.#response.writableEnded) this.#response.flushHeaders()
  }

  #leave(): void {
    this.#hasLeft = true
    const waiting = this.#whenGone
    this.#whenGone = undefined
    if (waiting !== undefined) for (const run of waiting) run()
  }

  #writeHead({ status, reasonPhrase }: ResponseHead, fields: string[]): void {
    const response = this.#response
    // RFC 9112 §6.1: no chunks, whatever its TE says.
    if (this.#message.httpVersion === '1.0') response.useChunkedEncodingByDefault = false
    if (this.#edge.isDraining) response.shouldKeepAlive = false
    if (this.#body !== undefined) this.#settleRequest(this.#body)
    if (!response.shouldKeepAlive) this.#connection.isClosing = true
    const phrase = reasonPhrase === '' ? (STATUS_CODES[status] ?? '') : reasonPhrase
    try {
      response.writeHead(status, phrase, fields)
    } catch {
      response.writeHead(status, isPhrase(phrase) ? phrase : '', this.#writable(fields))
    }
  }

  /** The rest of a request that nobody reads would be read as the next one's head: the connection ends with this answer. */
  #settleRequest(body: RequestBody): void {
    if (this.#message.complete || body.isWanted) return
    if (this.bodyLength !== undefined && this.bodyLength <= shortRest) return
    this.#response.shouldKeepAlive = false
    this.#connection.closeAfterAnswer()
    // Read and thrown away while the connection lingers: a client that sends before it reads would never get to the answer.
    this.#message.removeAllListeners('data').resume()
  }

  #writable(fields: Fields): string[] {
    const { fields: kept, dropped } = writable(fields)
    for (const name of dropped) this.#edge.fault(new TypeError(`Dropped a field that cannot be written: ${JSON.stringify(name)}`))
    return kept
  }
}

function flushHead(exchange: NodeExchange): void {
  exchange.flushHead()
}

function pairs(fields: Fields): Array<[string, string]> {
  const paired: Array<[string, string]> = []
  for (let i = 0; i < fields.length; i += 2) paired.push([fields[i] as string, fields[i + 1] as string])
  return paired
}

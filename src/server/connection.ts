/**
 * One client's connection, between its requests: who is at the other end, which answers are still owed, and how it ends. Node answers
 * pipelined requests in their order; what must wait for the last of them waits here.
 */
import type { Socket } from 'node:net'
import { type Clock, milliseconds } from '../time.ts'
import type { NodeExchange } from './exchange.ts'
import { formatRefusal, type Refusal } from './refusal.ts'

/** How long a refused client may go on sending. Closed at once, its own bytes would make the kernel discard the answer (RST). */
const lingering = milliseconds(2_000)

/**
 * Answers owed above which no more requests are read. Each costs a hundred times its bytes, and one client may send them without end. Those that
 * came in one packet are all looked at, so there may be more.
 */
const mostOwed = 64

export class Connection {
  readonly socket: Socket
  readonly clientAddress: string
  readonly isTrusted: boolean
  /** Nothing that follows on it is looked at: its last answer is known. */
  isClosing = false
  readonly #clock: Clock
  /** Exchanges whose answer has not left whole, oldest first. */
  readonly #open = new Set<NodeExchange>()
  #whenAnswered: (() => void) | undefined

  constructor(socket: Socket, peer: { readonly address: string; readonly isTrusted: boolean }, clock: Clock) {
    this.socket = socket
    this.clientAddress = peer.address
    this.isTrusted = peer.isTrusted
    this.#clock = clock
  }

  get isIdle(): boolean {
    return this.#open.size === 0
  }

  opened(exchange: NodeExchange): void {
    this.#open.add(exchange)
    // Node reads on at the end of every request: after those of this packet.
    if (this.#open.size >= mostOwed) setImmediate(holdBack, this)
  }

  closed(exchange: NodeExchange): void {
    this.#open.delete(exchange)
    if (this.#open.size === mostOwed - 1) this.socket.resume()
    if (this.isIdle) this.#whenAnswered?.()
  }

  /** Reads no further until answers have left. */
  holdBack(): void {
    if (this.#open.size >= mostOwed) this.socket.pause()
  }

  /** The socket is closed. Not every version of Node tells that to answers that wait behind another. */
  lost(): void {
    for (const exchange of this.#open) exchange.closed()
  }

  /** The exchange whose request is not here whole; requests come one after the other, so it is the last. */
  get receiving(): NodeExchange | undefined {
    let last: NodeExchange | undefined
    for (const exchange of this.#open) last = exchange
    return last?.isReceiving ? last : undefined
  }

  /** Runs once, when every answer that is owed has left; at once when none is. */
  whenAnswered(run: () => void): void {
    if (this.isIdle) run()
    else this.#whenAnswered = run
  }

  /** From here on Node closes it gently too, when it has sent an answer with `Connection: close`. */
  closeAfterAnswer(): void {
    this.isClosing = true
    this.socket.destroySoon = () => this.#closeGently()
  }

  /** Behind everything that is owed: the last words on a connection whose bytes make no request. */
  refuse(refusal: Refusal): void {
    this.isClosing = true
    this.whenAnswered(() => {
      if (this.socket.writable) this.socket.write(formatRefusal(refusal, this.#clock.now()), 'latin1')
      this.#closeGently()
    })
  }

  /** Nothing is owed: closes as soon as what is written has gone out. */
  closeIdle(): void {
    this.isClosing = true
    this.socket.destroySoon()
  }

  #closeGently(): void {
    const { socket } = this
    socket.end()
    socket.resume()
    const timer = this.#clock.after(lingering, () => socket.destroy())
    socket.once('close', () => timer.cancel())
  }
}

function holdBack(connection: Connection): void {
  connection.holdBack()
}

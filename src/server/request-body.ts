/**
 * A request's body as the proxy gets it: counted against the limit, and a stream of its own. To destroy an IncomingMessage destroys the
 * client's connection, and with it the answer that says why nobody wants the body.
 */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { BodyTooLarge } from '../proxy/exchange.ts'

export interface RequestBody {
  readonly stream: Readable
  /** Whether somebody reads or has read it to the end. If not, what is left of it stands in the way of the next request. */
  readonly isWanted: boolean
}

/** `limit` in bytes, 0 for none. The stream errors with `BodyTooLarge` above it, and with the client's error when that leaves. */
export function requestBody(message: IncomingMessage, limit: number): RequestBody {
  let size = 0
  let isRead = false

  const stream = new Readable({
    read() {
      if (!isRead) begin()
      message.resume()
    },
    destroy(error, done) {
      // The reader left: the rest is counted and thrown away, so that the client gets as far as the answer.
      if (isRead && !(error instanceof BodyTooLarge)) message.resume()
      done(error)
    },
  })
  // Whoever reads it learns of an error; before anybody does, it must not end the process.
  stream.on('error', () => {})
  message.once('close', () => {
    if (!message.readableEnded) stream.destroy(new Error('Client left before the end of its request'))
  })

  function begin(): void {
    isRead = true
    message.on('data', take)
    message.once('end', () => stream.push(null))
  }

  function take(chunk: Buffer): void {
    size += chunk.length
    if (limit > 0 && size > limit) {
      message.pause()
      stream.destroy(new BodyTooLarge(limit))
    } else if (!stream.destroyed && !stream.push(chunk)) message.pause()
  }

  return {
    stream,
    get isWanted() {
      return isRead && (!stream.destroyed || stream.readableEnded)
    },
  }
}

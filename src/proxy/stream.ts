/** Origin to client, at the client's pace: nothing is kept, and whoever leaves ends the other side. */
import { endToEnd } from '../http/hop-by-hop.ts'
import type { OriginResponse } from '../origin/origin.ts'
import type { Exchange } from './exchange.ts'

export type Streamed = 'complete' | 'cut' | 'gone'

/**
 * Resolves when the body has gone out whole (`complete`), broke (`cut`: the client's connection is cut too), or the client has left (`gone`).
 * `beforeEnd` is awaited once, whichever it is; after the last byte and before the end of an answer that is complete.
 */
export function stream(
  response: OriginResponse,
  exchange: Exchange,
  beforeEnd?: (how: Streamed) => Promise<void>,
): Promise<Streamed> {
  const { body } = response
  const { promise, resolve, reject } = Promise.withResolvers<Streamed>()
  let isOver = false

  function over(how: Streamed): void {
    if (isOver) return
    isOver = true
    if (beforeEnd === undefined) conclude(how)
    else
      beforeEnd(how).then(
        () => conclude(how),
        (error) => fail(error),
      )
  }

  /** A defect: whoever awaits this hears of it, and nothing is left open. */
  function fail(error: unknown): void {
    isOver = true
    body.destroy()
    reject(error)
  }

  function conclude(how: Streamed): void {
    try {
      if (how === 'complete') exchange.end(endToEnd(response.trailers()))
      if (how === 'cut' && !exchange.isGone) exchange.destroy()
      resolve(how)
    } catch (error) {
      fail(error)
    }
  }

  function mayGoOn(chunk: Buffer): boolean {
    try {
      return exchange.isGone || exchange.write(chunk)
    } catch (error) {
      fail(error)
      return true
    }
  }

  body.on('data', (chunk: Buffer) => {
    if (isOver || mayGoOn(chunk)) return
    body.pause()
    exchange.onDrain(() => body.resume())
  })
  body.once('end', () => over('complete'))
  body.on('error', () => over('cut'))
  body.once('close', () => over('cut'))
  exchange.onGone(() => {
    over('gone')
    body.destroy()
  })
  // Whoever looked into it before has left it paused.
  if (!exchange.isGone) body.resume()
  if (body.destroyed) over('cut')
  return promise
}

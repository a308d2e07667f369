/** Origin to client, at the client's pace: nothing is kept, and whoever leaves ends the other side. */
import { endToEnd } from '../http/hop-by-hop.ts'
import type { OriginResponse } from '../origin/origin.ts'
import type { Exchange } from './exchange.ts'

/**
 * Resolves when the body has gone out whole (`complete`), broke (`cut`: the client's connection is cut too), or the client has left.
 * `beforeEnd` is awaited between the last byte and the end of the answer, also when the client has left meanwhile.
 */
export function stream(
  response: OriginResponse,
  exchange: Exchange,
  beforeEnd?: () => Promise<void>,
): Promise<'complete' | 'cut' | 'gone'> {
  const { body } = response
  return new Promise((resolve) => {
    body.on('data', (chunk: Buffer) => {
      if (exchange.write(chunk)) return
      body.pause()
      exchange.onDrain(() => body.resume())
    })
    const finish = (): void => {
      exchange.end(endToEnd(response.trailers()))
      resolve('complete')
    }
    let isEnded = false
    body.once('end', () => {
      isEnded = true
      if (beforeEnd === undefined) finish()
      else beforeEnd().then(finish, cut)
    })
    const cut = (): void => {
      if (!exchange.isGone) exchange.destroy()
      resolve('cut')
    }
    body.once('error', cut)
    body.once('close', () => {
      if (!isEnded) cut()
    })
    exchange.onGone(() => {
      resolve('gone')
      body.destroy()
    })
  })
}

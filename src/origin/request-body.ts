/** The body of a request on its way to the origin: whether its end is the client's doing. */
import { Readable } from 'node:stream'
import type { OriginRequest } from './origin.ts'

/**
 * Before undici listens, so that a body that breaks off is known for what it is: the caller's end of the exchange, not the origin's. Where it
 * already has, `breakOff` is called at once.
 */
export function watchRequestBody(body: OriginRequest['body'], breakOff: (cause?: Error) => void): void {
  if (!(body instanceof Readable)) return
  body.on('error', breakOff)
  body.on('close', () => {
    if (!body.readableEnded) breakOff()
  })
  if (body.destroyed && !body.readableEnded) breakOff()
}

/** Reads a body into memory up to a limit, and gives it back untouched when it turns out to be longer. */
import type { Readable } from 'node:stream'

export type ReadWhole =
  | { readonly kind: 'whole'; readonly body: Uint8Array }
  /** Longer than the limit: the source is paused and still delivers everything from its first byte. */
  | { readonly kind: 'longer' }
  | { readonly kind: 'failed'; readonly error: Error }

export function readWhole(source: Readable, limit: number): Promise<ReadWhole> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    const settle = (result: ReadWhole): void => {
      source.off('data', take).off('end', finish).off('error', fail).off('close', close)
      resolve(result)
    }
    const take = (chunk: Buffer): void => {
      chunks.push(chunk)
      size += chunk.length
      if (size <= limit) return
      source.pause()
      settle({ kind: 'longer' })
      source.unshift(Buffer.concat(chunks))
    }
    const finish = (): void =>
      settle({ kind: 'whole', body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks) })
    const fail = (error: Error): void => settle({ kind: 'failed', error })
    const close = (): void => fail(source.errored ?? new Error('Body closed before its end'))
    // It will not say so again.
    if (source.destroyed && !source.readableEnded) return close()
    source.on('data', take).once('end', finish).once('error', fail).once('close', close)
  })
}

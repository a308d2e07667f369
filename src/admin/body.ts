/** The body of a request to the operator's edge: short, JSON, and otherwise refused with what to write. Never throws. */
import type { IncomingMessage } from 'node:http'
import { type Answer, refuse } from './answer.ts'

export type Body = { readonly kind: 'json'; readonly value: unknown } | { readonly kind: 'refused'; readonly answer: Answer }

export const bodyLimit: number = 64 * 1024

export async function readJson(request: IncomingMessage): Promise<Body> {
  const bytes = await readBounded(request)
  if (bytes === undefined) {
    return refused(
      413,
      `The body is larger than ${bodyLimit} bytes`,
      'Split the purge, or name a tag, a pattern or a rule instead',
    )
  }
  try {
    return { kind: 'json', value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch {
    return refused(400, 'The body is not JSON', 'Write an object, as in {"tag": "experiences"}')
  }
}

/** What is above the limit is read a while longer and dropped: closing on a peer that still writes would cost it the answer. */
const droppedLimit = 16 * bodyLimit

/** Undefined when it is too long. */
async function readBounded(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  return new Promise((resolve) => {
    const finish = (): void => resolve(size > bodyLimit ? undefined : Buffer.concat(chunks))
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= bodyLimit) chunks.push(chunk)
      if (size > droppedLimit) finish()
    })
    request.once('end', finish)
    // Cut short: what came is no JSON, and nobody reads the answer.
    request.once('close', finish)
    request.once('error', finish)
  })
}

function refused(status: number, error: string, fix: string): Body {
  return { kind: 'refused', answer: refuse(status, { error, fix }) }
}

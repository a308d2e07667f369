/**
 * Completing a stored part (RFC 9111 §3.3, §3.4): the origin is asked for the rest alone, with If-Range, and what it sends goes on between the
 * bytes that are held as if it had sent the whole. Whatever does not fit to the byte is asked for again without any of this.
 */
import { Readable } from 'node:stream'
import type { Times } from '../cache/age.ts'
import type { Entry } from '../cache/entry.ts'
import {
  bytesWithin,
  formatRest,
  type Held,
  isCombinable,
  lastOfRest,
  type Part,
  partOf,
  type Rest,
  restOf,
  withNewFields,
} from '../cache/partial.ts'
import { olderStamp } from '../cache/validity.ts'
import { strongValidatorOf, validatorsOf } from '../http/conditional.ts'
import { type Fields, hasField } from '../http/fields.ts'
import { endToEnd } from '../http/hop-by-hop.ts'
import type { OriginResponse } from '../origin/origin.ts'
import { bodyOf } from './at-rest.ts'
import type { Errand } from './errand.ts'
import type { Parts } from './parts.ts'

export interface Completion {
  readonly entry: Entry
  readonly held: Held
  readonly rest: Rest
  /** Sent in place of the client's own. */
  readonly fields: Fields
}

/** Undefined where the rest cannot be asked for, or could not be joined. A request for a range of its own is forwarded as it is. */
export async function completionOf(parts: Parts, { partial, asker, read }: Errand): Promise<Completion | undefined> {
  if (partial?.part === undefined || hasField(asker.request.fields, 'range')) return undefined
  const { part } = partial
  const rest = restOf(part)
  const validator = strongValidatorOf(validatorsOf(partial.fields), parts.clock.now())
  // Nothing is joined without: the origin may send the whole all the same.
  if (rest === undefined || (validator === undefined && read.policy.parts !== 'lenient')) return undefined
  if ((part.length ?? 0) > Math.min(read.policy.maxSize, parts.settings.maxEntry)) return undefined
  const body = await bodyOf(partial)
  if (body === undefined) return undefined
  const condition = validator === undefined ? [] : ['If-Range', validator]
  return { entry: partial, held: { part, body }, rest, fields: ['Range', formatRest(rest), ...condition] }
}

/** The answer as if the whole had been asked for. Undefined: these are not the missing bytes of what is held. */
export function completed({ entry, held, rest }: Completion, response: OriginResponse, times: Times): OriginResponse | undefined {
  const brought = partOf(response, response.contentLength)
  const [range] = brought?.ranges ?? []
  if (brought === undefined || range === undefined || !isCombinable(entry.fields, response.fields, times.responseTime))
    return undefined
  const length = agreedLength(brought, held.part)
  if (length === undefined || range.first !== rest.first || range.last !== lastOfRest(rest, length)) return undefined
  const before = range.first === 0 ? undefined : bytesWithin(held, { first: 0, last: range.first - 1 })
  const after = range.last + 1 === length ? undefined : bytesWithin(held, { first: range.last + 1, last: length - 1 })
  return {
    status: 200,
    reasonPhrase: 'OK',
    fields: withNewFields(entry.fields, endToEnd(response.fields)),
    framing: 'length',
    contentLength: length,
    body: between(before, { body: response.body, length: range.last - range.first + 1 }, after),
    trailers: () => response.trailers(),
  }
}

/** What an answer gets from the stored part that goes into it. */
export function inheritedOf({ stamp, labels }: Entry, errand: Errand): Pick<Errand, 'stamp' | 'inherited'> {
  return { stamp: olderStamp(stamp, errand.stamp), inherited: labels }
}

function agreedLength(one: Part, other: Part): number | undefined {
  const length = one.length ?? other.length
  return other.length === undefined || other.length === length ? length : undefined
}

/** Fails where the origin's bytes are not as many as it said: the whole could not be told from one that was cut. */
function between(
  before: Uint8Array | undefined,
  rest: { readonly body: Readable; readonly length: number },
  after: Uint8Array | undefined,
): Readable {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    if (before !== undefined) yield before
    let left = rest.length
    for await (const chunk of rest.body as AsyncIterable<Buffer>) {
      left -= chunk.length
      if (left < 0) break
      yield chunk
    }
    if (left !== 0) throw new Error('Part of a response has another length than it says')
    if (after !== undefined) yield after
  }
  const whole = Readable.from(pieces(), { objectMode: false })
  // Whoever reads the whole learns of an error; and a whole that is let go lets go of the origin, also before its first byte was read.
  rest.body.on('error', () => {})
  whole.once('close', () => rest.body.destroy())
  return whole
}

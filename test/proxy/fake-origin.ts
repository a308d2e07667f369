/** An origin without a wire: each request is answered by the test's function, as the client of the real one would hand it over. */
import { Readable } from 'node:stream'
import type { Fields } from '../../src/http/fields.ts'
import { type Origin, OriginError, type OriginRequest, type OriginResponse, type SendOptions } from '../../src/origin/origin.ts'

export interface FakeOrigin extends Origin {
  /** As they were sent; bodies that stream are read by nobody unless the script does. */
  readonly requests: readonly OriginRequest[]
  readonly options: readonly SendOptions[]
  /** Every body that was handed over: each must have been read to its end or destroyed. */
  readonly bodies: readonly Readable[]
  script(next: Script): void
  /** How many answers nobody let go of. */
  leaked(): number
}

export type Script = (request: OriginRequest, options: SendOptions) => OriginResponse | Promise<OriginResponse>

export interface Given {
  readonly status?: number
  readonly fields?: Fields
  readonly body?: string | Readable
  readonly framing?: OriginResponse['framing']
  readonly contentLength?: number
  readonly trailers?: Fields
}

/** A whole answer with its length; with a stream or `framing`, as given. */
export function reply(given: Given = {}): OriginResponse {
  const { status = 200, fields = [], body = '', trailers = [] } = given
  const framing = given.framing ?? (status === 204 || status === 304 ? 'none' : typeof body === 'string' ? 'length' : 'chunked')
  const length = given.contentLength ?? (typeof body === 'string' ? Buffer.byteLength(body) : undefined)
  const contentLength = framing === 'length' ? length : undefined
  const stream = typeof body === 'string' ? Readable.from(body === '' ? [] : [Buffer.from(body)], { objectMode: false }) : body
  stream.on('error', () => {})
  return {
    status,
    reasonPhrase: '',
    fields: contentLength === undefined ? fields : [...fields, 'Content-Length', String(contentLength)],
    framing,
    contentLength,
    body: stream,
    trailers: () => trailers,
  }
}

/** A body that the test pushes, ends and breaks. */
export function openBody(): Readable {
  return new Readable({ read() {} })
}

export function failure(name: OriginError['failure'] = 'origin-timeout', isSent = true): OriginError {
  return new OriginError(name, isSent, 'Failed as told')
}

export function makeOrigin(first: Script = ({ target }) => reply({ body: target })): FakeOrigin {
  const requests: OriginRequest[] = []
  const options: SendOptions[] = []
  const bodies: Readable[] = []
  let script = first
  return {
    requests,
    options,
    bodies,
    script(next) {
      script = next
    },
    leaked: () => bodies.filter((body) => !body.readableEnded && !body.destroyed).length,
    async send(request, given = {}) {
      requests.push(request)
      options.push(given)
      const response = await script(request, given)
      bodies.push(response.body)
      return response
    },
    status: () => ({ isReachable: true, circuit: 'closed', inFlight: 0, queued: 0, addresses: [] }),
    close: async () => {},
  }
}

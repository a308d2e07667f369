/**
 * One try of one request on one connection, from dispatch to the last byte of the body. It owns the connection until then, and everything
 * that undici leaves open: deadlines that keep their time, back-pressure, proof of the body's end, and an end that happens exactly once.
 */
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Fields } from '../http/fields.ts'
import { type Clock, milliseconds } from '../time.ts'
import type { Connection } from './connections.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import { explain } from './explain.ts'
import { endingError, type Leash } from './leash.ts'
import { OriginError, type OriginRequest, type OriginResponse } from './origin.ts'
import type { OriginSettings } from './origin-settings.ts'
import { watchRequestBody } from './request-body.ts'
import { decodeFields, parseHead, type ResponseHead } from './response-head.ts'

export interface ExchangePlan {
  readonly connection: Connection
  readonly request: OriginRequest
  /** The fields as checked, in place of the request's own. */
  readonly fields: Fields
  readonly leash: Leash
  readonly settings: OriginSettings
  readonly clock: Clock
  /** An event stream has begun: it may go on for hours. */
  readonly onStream: () => void
  /** The connection is free again after a whole head was delivered. Called once, and only if the head was. */
  readonly onDone: () => void
}

/** Why there was no head. */
export class ExchangeFailure extends OriginError {
  /** A reused connection broke before a byte came: most likely the origin closed it while idle, and never saw the request. */
  readonly isStaleConnection: boolean
  constructor(error: OriginError, isStaleConnection: boolean) {
    super(error.failure, error.isSent, error.message, error.cause)
    this.isStaleConnection = isStaleConnection
  }
}

/** Resolves at the head; rejects with `ExchangeFailure` only, the connection then being discarded. */
export function exchange(plan: ExchangePlan): Promise<OriginResponse> {
  return new Promise((resolve, reject) => new Exchange(plan, resolve, reject).start())
}

type Phase = 'connecting' | 'waiting' | 'body' | 'done'
type Head = Extract<ResponseHead, { kind: 'head' }>

class Exchange implements Dispatcher.DispatchHandler {
  readonly #plan: ExchangePlan
  readonly #resolve: (response: OriginResponse) => void
  readonly #reject: (failure: ExchangeFailure) => void
  readonly #wasOpen: boolean
  #phase: Phase = 'connecting'
  #deadline: Deadline
  #controller: Dispatcher.DispatchController | undefined
  #isReused = false
  #isSent = false
  #hasAnswerBegun = false
  #framing: Head['framing'] | undefined
  #body: Readable | undefined
  #trailers: Fields = []

  constructor(plan: ExchangePlan, resolve: (response: OriginResponse) => void, reject: (failure: ExchangeFailure) => void) {
    this.#plan = plan
    this.#resolve = resolve
    this.#reject = reject
    this.#wasOpen = plan.connection.isOpen()
    const { clock, settings } = plan
    this.#deadline = startDeadline(clock, settings.connectTimeout, () => this.#timeOut('connect', settings.connectTimeout))
  }

  start(): void {
    const { leash, request, fields, connection } = this.#plan
    leash.onEnd = (ending) => this.#fail(endingError(ending, this.#isSent))
    if (leash.ended) {
      this.#fail(endingError(leash.ended, false))
      return
    }
    watchRequestBody(request.body, (cause) =>
      this.#fail(new OriginError('aborted', this.#isSent, 'The request body broke off', cause)),
    )
    if (this.#phase === 'done') return
    connection.dispatch(
      {
        method: request.method as Dispatcher.HttpMethod,
        path: request.target,
        headers: fields as string[],
        body: (request.body as Readable | Buffer | undefined) ?? null,
      },
      this,
    )
  }

  /** The connection stands; the head is written next. From here on the origin may have seen the request. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#phase === 'done') {
      controller.abort(new Error('The exchange is over'))
      return
    }
    this.#isReused = this.#plan.connection.countUse()
    this.#isSent = true
    this.#phase = 'waiting'
    const { clock, settings } = this.#plan
    this.#deadline.cancel()
    this.#deadline = startDeadline(clock, settings.headersTimeout, () => this.#timeOut('answer', settings.headersTimeout))
  }

  onBodySent(): void {
    if (this.#phase === 'waiting') this.#deadline.restart()
  }

  onRequestSent(): void {
    if (this.#phase === 'waiting') this.#deadline.restart()
  }

  onResponseStarted(): void {
    this.#hasAnswerBegun = true
  }

  /** Also called for interim responses, which do not put off the deadline: an origin could send them for ever. */
  onResponseStart(controller: Dispatcher.DispatchController, read: number, _headers: unknown, reasonPhrase?: string): void {
    if (this.#phase === 'done') return
    const { request, settings, connection } = this.#plan
    const status = connection.originStatus(read)
    const response = { method: request.method, status, reasonPhrase, fields: decodeFields(controller.rawHeaders) }
    const head = parseHead({ ...response, framing: settings.framing, tellsClose: connection.tellsClose })
    switch (head.kind) {
      case 'interim':
        request.onInterim?.(head.status, head.fields)
        break
      case 'broken':
        this.#fail(new OriginError('origin-broken', true, head.message))
        break
      case 'head':
        this.#deliver(head)
        break
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#phase !== 'body') return
    this.#deadline.restart()
    if (this.#body?.push(chunk)) return
    controller.pause()
    this.#deadline.pause()
    this.#plan.leash.total.pause()
  }

  /** undici has compared the length by now: a body that is too short ends in `onResponseError`. */
  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#phase !== 'body') return
    if (this.#framing === 'orderly-close' && !this.#plan.connection.isClosedInOrder()) {
      this.#fail(new OriginError('origin-broken', true, 'The connection to the origin broke before it was closed'))
      return
    }
    this.#trailers = decodeFields(controller.rawTrailers)
    this.#finish()
    this.#plan.connection.giveBack()
    this.#body?.push(null)
    this.#plan.onDone()
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#fail(explain(error, { isSent: this.#isSent, wasOpen: this.#wasOpen }))
  }

  /** undici never upgrades unasked; without this method it would refuse the handler for a request that could be. */
  onRequestUpgrade(): void {
    this.#fail(new OriginError('origin-broken', true, 'The origin switched protocols unasked'))
  }

  #deliver(head: Head): void {
    this.#phase = 'body'
    const { settings, clock, leash } = this.#plan
    this.#deadline.cancel()
    if (head.isEventStream) this.#plan.onStream()
    const silence = head.isEventStream ? milliseconds(0) : settings.bodyTimeout
    this.#deadline = startDeadline(clock, silence, () => this.#timeOut('body', silence))
    // A stream without an announced length may go on for hours: silence ends it, not its age.
    if (head.framing !== 'length' && head.framing !== 'none') leash.total.cancel()
    const body = new Readable({ read: () => this.#resume(), destroy: (error, callback) => this.#abandon(error, callback) })
    // Whoever reads it learns of an error by `pipeline`, `finished` or iteration; before somebody does, it must not end the process.
    body.on('error', () => {})
    this.#body = body
    this.#framing = head.framing
    const { status, reasonPhrase, fields, framing, contentLength } = head
    this.#resolve({ status, reasonPhrase, fields, framing, contentLength, body, trailers: () => this.#trailers })
  }

  /** In a microtask: undici's parser must not be entered from within another connection's callback, where a reader may well be. */
  #resume(): void {
    if (this.#phase !== 'body' || !this.#controller?.paused) return
    queueMicrotask(() => {
      if (this.#phase !== 'body') return
      this.#deadline.resume()
      this.#deadline.restart()
      this.#plan.leash.total.resume()
      this.#controller?.resume()
    })
  }

  /** The reader destroyed the body: the rest of it is wanted by nobody, and only closing the connection stops it. */
  #abandon(error: Error | null, callback: (error: Error | null) => void): void {
    if (this.#phase === 'body') this.#fail(new OriginError('aborted', true, 'The reader left'))
    callback(error)
  }

  #timeOut(what: 'connect' | 'answer' | 'body', limit: number): void {
    const message = { connect: 'No connection', answer: 'No answer', body: 'Nothing more of the body' }[what]
    this.#fail(new OriginError('origin-timeout', this.#isSent, `${message} from the origin within ${limit} ms`))
  }

  #fail(error: OriginError): void {
    if (this.#phase === 'done') return
    const hadHead = this.#phase === 'body'
    const isStaleConnection = error.failure === 'origin-broken' && !this.#hasAnswerBegun && (this.#isReused || !this.#isSent)
    this.#finish()
    // Through the controller, since that also destroys the request's body, sparing the client's connection where it is an IncomingMessage.
    this.#controller?.abort(error)
    this.#plan.connection.discard()
    if (hadHead) {
      this.#body?.destroy(error)
      this.#plan.onDone()
    } else this.#reject(new ExchangeFailure(error, isStaleConnection))
  }

  #finish(): void {
    this.#phase = 'done'
    this.#deadline.cancel()
    this.#plan.leash.onEnd = undefined
  }
}

/**
 * A body on its way: read once from the origin, written to every client that shares it, and kept whole for the store while it stays under
 * the limit. Above the limit it is no longer kept: the readers that are there get the rest at the pace of the slowest, nobody else joins,
 * and memory stays flat.
 */
import type { Readable } from 'node:stream'
import type { Fields } from '../http/fields.ts'

/** Where a reader's bytes go. Implementations ignore writes once their client has left. */
export interface Sink {
  /** False: no more before `onDrain`. */
  write(chunk: Uint8Array): boolean
  onDrain(run: () => void): void
  end(trailers: Fields): void
  /** The body broke: the answer cannot be completed truthfully. */
  cut(): void
  /** One of the others threw, which is a defect: it must cost neither the other readers nor the process. */
  failed(error: unknown): void
}

export type Captured =
  | { readonly kind: 'complete'; readonly body: Uint8Array }
  /** Larger than the limit: passed on, not kept. */
  | { readonly kind: 'overflow' }
  | { readonly kind: 'failed'; readonly error: Error }

export interface CaptureOptions {
  readonly source: Readable
  /** Bytes that may be kept. */
  readonly limit: number
  readonly trailers: () => Fields
}

interface Reader {
  readonly sink: Sink
  next: number
  isWaiting: boolean
  isStarted: boolean
  isCancelled: boolean
}

export interface Subscription {
  /** Begins writing to the sink. Until then the reader holds its place at the body's first byte. */
  start(): void
  /** The client has left. */
  cancel(): void
}

export class Capture {
  /** Settles when the last byte came, the limit was passed, or the body broke. Never rejects. */
  readonly settled: Promise<Captured>
  readonly #source: Readable
  readonly #limit: number
  readonly #trailers: () => Fields
  readonly #readers = new Set<Reader>()
  #chunks: Uint8Array[] = []
  /** Position of `#chunks[0]` in the body, counted in chunks. */
  #first = 0
  #bytes = 0
  #state: 'keeping' | 'passing' | 'ended' | 'failed' = 'keeping'
  #isEndSeen = false
  #settle: (captured: Captured) => void = () => {}

  constructor(options: CaptureOptions) {
    this.#source = options.source
    this.#limit = options.limit
    this.#trailers = options.trailers
    this.settled = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.#source.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#source.once('end', () => this.#finish())
    this.#source.once('error', (error: Error) => this.#fail(error))
    this.#source.once('close', () => this.#fail(new Error('Body closed before its end')))
  }

  /** Whether a newcomer can still get the whole body. */
  get isJoinable(): boolean {
    return this.#state === 'keeping' || this.#state === 'ended'
  }

  /** Adds a reader at the first byte. Call `start` once its head is written. Only while `isJoinable`. */
  subscribe(sink: Sink): Subscription {
    const reader: Reader = { sink, next: 0, isWaiting: false, isStarted: false, isCancelled: false }
    this.#readers.add(reader)
    return {
      start: () => {
        reader.isStarted = true
        this.#pump(reader)
        // The limit may have been passed while the reader had not begun: then the source waits for it.
        this.#release()
      },
      cancel: () => {
        reader.isCancelled = true
        this.#readers.delete(reader)
        this.#release()
      },
    }
  }

  #take(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#state === 'keeping' && this.#bytes > this.#limit) {
      this.#state = 'passing'
      this.#settle({ kind: 'overflow' })
    }
    for (const reader of this.#readers) this.#pump(reader)
    this.#release()
  }

  #finish(): void {
    this.#isEndSeen = true
    if (this.#state === 'keeping') {
      this.#state = 'ended'
      this.#settle({
        kind: 'complete',
        body: this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : Buffer.concat(this.#chunks),
      })
    }
    for (const reader of this.#readers) this.#pump(reader)
  }

  #fail(error: Error): void {
    if (this.#isEndSeen || this.#state === 'failed') return
    this.#state = 'failed'
    this.#settle({ kind: 'failed', error })
    for (const reader of this.#readers) if (reader.isStarted) this.#cut(reader)
  }

  #pump(reader: Reader): void {
    try {
      this.#write(reader)
    } catch (error) {
      this.#readers.delete(reader)
      reader.isCancelled = true
      reader.sink.failed(error)
    }
  }

  #write(reader: Reader): void {
    if (!reader.isStarted || reader.isWaiting || reader.isCancelled) return
    while (reader.next < this.#first + this.#chunks.length) {
      const chunk = this.#chunks[reader.next - this.#first] as Uint8Array
      reader.next += 1
      const mayGoOn = reader.sink.write(chunk)
      // Writing is how a client's leaving is found out.
      if (reader.isCancelled) return
      if (mayGoOn) continue
      reader.isWaiting = true
      reader.sink.onDrain(() => {
        reader.isWaiting = false
        this.#pump(reader)
        this.#release()
      })
      return
    }
    if (this.#isEndSeen) {
      this.#readers.delete(reader)
      reader.sink.end(this.#trailers())
    } else if (this.#state === 'failed') this.#cut(reader)
  }

  #cut(reader: Reader): void {
    this.#readers.delete(reader)
    reader.sink.cut()
  }

  /** While passing: forgets what every reader has, and reads on only when the slowest has caught up. */
  #release(): void {
    if (this.#state !== 'passing') return
    if (this.#readers.size === 0) {
      this.#source.destroy()
      return
    }
    let slowest = Number.POSITIVE_INFINITY
    for (const reader of this.#readers) slowest = Math.min(slowest, reader.next)
    if (slowest > this.#first) {
      this.#chunks = this.#chunks.slice(slowest - this.#first)
      this.#first = slowest
    }
    if (this.#chunks.length > 0) this.#source.pause()
    else if (this.#source.isPaused()) this.#source.resume()
  }
}

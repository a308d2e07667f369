/** A request's body on its way to the origin, with a copy of its first bytes for the templates that look into it. */
import { type Readable, Transform } from 'node:stream'

export class Tee {
  /** What goes to the origin. Ends, fails and waits as the source does. */
  readonly stream: Readable
  #chunks: Buffer[] | undefined = []
  #size = 0
  #isWhole = false

  constructor(source: Readable, limit: number) {
    this.stream = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.#size += chunk.length
        if (this.#size > limit) this.#chunks = undefined
        this.#chunks?.push(chunk)
        done(undefined, chunk)
      },
      flush: (done) => {
        this.#isWhole = true
        done()
      },
    })
    source.once('error', (error) => this.stream.destroy(error))
    source.once('close', () => {
      if (!source.readableEnded) this.stream.destroy(source.errored ?? new Error('Body closed before its end'))
    })
    // Whoever reads it learns of an error; before anybody does, it must not end the process.
    this.stream.on('error', () => {})
    this.stream.once('close', () => {
      if (!this.#isWhole) source.destroy()
    })
    if (source.destroyed && !source.readableEnded) this.stream.destroy(source.errored ?? undefined)
    else source.pipe(this.stream as Transform)
  }

  /** The whole body; undefined when it was longer than the limit, or was never sent whole. */
  get copy(): Uint8Array | undefined {
    return this.#isWhole && this.#chunks !== undefined ? Buffer.concat(this.#chunks) : undefined
  }
}

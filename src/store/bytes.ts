/**
 * Numbers and texts in a row of bytes. A reader never throws: past the end, or at what no writer writes, it stops being whole and gives
 * zeros and empty texts, so that one question at the end covers everything that was read.
 */

export class ByteWriter {
  #buffer = Buffer.allocUnsafe(1024)
  #length = 0

  byte(value: number): void {
    this.#reserve(1)
    this.#length = this.#buffer.writeUInt8(value, this.#length)
  }

  /** A whole number from 0 to 2^53 - 1, seven bits a byte, the low ones first. */
  count(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest >= 128) {
      this.#buffer[this.#length++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    this.#buffer[this.#length++] = rest
  }

  number(value: number): void {
    this.#reserve(8)
    this.#length = this.#buffer.writeDoubleBE(value, this.#length)
  }

  /** Exact for any string: a byte a character where that holds it, else two. UTF-8 would change a lone surrogate, and so a label. */
  text(value: string): void {
    const isNarrow = narrow.test(value)
    this.count(value.length * 2 + (isNarrow ? 0 : 1))
    this.#reserve(value.length * 2)
    this.#length += this.#buffer.write(value, this.#length, isNarrow ? 'latin1' : 'utf16le')
  }

  texts(values: readonly string[]): void {
    this.count(values.length)
    for (const value of values) this.text(value)
  }

  /** A view, valid until the next write. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + size))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a range of all that one byte holds
const narrow = /^[\u0000-\u00ff]*$/

export class ByteReader {
  readonly #buffer: Buffer
  #at = 0
  #isWhole = true

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Whether everything read so far was there. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  isAtEnd(): boolean {
    return this.#isWhole && this.#at === this.#buffer.length
  }

  byte(): number {
    const at = this.#take(1)
    return this.#isWhole ? (this.#buffer[at] as number) : 0
  }

  count(): number {
    let value = 0
    for (let scale = 1; this.#isWhole; scale *= 128) {
      const byte = this.byte()
      value += (byte % 128) * scale
      if (!Number.isSafeInteger(value)) this.#isWhole = false
      else if (byte < 128) return this.#isWhole ? value : 0
    }
    return 0
  }

  number(): number {
    const at = this.#take(8)
    return this.#isWhole ? this.#buffer.readDoubleBE(at) : 0
  }

  text(): string {
    const header = this.count()
    const isWide = header % 2 === 1
    const length = ((header - (isWide ? 1 : 0)) / 2) * (isWide ? 2 : 1)
    const at = this.#take(length)
    return this.#isWhole ? this.#buffer.toString(isWide ? 'utf16le' : 'latin1', at, at + length) : ''
  }

  texts(): string[] {
    const values: string[] = []
    // A count that lies ends where the bytes end.
    for (let left = this.count(); left > 0 && this.#isWhole; left -= 1) values.push(this.text())
    return values
  }

  /** The last `length` bytes, of which there must be no more and no fewer; a view. */
  rest(length: number): Buffer {
    if (length !== this.#buffer.length - this.#at) this.#isWhole = false
    const at = this.#take(length)
    return this.#isWhole ? this.#buffer.subarray(at) : Buffer.alloc(0)
  }

  #take(length: number): number {
    const at = this.#at
    if (length > this.#buffer.length - at) this.#isWhole = false
    else this.#at += length
    return at
  }
}

/**
 * Bytes outside the JavaScript heap, in blocks that are chained, given back at once, and used again. A buffer of its own for each value
 * would cost twice its size: the collector takes its time, and what it then gives back is in pieces. What is read is a copy, so that no
 * answer still on its way can see a block's next owner.
 */

/** Small, since half of one is lost for each value. */
const blockSize = 256
const blocksPerSlab = 4096
const none = -1

export class Arena {
  readonly #slabs: Buffer[] = []
  /** Of each slab's blocks, the one that follows. */
  readonly #next: Int32Array[] = []
  #free = none

  /** What so many bytes take here, their chain included. */
  static footprint(length: number): number {
    return Math.ceil(length / blockSize) * (blockSize + Int32Array.BYTES_PER_ELEMENT)
  }

  /** Keeps the parts as one value, at least a byte long; gives its first block. */
  write(parts: readonly Buffer[]): number {
    let first = none
    let block = none
    let room = 0
    for (const part of parts) {
      for (let from = 0; from < part.length; ) {
        if (room === 0) {
          const next = this.#take()
          if (block === none) first = next
          else this.#link(block, next)
          block = next
          room = blockSize
        }
        const copied = part.copy(this.#slab(block), this.#offset(block) + blockSize - room, from, from + room)
        from += copied
        room -= copied
      }
    }
    this.#link(block, none)
    return first
  }

  /** A copy of the value that begins with the block. */
  read(first: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length)
    let block = first
    for (let at = 0; at < length; ) {
      const start = block
      let next = this.#follow(block)
      // Blocks that follow each other are copied in one go.
      while (next === block + 1 && next % blocksPerSlab !== 0) {
        block = next
        next = this.#follow(block)
      }
      const offset = this.#offset(start)
      at += this.#slab(start).copy(bytes, at, offset, offset + (block - start + 1) * blockSize)
      block = next
    }
    return bytes
  }

  /** Gives back the value that begins with the block. */
  free(first: number): void {
    let last = first
    for (let next = this.#follow(last); next !== none; next = this.#follow(last)) last = next
    this.#link(last, this.#free)
    this.#free = first
  }

  #take(): number {
    if (this.#free === none) this.#grow()
    const block = this.#free
    this.#free = this.#follow(block)
    return block
  }

  #grow(): void {
    const start = this.#slabs.length * blocksPerSlab
    this.#slabs.push(Buffer.allocUnsafeSlow(blocksPerSlab * blockSize))
    this.#next.push(Int32Array.from({ length: blocksPerSlab }, (_, i) => (i + 1 < blocksPerSlab ? start + i + 1 : none)))
    this.#free = start
  }

  #slab(block: number): Buffer {
    return this.#slabs[Math.floor(block / blocksPerSlab)] as Buffer
  }

  #offset(block: number): number {
    return (block % blocksPerSlab) * blockSize
  }

  #follow(block: number): number {
    return this.#next[Math.floor(block / blocksPerSlab)]?.[block % blocksPerSlab] as number
  }

  #link(block: number, next: number): void {
    const slab = this.#next[Math.floor(block / blocksPerSlab)] as Int32Array
    slab[block % blocksPerSlab] = next
  }
}

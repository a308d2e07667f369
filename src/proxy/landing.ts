/**
 * Answers that are whole and on their way into a store elsewhere. Their clients have them, so somebody who was told of one may ask for it
 * before it lies there: who finds nothing waits for what is landing under the same primary key, and looks again.
 */
export class Landings {
  readonly #byKey = new Map<string, Set<Promise<unknown>>>()

  async own<T>(primaryKey: string, putting: Promise<T>): Promise<T> {
    const landing = this.#byKey.get(primaryKey) ?? new Set()
    this.#byKey.set(primaryKey, landing.add(putting))
    try {
      return await putting
    } finally {
      landing.delete(putting)
      if (landing.size === 0) this.#byKey.delete(primaryKey)
    }
  }

  /** Resolves when all that is on its way now lies there, or never will; undefined when nothing is. */
  find(primaryKey: string): Promise<unknown> | undefined {
    const landing = this.#byKey.get(primaryKey)
    return landing === undefined ? undefined : Promise.allSettled(landing)
  }
}

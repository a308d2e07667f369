/**
 * A bounded memory of short facts about keys: "its answers are not shared", "it wants credentials", "its answers vary by these fields".
 * Local to the process and lossy: forgetting costs a request to the origin, never a wrong answer. The oldest fact goes when it is full.
 */
import type { Instant } from '../time.ts'

export class Remembered<V> {
  readonly #limit: number
  readonly #facts = new Map<string, { readonly value: V; readonly until: Instant }>()

  constructor(limit: number) {
    this.#limit = limit
  }

  remember(key: string, value: V, until: Instant): void {
    this.#facts.delete(key)
    makeRoom(this.#facts, this.#limit)
    this.#facts.set(key, { value, until })
  }

  recall(key: string, now: Instant): V | undefined {
    const fact = this.#facts.get(key)
    if (fact === undefined) return undefined
    if (fact.until > now) return fact.value
    this.#facts.delete(key)
    return undefined
  }

  forget(key: string): void {
    this.#facts.delete(key)
  }

  clear(): void {
    this.#facts.clear()
  }

  get size(): number {
    return this.#facts.size
  }
}

/** For one more: the oldest goes when there are as many as may be. */
export function makeRoom(facts: Map<string, unknown>, limit: number): void {
  if (facts.size < limit) return
  const oldest = facts.keys().next()
  if (!oldest.done) facts.delete(oldest.value)
}

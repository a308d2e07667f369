/**
 * One patience for all that is asked on a connection. Everything waits equally long, so what was asked first is due first: a queue and a timer for
 * its head are enough, and an answer that comes in time costs neither a timer nor a search.
 */
import type { Clock, Milliseconds, Timer } from '../time.ts'
import { timedOut } from './circuit.ts'

/** Something that was asked; linked to what was asked next. */
interface Waiting {
  readonly due: number
  /** Undefined once it is over: what it led to must not be held here until the queue comes to it. */
  reject: ((error: Error) => void) | undefined
  next: Waiting | undefined
}

export class Deadlines {
  readonly #patience: Milliseconds
  readonly #clock: Clock
  #first: Waiting | undefined
  #last: Waiting | undefined
  #timer: Timer | undefined

  constructor(patience: Milliseconds, clock: Clock) {
    this.#patience = patience
    this.#clock = clock
  }

  /** What `work` gives, or a timeout; what it does later is nobody's any more. */
  within<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting = this.#add(reject)
      work().then(
        (value) => {
          this.#end(waiting)
          resolve(value)
        },
        (error) => {
          this.#end(waiting)
          reject(error)
        },
      )
    })
  }

  #add(reject: (error: Error) => void): Waiting {
    const waiting: Waiting = { due: this.#clock.monotonic() + this.#patience, reject, next: undefined }
    if (this.#last === undefined) this.#first = waiting
    else this.#last.next = waiting
    this.#last = waiting
    this.#timer ??= this.#clock.after(this.#patience, () => this.#look())
    return waiting
  }

  /** The timer stays: as a rule the next command is there before it comes. */
  #end(waiting: Waiting): void {
    waiting.reject = undefined
    this.#drop()
  }

  /** Lets go of those in front that are over. */
  #drop(): void {
    while (this.#first !== undefined && this.#first.reject === undefined) this.#first = this.#first.next
    if (this.#first === undefined) this.#last = undefined
  }

  #look(): void {
    this.#timer = undefined
    const now = this.#clock.monotonic()
    for (; this.#first !== undefined && this.#first.due <= now; this.#drop()) {
      this.#first.reject?.(new Error(timedOut))
      this.#first.reject = undefined
    }
    if (this.#first === undefined) return
    this.#timer = this.#clock.after((this.#first.due - now) as Milliseconds, () => this.#look())
  }
}

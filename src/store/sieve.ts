/**
 * Which one to evict: SIEVE (Zhang et al., NSDI 2024). Seats stand in the order in which they came; a hand walks from the oldest to the newest,
 * spares once whatever was used since it last passed, and takes the first that was not. A use is one assignment, nothing moves, and a scan of
 * what is asked for once passes through without washing out the rest.
 */

export interface Seat {
  isUsed: boolean
  older: this | undefined
  newer: this | undefined
}

export class Sieve<S extends Seat> {
  #oldest: S | undefined
  #newest: S | undefined
  #hand: S | undefined

  get newest(): S | undefined {
    return this.#newest
  }

  add(seat: S): void {
    seat.older = this.#newest
    if (this.#newest === undefined) this.#oldest = seat
    else this.#newest.newer = seat
    this.#newest = seat
  }

  remove(seat: S): void {
    if (this.#hand === seat) this.#hand = seat.newer
    if (seat.older === undefined) this.#oldest = seat.newer
    else seat.older.newer = seat.newer
    if (seat.newer === undefined) this.#newest = seat.older
    else seat.newer.older = seat.older
    seat.older = undefined
    seat.newer = undefined
  }

  /** Whom to evict; `isOver` tells who goes whether used or not. Undefined when there is nobody. The caller removes it. */
  choose(isOver: (seat: S) => boolean): S | undefined {
    let seat = this.#hand ?? this.#oldest
    while (seat?.isUsed && !isOver(seat)) {
      seat.isUsed = false
      seat = seat.newer ?? this.#oldest
    }
    this.#hand = seat
    return seat
  }
}

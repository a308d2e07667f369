/**
 * How many exchanges run at once, and how many may wait for their turn. Ours and not undici's: its queue knows neither a deadline nor a
 * caller that leaves. Everything here is O(1), whoever leaves from wherever in the queue.
 */
import type { Clock, Milliseconds, Timer } from '../time.ts'
import { endingError, type Leash } from './leash.ts'
import { OriginError } from './origin.ts'

export interface AdmissionSettings {
  readonly maxConnections: number
  readonly maxQueue: number
  readonly queueTimeout: Milliseconds
}

export interface Slot {
  /** Gives the place to who waits longest. Releasing twice is releasing once. */
  release(): void
}

export interface Admission {
  readonly inFlight: number
  readonly queued: number
  /**
   * Resolves with a slot, at once when one is free. Rejects with `origin-overloaded` when the queue is full or the wait too long, and
   * as the leash says when that ends. Background work never waits.
   */
  enter(leash: Leash, isBackground: boolean): Promise<Slot>
  /** Resolves when nothing runs and nobody waits. */
  idle(): Promise<void>
}

interface Waiter {
  readonly admit: (slot: Slot) => void
}

export function createAdmission(settings: AdmissionSettings, clock: Clock): Admission {
  const { maxConnections, maxQueue, queueTimeout } = settings
  /** A Set keeps the order and lets anybody leave from the middle. */
  const waiters = new Set<Waiter>()
  const idleWatchers = new Set<() => void>()
  let inFlight = 0

  function makeSlot(): Slot {
    let isHeld = true
    return {
      release() {
        if (!isHeld) return
        isHeld = false
        passOn()
      },
    }
  }

  function passOn(): void {
    for (const next of waiters) {
      next.admit(makeSlot())
      return
    }
    inFlight--
    if (inFlight > 0) return
    for (const watcher of idleWatchers) watcher()
    idleWatchers.clear()
  }

  function wait(leash: Leash): Promise<Slot> {
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined
      const waiter: Waiter = {
        admit(slot) {
          leave()
          resolve(slot)
        },
      }
      function leave(): void {
        waiters.delete(waiter)
        timer?.cancel()
        leash.onEnd = undefined
      }
      waiters.add(waiter)
      leash.onEnd = (ending) => {
        leave()
        reject(endingError(ending, false))
      }
      if (queueTimeout <= 0) return
      timer = clock.after(queueTimeout, () => {
        leave()
        reject(new OriginError('origin-overloaded', false, `No connection to the origin became free within ${queueTimeout} ms`))
      })
    })
  }

  return {
    get inFlight() {
      return inFlight
    },
    get queued() {
      return waiters.size
    },
    async enter(leash, isBackground) {
      if (leash.ended) throw endingError(leash.ended, false)
      if (inFlight < maxConnections) {
        inFlight++
        return makeSlot()
      }
      if (isBackground) throw new OriginError('origin-overloaded', false, 'Background work does not wait for a connection')
      if (waiters.size >= maxQueue)
        throw new OriginError('origin-overloaded', false, `The queue is full: ${maxQueue} wait already`)
      return wait(leash)
    },
    idle() {
      if (inFlight === 0) return Promise.resolve()
      return new Promise((resolve) => {
        idleWatchers.add(resolve)
      })
    },
  }
}

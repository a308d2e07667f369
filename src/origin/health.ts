/**
 * Which address gets the next request: in turn, except those that failed several times in a row. Those rest for a cool-down and then get
 * one request as a probe. Nothing is asked that no client asked for.
 */
import type { Clock } from '../time.ts'
import type { HealthSettings } from './origin-settings.ts'

export interface Address {
  readonly url: string
}

export interface Health {
  /** The next address; one of `tried` only when there is no other. With all of them down, the one whose rest ends first. */
  choose(tried?: ReadonlySet<Address>): Address
  succeeded(address: Address): void
  failed(address: Address): void
  /** The exchange ended without saying anything about the address (the caller left): a probe may be made again. */
  abandoned(address: Address): void
  /** Whether every address failed the last time it was asked. */
  isFailingEverywhere(): boolean
  list(): ReadonlyArray<{ readonly url: string; readonly isUp: boolean }>
}

interface Watched extends Address {
  failures: number
  /** Monotonic time until which it rests; undefined while it is up. */
  downUntil: number | undefined
  isProbed: boolean
}

/** `random` gives 0 to 1 and is a parameter for the tests' sake. */
export function createHealth(
  addresses: readonly string[],
  settings: HealthSettings & { readonly random?: () => number },
  clock: Clock,
): Health {
  const { consecutiveFailures, coolDown, jitter, random = Math.random } = settings
  const watched: Watched[] = addresses.map((url) => ({ url, failures: 0, downUntil: undefined, isProbed: false }))
  let turn = 0

  function mayServe(address: Watched, now: number): boolean {
    return address.downUntil === undefined || (now >= address.downUntil && !address.isProbed)
  }

  function pick(tried: ReadonlySet<Address> | undefined): Watched {
    const now = clock.monotonic()
    let soonest: Watched | undefined
    for (let i = 0; i < watched.length; i++) {
      const address = watched[(turn + i) % watched.length] as Watched
      if (tried?.has(address)) continue
      if (mayServe(address, now)) {
        turn = (turn + i + 1) % watched.length
        return address
      }
      if (soonest === undefined || (address.downUntil ?? 0) < (soonest.downUntil ?? 0)) soonest = address
    }
    // Better a try at an address that rests than no answer: to stop trying altogether is the circuit breaker's business.
    return soonest ?? (watched[turn % watched.length] as Watched)
  }

  return {
    choose(tried) {
      const address = pick(tried)
      if (address.downUntil !== undefined) address.isProbed = true
      return address
    },
    succeeded(address) {
      Object.assign(address, { failures: 0, downUntil: undefined, isProbed: false })
    },
    failed(address) {
      const failing = address as Watched
      failing.failures++
      failing.isProbed = false
      if (failing.failures >= consecutiveFailures) failing.downUntil = clock.monotonic() + coolDown * (1 + jitter * random())
    },
    abandoned(address) {
      ;(address as Watched).isProbed = false
    },
    isFailingEverywhere: () => watched.every(({ failures }) => failures > 0),
    list: () => watched.map(({ url, downUntil }) => ({ url, isUp: downUntil === undefined })),
  }
}

/** The limits that Node's own parser and timers keep, as options of its server. */
import type { ServerOptions } from 'node:http'
import type { ServerSettings } from '../settings/settings.ts'

/** As good as none, where Node would take 0 for its default. */
const unlimited = 2 ** 31 - 1

export function httpOptions(limits: ServerSettings['limits']): ServerOptions {
  const { headerSize, targetSize, headerTimeout, requestTimeout, idleTimeout } = limits
  return {
    // Node counts the target in. The gate tells the two apart; what exceeds both together does not get as far.
    maxHeaderSize: headerSize > 0 && targetSize > 0 ? headerSize + targetSize : unlimited,
    // Node wants the shorter of the two to be this one.
    headersTimeout: requestTimeout > 0 ? Math.min(headerTimeout || requestTimeout, requestTimeout) : headerTimeout,
    requestTimeout,
    connectionsCheckingInterval: checkingInterval([headerTimeout, requestTimeout]),
    keepAliveTimeout: idleTimeout,
    noDelay: true,
    // A peer that vanished without a word is noticed some minutes later.
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    // Said here, because a flag of Node's could say otherwise.
    insecureHTTPParser: false,
    // The gate does it, and says why.
    requireHostHeader: false,
    // A request without a body is never read as a stream.
    optimizeEmptyRequests: true,
  }
}

/** Often enough that a timeout is late by a fraction of itself. */
function checkingInterval(timeouts: readonly number[]): number {
  const shortest = Math.min(...timeouts.filter((timeout) => timeout > 0), 2_000)
  return Math.max(20, Math.round(shortest / 2))
}

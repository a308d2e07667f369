/**
 * Hears from the Sentinels that another is primary. A primary that they cannot reach may still answer us, and take purges that nobody else
 * will ever see: its own connection says nothing of that.
 */
import { isIP } from 'node:net'
import type { Redis } from 'ioredis'
import { accessOptions, reconnectDelay } from './client.ts'
import type { SentinelTarget } from './target.ts'

const channel = '+switch-master'

/** Tells the address of the primary whenever a Sentinel names it. `close` ends that. */
export function watchSentinels(make: typeof Redis, target: SentinelTarget, named: (address: string) => void): { close(): void } {
  const sentinels = target.sentinels.map(({ host, port }) => {
    const sentinel = new make({
      host,
      port,
      ...accessOptions(target.sentinelAccess),
      enableReadyCheck: false,
      maxRetriesPerRequest: 0,
      retryStrategy: reconnectDelay,
    })
    // A Sentinel that is away is no news: the others speak.
    sentinel.on('error', () => {})
    sentinel.on('message', (_, text) => {
      const [name, , , newHost, newPort] = text.split(' ')
      if (name === target.name) named(`${newHost}:${newPort}`)
    })
    sentinel.on('ready', () => void listen(sentinel))
    return sentinel
  })

  /** What was said before we listened is asked for. */
  async function listen(sentinel: Redis): Promise<void> {
    try {
      await sentinel.subscribe(channel)
      const said = await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', target.name)
      if (Array.isArray(said)) named(said.join(':'))
    } catch {
      // Its connection is lost, or it does not know the name; the next one that is ready asks again.
    }
  }

  return {
    close() {
      for (const sentinel of sentinels) sentinel.disconnect()
    },
  }
}

/** What the connection to the primary does when a Sentinel names one: leaves, if it is connected to another, once for each time it is named. */
export function leaveReplaced(redis: Redis): (address: string) => void {
  let latest: string | undefined
  const compare = (): void => {
    // While it connects it must not be disturbed: the client would give up for good.
    if (latest === undefined || redis.status !== 'ready') return
    const { remoteAddress, remotePort } = redis.stream
    const isThere = latest === `${remoteAddress}:${remotePort}`
    // A Sentinel that is behind names an old one: what it says is good for one look at the others.
    latest = undefined
    if (!isThere) redis.disconnect(true)
  }
  redis.on('ready', compare)
  return (address) => {
    // A name cannot be compared with the address it has.
    if (isIP(address.slice(0, address.lastIndexOf(':'))) === 0) return
    latest = address
    compare()
  }
}

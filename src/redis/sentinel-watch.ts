/**
 * Hears from the Sentinels that another is primary. A primary that they cannot reach may still answer us, and take purges that nobody else
 * will ever see: its own connection says nothing of that.
 */
import { isIP } from 'node:net'
import type { Redis } from 'ioredis'
import { accessOptions, reconnectDelay } from './client.ts'
import type { SentinelTarget } from './target.ts'

const channel = '+switch-master'

/** `connected` says to which address we are, if to any. `close` ends it. */
export function watchSentinels(
  make: typeof Redis,
  target: SentinelTarget,
  primary: { readonly connected: () => string | undefined; readonly leave: () => void },
): { close(): void } {
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
      if (text.startsWith(`${target.name} `)) primary.leave()
    })
    sentinel.on('ready', () => void listen(sentinel))
    return sentinel
  })

  /** What was said before we listened is asked for. */
  async function listen(sentinel: Redis): Promise<void> {
    try {
      await sentinel.subscribe(channel)
      const said = await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', target.name)
      const [host, port] = Array.isArray(said) ? said.map(String) : []
      const connected = primary.connected()
      // A name cannot be compared with the address it has.
      if (host !== undefined && isIP(host) > 0 && connected !== undefined && connected !== `${host}:${port}`) primary.leave()
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

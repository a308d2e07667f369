/** What the proxy does when it is told to stop or to read its rules again. */
import { constants } from 'node:os'

export interface Reactions {
  /** Once; drains. */
  stop(signal: NodeJS.Signals): void
  reload(): void
}

/** npm passes on a Ctrl-C that the terminal has sent to its child as well: two within this time are one. */
const sameMoment = 500

export function obeySignals({ stop, reload }: Reactions): void {
  let stoppedAt: number | undefined
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      const now = performance.now()
      if (stoppedAt === undefined) {
        stoppedAt = now
        stop(signal)
      } else if (now - stoppedAt > sameMoment) process.exit(128 + constants.signals[signal])
    })
  }
  process.on('SIGHUP', reload)
}

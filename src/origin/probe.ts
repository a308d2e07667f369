/**
 * Whether anybody listens where the origin should be: asked by a bare connection at start, and again until one was made, so that a proxy in
 * front of nothing says so and is not ready. Later troubles are noticed by the requests themselves.
 */
import { connect } from 'node:net'
import { type Clock, milliseconds, type Timer } from '../time.ts'

export interface Probe {
  /** Whether an address has accepted a connection since the start. */
  readonly hasConnected: boolean
  stop(): void
}

const interval = milliseconds(1000)
const patience = milliseconds(2000)

/** Resolves after the first round. `report` hears of the first round's failure and of the first success. */
export async function startProbe(
  addresses: readonly string[],
  clock: Clock,
  report: (isReachable: boolean) => void,
): Promise<Probe> {
  let hasConnected = false
  let isStopped = false
  let timer: Timer | undefined

  async function round(): Promise<void> {
    const results = await Promise.all(addresses.map((address) => accepts(address, clock)))
    if (isStopped) return
    if (results.includes(true)) {
      hasConnected = true
      report(true)
      return
    }
    report(false)
    timer = clock.after(interval, () => void round())
  }

  await round()
  return {
    get hasConnected() {
      return hasConnected
    },
    stop() {
      isStopped = true
      timer?.cancel()
    },
  }
}

/** Never rejects. */
function accepts(address: string, clock: Clock): Promise<boolean> {
  const { hostname, port, protocol } = new URL(address)
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return new Promise((resolve) => {
    const socket = connect({ host, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) })
    const settle = (isAccepted: boolean): void => {
      timer.cancel()
      socket.destroy()
      resolve(isAccepted)
    }
    const timer = clock.after(patience, () => settle(false))
    socket.once('connect', () => settle(true))
    socket.on('error', () => settle(false))
  })
}

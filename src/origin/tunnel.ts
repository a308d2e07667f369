/**
 * Upgraded connections (WebSocket): how many there may be, which address each goes to, and how all of them end when the proxy does.
 * What happens on one of them is in tunnel-session.ts. Nothing that passes through is looked at.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Fields } from '../http/fields.ts'
import { type Clock, milliseconds } from '../time.ts'
import { createHealth } from './health.ts'
import type { OriginSettings } from './origin-settings.ts'
import { checkRequest } from './request-check.ts'
import { refuseUpgrade, startSession, type TunnelSession } from './tunnel-session.ts'

/** A client that asks for an upgrade. */
export interface Asking {
  readonly message: IncomingMessage
  readonly socket: Duplex
  /** What came behind the request already. */
  readonly head: Buffer
  /** The end-to-end fields to forward; those that ask for the upgrade are added here. */
  readonly fields: Fields
}

export interface Tunnel {
  /**
   * Takes over the client's socket, from the answer to the end. Whatever goes wrong is answered on it (400, 501, 502, 503, 504) while nothing
   * was. `answered` hears the status once: 101 when the tunnel is open, undefined when the client left before it had an answer.
   */
  upgrade(asking: Asking, answered: (status: number | undefined) => void): void
  /** Tunnels open now, those included that wait for the origin's answer. */
  readonly open: number
  /** Ends all tunnels politely on both sides, destroys after `deadline` milliseconds what is left, and resolves when all are gone. */
  close(deadline: number): Promise<void>
}

export function createTunnel(settings: OriginSettings, clock: Clock): Tunnel {
  if (settings.addresses.length === 0) throw new RangeError('A tunnel needs at least one address')
  const health = createHealth(settings.addresses, settings.health, clock)
  const sessions = new Set<TunnelSession>()
  const idleWatchers = new Set<() => void>()
  let isClosing = false

  function refusal(request: IncomingMessage): number | undefined {
    if (isClosing || sessions.size >= settings.maxTunnels) return 503
    // http-proxy-3 destroys the socket of anything else without a word.
    if (request.method !== 'GET' || request.headers.upgrade?.toLowerCase() !== 'websocket') return 501
    return undefined
  }

  function forget(session: TunnelSession): void {
    sessions.delete(session)
    if (sessions.size > 0) return
    for (const watcher of idleWatchers) watcher()
    idleWatchers.clear()
  }

  return {
    upgrade({ message, socket, head, fields }, answered) {
      const refuse = (status: number): void => {
        refuseUpgrade(socket, status, clock)
        answered(status)
      }
      const status = refusal(message)
      if (status !== undefined) return refuse(status)
      const target = message.url ?? ''
      const check = checkRequest({ method: 'GET', target, fields, body: undefined }, settings.host)
      if (check.kind === 'refused') return refuse(400)
      const address = health.choose()
      let isAnswered = false
      const session = startSession({
        client: { socket, head, target, fields: check.fields },
        url: address.url,
        settings,
        clock,
        onAnswer: (status, isAlive) => {
          isAnswered = true
          if (isAlive) health.succeeded(address)
          else health.failed(address)
          answered(status)
        },
        onOver: () => {
          if (!isAnswered) answered(undefined)
          health.abandoned(address)
          forget(session)
        },
      })
      sessions.add(session)
    },
    get open() {
      return sessions.size
    },
    async close(deadline) {
      isClosing = true
      for (const session of sessions) session.end()
      if (sessions.size === 0) return
      const timer = clock.after(milliseconds(deadline), () => {
        for (const session of sessions) session.destroy()
      })
      await new Promise<void>((resolve) => {
        idleWatchers.add(resolve)
      })
      timer.cancel()
    },
  }
}

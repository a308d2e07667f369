/** A listener on a free port, and clients that speak to it in bytes. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import type { NodeExchange } from '../../src/server/exchange.ts'
import { createListener, type Listener, type Refused } from '../../src/server/listener.ts'
import type { Upgrade } from '../../src/server/upgrade.ts'
import type { ServerSettings } from '../../src/settings/settings.ts'
import { type Clock, milliseconds, systemClock } from '../../src/time.ts'

export const limits: ServerSettings['limits'] = {
  headerSize: 4096,
  headerCount: 20,
  targetSize: 1024,
  bodySize: 1000,
  connections: 100,
  idleTimeout: milliseconds(65_000),
  headerTimeout: milliseconds(10_000),
  requestTimeout: milliseconds(60_000),
}

export interface EdgeOptions {
  readonly limits?: Partial<ServerSettings['limits']>
  readonly trustedProxies?: readonly string[]
  readonly handle?: (exchange: NodeExchange) => void
  readonly upgrade?: (upgrade: Upgrade) => void
  readonly clock?: Clock
}

export interface Edge {
  readonly listener: Listener
  readonly port: number
  /** Requests that passed the gate. */
  readonly exchanges: readonly NodeExchange[]
  readonly refused: readonly Refused[]
  readonly faults: readonly unknown[]
  /** Resolves when so many requests have passed the gate. */
  arrived(count: number): Promise<void>
  /** With `isHalfOpen` the client goes on sending after the listener has ended its side. */
  open(isHalfOpen?: boolean): Socket
  /** Sends bytes (latin1) on a connection of their own; resolves with all that comes back once the listener has closed it. */
  send(bytes: string): Promise<string>
}

export function answer(exchange: NodeExchange, text = 'ok', fields: readonly string[] = []): void {
  exchange.respond({ status: 200, reasonPhrase: '', fields }, Buffer.from(text, 'latin1'))
}

/** Everything a client received, once its connection is closed. */
export async function received(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  if (!socket.closed) await once(socket, 'close')
  return text
}

/** What a client has received by the time that it contains `expected`. */
export async function until(socket: Socket, expected: string): Promise<string> {
  let text = ''
  while (!text.includes(expected)) text += String((await once(socket, 'data'))[0])
  return text
}

export async function startEdge(t: Test, options: EdgeOptions = {}): Promise<Edge> {
  const exchanges: NodeExchange[] = []
  const refused: Refused[] = []
  const faults: unknown[] = []
  const sockets: Socket[] = []
  const watchers = new Set<() => void>()
  const listener = createListener({
    settings: {
      host: '127.0.0.1',
      port: 0,
      limits: { ...limits, ...options.limits },
      trustedProxies: options.trustedProxies ?? [],
      via: true,
      forwarded: false,
    },
    clock: options.clock ?? systemClock,
    handle(exchange) {
      exchanges.push(exchange)
      const handle = options.handle ?? answer
      handle(exchange)
      for (const watcher of watchers) watcher()
    },
    upgrade: options.upgrade ?? (({ socket }) => socket.destroy()),
    refused: (refusal) => refused.push(refusal),
    fault: (error) => faults.push(error),
  })
  const { port } = await listener.listen()
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    await listener.drain(milliseconds(0))
  })

  function open(isHalfOpen = false): Socket {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: isHalfOpen })
    socket.on('error', () => {})
    sockets.push(socket)
    return socket
  }

  return {
    listener,
    port,
    exchanges,
    refused,
    faults,
    arrived(count) {
      if (exchanges.length >= count) return Promise.resolve()
      return new Promise((resolve) => {
        watchers.add(() => {
          if (exchanges.length >= count) resolve()
        })
      })
    },
    open,
    send(bytes) {
      const socket = open()
      const text = received(socket)
      socket.write(Buffer.from(bytes, 'latin1'))
      return text
    },
  }
}

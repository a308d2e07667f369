/**
 * The connections to one address: undici `Client`s of our own, one exchange at a time on each, so that undici never queues. A pool of
 * undici's loses a slot for good with every request that it refuses to build, and leaks a client where it is unbounded; here a connection
 * is taken, and given back or discarded, by one owner.
 */
import type { EventEmitter } from 'node:events'
import { isIP, type Socket } from 'node:net'
import { buildConnector, Client, type Dispatcher } from 'undici'
import { type ContinueGuard, guardContinue } from './continue.ts'
import type { OriginSettings } from './origin-settings.ts'

export interface Connection {
  /** Whether a socket is open from before: the origin may be closing it at this very moment. */
  isOpen(): boolean
  /** Notes that an exchange starts on the open socket; returns whether another one used it before. */
  countUse(): boolean
  /** The status that the origin sent, for one that undici reports. To be asked once for every head, in their order. */
  originStatus(status: number): number
  /**
   * Whether an orderly close can be told from a break at all. Over TLS it cannot: Node does not say whether a closure alert came before the
   * end, and without one somebody on the way may have cut it (RFC 9112 §9.8).
   */
  readonly tellsClose: boolean
  /** Whether the origin closed its side in order. undici takes a reset for the same. */
  isClosedInOrder(): boolean
  dispatch(request: SendableRequest, handler: Dispatcher.DispatchHandler): void
  /** Ready for the next exchange. */
  giveBack(): void
  /** Never used again; the socket goes at once, also one that is still connecting. */
  discard(): void
}

export type SendableRequest = Pick<Dispatcher.DispatchOptions, 'method' | 'path' | 'headers' | 'body'>

export interface Connections {
  /** One that is free, the warmest first; a new one when none is, or when `isFresh` asks for a socket that nobody used. */
  take(isFresh: boolean): Connection
  /** Discards the free ones and resolves when all sockets of this address are closed. */
  close(): Promise<void>
}

interface ClosableConnection extends Connection {
  readonly closed: Promise<void>
}

/** undici says that a connector returns nothing; it returns the socket, which alone can be destroyed while it connects. */
type Connector = (options: buildConnector.Options, callback: buildConnector.Callback) => Socket

export function createConnections(url: string, settings: OriginSettings): Connections {
  const { hostname, protocol } = new URL(url)
  const { ca, servername, rejectUnauthorized } = settings.tls
  // HTTP/1.1 only: raw fields, framing and resets, all that we look at, are its own. Its connect timer is off like the others: ours counts.
  const connect = buildConnector({
    allowH2: false,
    timeout: 0,
    rejectUnauthorized,
    ...(ca === undefined ? {} : { ca }),
  }) as Connector
  // Left to itself undici asks for the name in the request's Host, which a client chooses, and reconnects whenever that changes.
  const verifiedName = servername ?? (isIP(hostname.replace(/[[\]]/g, '')) === 0 ? hostname : undefined)
  const free: ClosableConnection[] = []
  const open = new Set<ClosableConnection>()

  function make(): ClosableConnection {
    let socket: Socket | undefined
    let guard: ContinueGuard | undefined
    let uses = 0
    const gone = Promise.withResolvers<void>()
    const client = new Client(url, {
      connect(options, callback) {
        const { servername: _chosenByClient, ...rest } = options
        socket = connect(verifiedName === undefined ? rest : { ...rest, servername: verifiedName }, (error, connected) => {
          uses = 0
          if (error) callback(error, null)
          else callback(null, connected as Socket)
        })
        guard = guardContinue(socket)
      },
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: settings.idleTimeout,
      maxHeaderSize: settings.maxHeaderBytes,
    })
    // An emitter without this listener ends the process. What goes wrong in an exchange reaches its handler anyway.
    const emitter: EventEmitter = client
    emitter.on('error', () => {})

    const connection: ClosableConnection = {
      closed: gone.promise,
      isOpen: () => socket !== undefined && !socket.connecting && !socket.destroyed,
      countUse() {
        guard?.expectAnswer()
        return uses++ > 0
      },
      originStatus: (status) => guard?.originStatus(status) ?? status,
      tellsClose: protocol === 'http:',
      isClosedInOrder: () => socket?.readableEnded === true && socket.errored === null,
      dispatch(request, handler) {
        client.dispatch({ ...request, servername: hostname } as Dispatcher.DispatchOptions, handler)
      },
      giveBack: () => void free.push(connection),
      discard() {
        open.delete(connection)
        client.destroy(null, () => gone.resolve())
        socket?.destroy()
      },
    }
    open.add(connection)
    return connection
  }

  return {
    take(isFresh) {
      const warm = free.pop()
      if (warm === undefined) return make()
      if (!isFresh) return warm
      // In its place, so that there are never more connections than slots.
      warm.discard()
      return make()
    },
    async close() {
      const all = [...open]
      for (const connection of all) connection.discard()
      await Promise.all(all.map(({ closed }) => closed))
    },
  }
}

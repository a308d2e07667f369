/**
 * The public edge: one port, its connections and their ends. Everything that comes passes the gate; what passes becomes an exchange, what
 * does not is answered here and its connection closed.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Request } from '../http/request.ts'
import type { ServerSettings } from '../settings/settings.ts'
import type { Clock, Milliseconds } from '../time.ts'
import { bind } from './bind.ts'
import { Connection } from './connection.ts'
import { type Arrived, type Edge, NodeExchange } from './exchange.ts'
import { forwardedScheme, inspect } from './gate.ts'
import { httpOptions } from './limits.ts'
import {
  allowedMethods,
  methodRefused,
  parserRefusal,
  type Refusal,
  refusalFields,
  refusalText,
  tooManyConnections,
} from './refusal.ts'
import { plainAddress, trustedPeers } from './trusted.ts'
import { asksForTunnel, type Upgrade } from './upgrade.ts'

export interface ListenerPlan {
  readonly settings: ServerSettings
  readonly clock: Clock
  /** A request that passed the gate. */
  readonly handle: (exchange: NodeExchange) => void
  /** An upgrade that passed the gate. The socket is the receiver's: no limit of the listener's holds for it any more. */
  readonly upgrade: (upgrade: Upgrade) => void
  /** What did not pass, or broke before it could. Called once for each; must not throw. */
  readonly refused: (refused: Refused) => void
  readonly fault: (error: unknown) => void
  /** Other processes listen on the same port. */
  readonly isPortShared?: boolean
}

export interface Refused extends Refusal {
  readonly clientAddress: string
}

export interface Listener {
  /** Rejects when the address cannot be had. */
  listen(): Promise<{ readonly address: string; readonly port: number }>
  /**
   * Accepts nothing more, closes what is idle, and lets what is in flight finish, for so many milliseconds; then cuts it. Resolves when every
   * connection is gone but upgraded ones.
   */
  drain(deadline: Milliseconds): Promise<void>
  readonly connections: number
  readonly isDraining: boolean
}

/** Above the limit this many connections still hear a 503; beyond they are only cut. */
const politeness = 128

export function createListener(plan: ListenerPlan): Listener {
  const { settings, clock } = plan
  const { limits } = settings
  const isTrusted = trustedPeers(settings.trustedProxies)
  const connections = new Map<Duplex, Connection>()
  const edge: Edge = { bodySize: limits.bodySize, isDraining: false, fault: plan.fault }
  const drained = Promise.withResolvers<void>()

  const server: Server = createServer({ ...httpOptions(limits), shouldUpgradeCallback: isUpgrade })
  // Node would otherwise drop the fields above its count without a word; the gate counts.
  server.maxHeadersCount = 0
  server.timeout = limits.idleTimeout
  server.on('connection', accept)
  server.on('request', take)
  server.on('checkContinue', take)
  server.on('checkExpectation', take)
  server.on('upgrade', hand)
  server.on('connect', (_message, socket) => refuseSocket(socket, methodRefused))
  server.on('clientError', broken)
  server.on('timeout', stalled)

  function accept(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress ?? '')
    const connection = new Connection(socket, { address, isTrusted: isTrusted(address) }, clock)
    connections.set(socket, connection)
    socket.on('close', () => forget(socket))
    if (limits.connections === 0 || connections.size <= limits.connections) return
    report(connection, tooManyConnections)
    if (connections.size <= limits.connections + politeness) connection.refuse(tooManyConnections)
    else socket.destroy()
  }

  function forget(socket: Duplex): void {
    const connection = connections.get(socket)
    connections.delete(socket)
    connection?.lost()
    if (edge.isDraining && connections.size === 0) drained.resolve()
  }

  function take(message: IncomingMessage, response: ServerResponse): void {
    const connection = connections.get(message.socket)
    if (connection === undefined || connection.isClosing) return
    const verdict = inspect(message, limits, schemeOf(connection, message))
    if (verdict.kind === 'ok') admit({ message, response, connection, admitted: verdict, startedAt: clock.monotonic() })
    else if (verdict.kind === 'options') answerOptions(response)
    else refuse(connection, response, verdict)
  }

  function admit(arrived: Arrived): void {
    const { connection, message, response } = arrived
    if (arrived.admitted.isContinueExpected) response.writeContinue()
    const exchange = new NodeExchange(arrived, edge)
    try {
      plan.handle(exchange)
    } catch (error) {
      plan.fault(error)
      if (exchange.isHeadWritten) exchange.destroy()
      else exchange.respond({ status: 500, reasonPhrase: '', fields: [] }, new Uint8Array())
    }
    // The way of a hit: answered, and all of it with the kernel. There is nothing to keep track of.
    if (response.writableEnded && message.socket.writableLength === 0 && connection.isIdle && !edge.isDraining) return
    follow(connection, exchange, response)
  }

  function follow(connection: Connection, exchange: NodeExchange, response: ServerResponse): void {
    connection.opened(exchange)
    response.once('close', () => {
      exchange.closed()
      connection.closed(exchange)
      if (edge.isDraining && connection.isIdle && !connection.isClosing) connection.closeIdle()
    })
  }

  function refuse(connection: Connection, response: ServerResponse, refusal: Refusal): void {
    connection.closeAfterAnswer()
    response.writeHead(refusal.status, refusalFields(refusal))
    response.end(refusalText(refusal))
    report(connection, refusal)
  }

  function answerOptions(response: ServerResponse): void {
    if (edge.isDraining) response.shouldKeepAlive = false
    response.writeHead(204, ['Allow', allowedMethods])
    response.end()
  }

  function schemeOf(connection: Connection, message: IncomingMessage): Request['scheme'] {
    return connection.isTrusted ? forwardedScheme(message.rawHeaders) : 'http'
  }

  /** One that would overtake an answer that is owed is answered as an ordinary request. */
  function isUpgrade(message: IncomingMessage): boolean {
    const connection = connections.get(message.socket)
    return asksForTunnel(message) && connection?.isIdle === true && !connection.isClosing
  }

  function hand(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    const connection = connections.get(socket)
    if (connection === undefined) {
      socket.destroy()
      return
    }
    const verdict = inspect(message, limits, schemeOf(connection, message))
    if (verdict.kind !== 'ok') {
      refuseSocket(socket, verdict.kind === 'refused' ? verdict : methodRefused)
      return
    }
    const { clientAddress } = connection
    connection.socket.setTimeout(0)
    forget(socket)
    const startedAt = clock.monotonic()
    plan.upgrade({ message, socket, head, request: verdict.request, clientAddress, isTrusted: connection.isTrusted, startedAt })
  }

  /** For sockets that Node's HTTP has let go of. */
  function refuseSocket(socket: Duplex, refusal: Refusal): void {
    const connection = connections.get(socket)
    if (connection === undefined) {
      socket.destroy()
      return
    }
    socket.on('error', () => {})
    report(connection, refusal)
    connection.refuse(refusal)
  }

  /** Node's parser refused what came, its time was up, or the socket failed. Never a byte into an answer that has begun. */
  function broken(error: NodeJS.ErrnoException, socket: Duplex): void {
    const connection = connections.get(socket)
    const broke = parserRefusal(error.code)
    const receiving = connection?.receiving
    if (connection === undefined || broke.kind === 'gone') socket.destroy(error)
    else if (broke.kind === 'over') connection.isClosing = true
    else if (receiving !== undefined) receiving.fail(broke)
    else if (connection.isClosing) return
    // It was opened and never used, as browsers do in advance: nobody waits for an answer.
    else if (connection.socket.bytesRead === 0) socket.destroy()
    else {
      report(connection, broke)
      connection.refuse(broke)
    }
  }

  /** Neither side moved for the idle time. Where the client waits for us, that is not its fault. */
  function stalled(socket: Socket): void {
    const connection = connections.get(socket)
    if (connection === undefined) return
    if (connection.isIdle || socket.writableLength > 0) socket.destroy()
    else socket.setTimeout(limits.idleTimeout)
  }

  function report({ clientAddress }: Connection, { status, reason }: Refusal): void {
    plan.refused({ status, reason, clientAddress })
  }

  return {
    async listen() {
      const bound = await bind(server, { ...settings, isPortShared: plan.isPortShared ?? false })
      // Such as no file descriptor for another connection: those that stand go on.
      server.on('error', plan.fault)
      return bound
    },
    async drain(deadline) {
      edge.isDraining = true
      // http.Server's own close cuts answers that have ended but are not with the kernel yet.
      NetServer.prototype.close.call(server)
      for (const connection of connections.values()) if (connection.isIdle) connection.closeIdle()
      if (connections.size === 0) drained.resolve()
      const timer = clock.after(deadline, () => {
        for (const { socket } of connections.values()) socket.destroy()
      })
      await drained.promise
      timer.cancel()
      // Stops its clockwork.
      server.close()
    },
    get connections() {
      return connections.size
    },
    get isDraining() {
      return edge.isDraining
    },
  }
}

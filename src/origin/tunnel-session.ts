/**
 * One upgraded connection, from the question to the origin until both sides are closed. http-proxy-3 asks and pipes; what it leaves out
 * is here: the client that leaves before the answer, answers other than 101, deadlines, and sides that never close.
 */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Fields } from '../http/fields.ts'
import { endToEnd } from '../http/hop-by-hop.ts'
import { type Clock, milliseconds } from '../time.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import type { OriginSettings } from './origin-settings.ts'

export interface TunnelSession {
  /** Closes both sides politely: what is on its way arrives, and each side is asked to close as well. */
  end(): void
  destroy(): void
}

export interface SessionPlan {
  readonly client: { readonly socket: Duplex; readonly head: Buffer; readonly target: string; readonly fields: Fields }
  readonly url: string
  readonly settings: OriginSettings
  readonly clock: Clock
  /**
   * The status that the client gets, and whether it is the origin's own or the origin could not be reached in time. Not called when the
   * client left first.
   */
  readonly onAnswer: (status: number, isAlive: boolean) => void
  /** Both sides are closed. Called once. */
  readonly onOver: () => void
}

/** How long one side may take to close after the other has. A peer that vanished would otherwise stay for ever. */
const lingering = milliseconds(5_000)

const reasonPhrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

/** Answers an upgrade without a body and closes. */
export function refuseUpgrade(socket: Duplex, status: number, clock: Clock): void {
  socket.on('error', () => {})
  socket.end(`HTTP/1.1 ${status} ${reasonPhrases[status]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
  linger(socket, clock)
}

export function startSession({ client, url, settings, clock, onAnswer, onOver }: SessionPlan): TunnelSession {
  const { socket } = client
  let state: 'asking' | 'refused' | 'open' | 'over' = 'asking'
  let asked: ClientRequest | undefined
  let originSocket: Duplex | undefined
  let isLingering = false
  let deadline = limit(settings.connectTimeout)

  socket.on('error', () => {})
  socket.on('close', clientClosed)
  // Nobody reads the socket before the answer, and an end that nobody reads is never told.
  socket.on('readable', noticeEnd)
  // Loaded at the first upgrade: most proxies never see one, and start-up time counts.
  import('http-proxy-3').then(ask, () => giveUp(502))

  function ask({ createProxyServer }: Pick<typeof import('http-proxy-3'), 'createProxyServer'>): void {
    if (state !== 'asking') return
    const proxy = createProxyServer()
    proxy.on('error', () => {})
    proxy.on('proxyReqWs', (request) => {
      asked = request
      replaceHead(request, client, url)
      request.once('socket', (connecting) => {
        const event = url.startsWith('https:') ? 'secureConnect' : 'connect'
        connecting.once(event, () => {
          if (state !== 'asking') return
          deadline.cancel()
          deadline = limit(settings.headersTimeout)
        })
      })
      request.prependListener('upgrade', (_response, upgraded) => open(upgraded))
    })
    try {
      proxy.ws(describe(client), socket, client.head, proxyOptions(url, settings), () => giveUp(502))
    } catch {
      giveUp(502)
      return
    }
    // Its own way with an answer other than 101 has no back-pressure, hangs when the origin is cut off, joins and re-encodes fields,
    // and sends "Connection: Upgrade" back.
    asked?.removeAllListeners('response')
    asked?.on('response', passRefusal)
  }

  function open(upgraded: Duplex): void {
    state = 'open'
    deadline.cancel()
    onAnswer(101, true)
    originSocket = upgraded
    socket.off('readable', noticeEnd)
    // It ends the other side when one closes; a side that was ended and does not close in return is destroyed here.
    for (const side of [socket, upgraded]) {
      side.on('end', lingerBoth)
      side.on('close', lingerBoth)
    }
    upgraded.on('close', over)
  }

  function lingerBoth(): void {
    if (isLingering) return
    isLingering = true
    linger(socket, clock)
    if (originSocket) linger(originSocket, clock)
  }

  function passRefusal(response: IncomingMessage): void {
    state = 'refused'
    deadline.cancel()
    onAnswer(response.statusCode ?? 502, true)
    deadline = limit(settings.bodyTimeout)
    response.on('error', () => socket.destroy())
    response.on('data', () => deadline.restart())
    response.on('end', () => linger(socket, clock))
    socket.write(refusalHead(response), 'latin1')
    response.pipe(socket)
  }

  function limit(duration: OriginSettings['headersTimeout']): Deadline {
    return startDeadline(clock, duration, () => (state === 'asking' ? giveUp(504) : socket.destroy()))
  }

  /** No answer from the origin: the client gets ours. */
  function giveUp(status: number): void {
    if (state !== 'asking') return
    state = 'refused'
    onAnswer(status, false)
    deadline.cancel()
    if (!socket.destroyed) refuseUpgrade(socket, status, clock)
    asked?.destroy()
  }

  function noticeEnd(): void {
    if (state !== 'asking' || socket.readableLength > 0) return
    socket.once('end', () => {
      if (state === 'asking') socket.destroy()
    })
    socket.read()
  }

  /** Also before the answer: without this the origin would keep a connection to nobody until it answers. */
  function clientClosed(): void {
    if (state !== 'open') asked?.destroy()
    over()
  }

  function over(): void {
    if (state === 'over' || !socket.destroyed || (originSocket && !originSocket.destroyed)) return
    state = 'over'
    deadline.cancel()
    onOver()
  }

  return {
    end() {
      if (state === 'asking') giveUp(503)
      if (state !== 'open' || !originSocket) return
      socket.unpipe(originSocket)
      originSocket.unpipe(socket)
      for (const side of [socket, originSocket]) side.resume().end()
      lingerBoth()
    },
    destroy() {
      asked?.destroy()
      originSocket?.destroy()
      socket.destroy()
    },
  }
}

/** Destroys a side that does not close by itself in time. */
function linger(side: Duplex, clock: Clock): void {
  if (side.destroyed) return
  const timer = clock.after(lingering, () => side.destroy())
  side.on('close', () => timer.cancel())
}

/** What http-proxy-3 looks at in a request. It gets a description, so that nothing of the client's own head can slip through it. */
function describe({ target }: SessionPlan['client']): IncomingMessage {
  const headers = { connection: 'Upgrade', upgrade: 'websocket' }
  return { method: 'GET', url: target, httpVersion: '1.1', httpVersionMajor: 1, headers } as unknown as IncomingMessage
}

function proxyOptions(url: string, { tls }: OriginSettings): Record<string, unknown> {
  const { hostname } = new URL(url)
  const servername = tls.servername ?? (isIP(hostname.replace(/[[\]]/g, '')) === 0 ? hostname : '')
  return {
    target: url,
    // It would resolve dots and "//host" in the target otherwise: the same bytes are forwarded that were matched.
    toProxy: true,
    prependPath: false,
    secure: tls.rejectUnauthorized,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    // Without a name of ours, Node asks for the one in Host, which the client chooses.
    ssl: { servername },
  }
}

/** The head as checked, in place of what http-proxy-3 built: it drops an empty query and joins repeated fields. */
function replaceHead(request: ClientRequest, { target, fields }: SessionPlan['client'], url: string): void {
  for (const name of request.getHeaderNames()) request.removeHeader(name)
  request.path = target
  for (let i = 0; i < fields.length; i += 2) request.appendHeader(fields[i] as string, fields[i + 1] as string)
  if (!request.hasHeader('host')) request.setHeader('Host', new URL(url).host)
  request.setHeader('Connection', 'Upgrade')
  request.setHeader('Upgrade', 'websocket')
}

/** The origin's own status and end-to-end fields; its end is told by closing. */
function refusalHead({ statusCode = 502, statusMessage = '', rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`]
  const fields = endToEnd(rawHeaders)
  for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`)
  return `${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`
}

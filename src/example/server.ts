/**
 * The example origin: an API that knows nothing of caching, sends no validators and no Cache-Control, and takes its time over every
 * query like a database under load. It stands in for the backend that Springhouse is put in front of, and imports nothing of it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { appConfigRoutes } from './app-config.ts'
import { bookingRoutes } from './bookings.ts'
import { cartRoutes } from './cart.ts'
import { openDatabase } from './database.ts'
import { eventRoutes } from './events.ts'
import { experienceRoutes, slotQuery } from './experiences.ts'
import { gamificationRoutes } from './gamification.ts'
import { type Live, openLive } from './live.ts'
import { loginRoutes } from './login.ts'
import { productRoutes } from './products.ts'
import { type Answer, type Match, matchRoutes, ok, type Route, refuse, refuseCaller } from './route.ts'
import { type Claims, demoSecret, verifyBearer } from './token.ts'

export interface ExampleOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number
  readonly host?: string
  /** Milliseconds that a query takes: 150 unless told otherwise. */
  readonly latency?: number
  /** What bearer tokens are signed with. */
  readonly secret?: string
}

export interface Example {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

interface Api {
  readonly routes: readonly Route[]
  readonly live: Live
  readonly latency: number
  readonly closing: AbortSignal
  readonly identify: (authorization: string | undefined) => Claims | undefined
}

const bodyLimit = 64 * 1024

/** Resolves when it listens; `close` cuts every connection and forgets all state. */
export async function startExample(options: ExampleOptions = {}): Promise<Example> {
  const { port = 0, host = '127.0.0.1', latency = 150, secret = demoSecret } = options
  const db = openDatabase()
  const live = openLive(slotQuery(db))
  const closing = new AbortController()
  const routes = allRoutes(db, live, secret)
  const api: Api = { routes, live, latency, closing: closing.signal, identify: identifier(db, secret) }
  const server = createServer((request, response) => {
    respond(api, request, response).catch(() => response.destroy())
  })
  server.on('upgrade', (request, socket, head) => {
    if (request.url?.split('?', 1)[0] === '/ws/slots') live.accept(request, socket, head)
    else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
  await listen(server, port, host)
  const bound = (server.address() as AddressInfo).port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    async close() {
      closing.abort()
      live.close()
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
      db.close()
    },
  }
}

function allRoutes(db: DatabaseSync, live: Live, secret: string): Route[] {
  return [
    ...gamificationRoutes(db),
    ...experienceRoutes(db),
    ...bookingRoutes(db, (kind, experienceId) => live.announce({ kind, experienceId })),
    ...eventRoutes(db, (eventId, going) => live.announce({ kind: 'rsvp', eventId, going })),
    ...productRoutes(db),
    ...cartRoutes(db),
    ...appConfigRoutes(db),
    ...loginRoutes(db, secret),
  ]
}

/** Whoever comes with a good token is a user from then on, known before or not. */
function identifier(db: DatabaseSync, secret: string): Api['identify'] {
  const remember = db.prepare('INSERT OR IGNORE INTO users (id, name, role) VALUES (?, ?, ?)')
  return (authorization) => {
    const caller = verifyBearer(authorization, secret)
    if (caller !== undefined) remember.run(caller.sub, caller.name ?? caller.sub, caller.role ?? 'user')
    return caller
  }
}

async function respond(api: Api, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/' } = request
  const [path = '/', query] = url.split(/\?(.*)/s)
  if (path === '/health') return send(request, response, ok({ status: 'ok' }))
  if (path === '/api/events/stream' && method === 'GET') return api.live.stream(response)
  const matches = matchRoutes(api.routes, path)
  const wanted = method === 'HEAD' ? 'GET' : method
  const match = matches.find(({ route }) => route.method === wanted)
  if (match === undefined)
    return send(request, response, refuse(matches.length === 0 ? 404 : 405, `There is no ${method} ${path}`))
  send(request, response, await answer(api, match, { request, query: new URLSearchParams(query) }))
}

async function answer(api: Api, match: Match, from: { request: IncomingMessage; query: URLSearchParams }): Promise<Answer> {
  const caller = api.identify(from.request.headers.authorization)
  const refusal = refuseCaller(match.route, caller)
  if (refusal !== undefined) return refusal
  const text = await readBody(from.request)
  if (text === undefined) return refuse(413, `A body has at most ${bodyLimit} bytes`)
  const body = parseObject(text)
  if (body === undefined) return refuse(400, 'The body must be a JSON object')
  if (api.latency > 0) await wait(api.latency, undefined, { signal: api.closing })
  return match.route.answer({ params: match.params, query: from.query, body, user: caller?.sub ?? '' })
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= bodyLimit) chunks.push(chunk)
  }
  return size > bodyLimit ? undefined : Buffer.concat(chunks).toString()
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function send(request: IncomingMessage, response: ServerResponse, { status, body }: Answer): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/**
 * The operator's edge on its own port, so that nothing of it is ever reachable through the public one. One request per connection: operators and
 * scrapers are few, and nothing then waits for an idle peer.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Log } from '../observe/log.ts'
import { type Clock, milliseconds } from '../time.ts'
import type { Admin } from './admin.ts'
import { type Answer, refuse } from './answer.ts'
import { type ApiRequest, createApi } from './api.ts'
import { createGuard } from './auth.ts'
import { readJson } from './body.ts'
import { NoWorker } from './workers.ts'

export interface AdminOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Undefined: reads only. */
  readonly token: string | undefined
  readonly log: Pick<Log, 'event'>
  readonly clock: Clock
}

export interface AdminServer {
  /** Resolves with where it listens, as in "http://127.0.0.1:8081". Rejects when the port is taken. */
  listen(): Promise<{ readonly address: string }>
  /** Answers what came, then closes; cuts what takes longer than a second. */
  close(): Promise<void>
}

type Api = (request: ApiRequest) => Promise<Answer>

export function createAdmin(admin: Admin, options: AdminOptions): AdminServer {
  const { host, port, token, log, clock } = options
  const api = createApi(admin, createGuard(token))
  const server = createServer(
    { maxHeaderSize: 16 * 1024, headersTimeout: 5000, requestTimeout: 10_000, connectionsCheckingInterval: 1000 },
    (request, response) => {
      answerOne(request, response).catch((error: unknown) => {
        log.event('error', 'admin-fault', { error })
        response.destroy()
      })
    },
  )
  server.maxConnections = 256
  server.timeout = 30_000
  server.on('clientError', refuseBytes)

  async function answerOne(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await answerTo(api, request).catch((error: unknown) => {
      if (error instanceof NoWorker) return refuse(503, { error: error.message, fix: 'Look for "worker-ended" in the log' })
      log.event('error', 'admin-fault', { error })
      return refuse(500, { error: 'The admin API failed', fix: 'Look for "admin-fault" in the log' })
    })
    if (answer.status === 401 || answer.status === 403) {
      log.event('warn', 'admin-refused', { status: answer.status, method: request.method, from: request.socket.remoteAddress })
    }
    send(response, answer)
  }

  return {
    async listen() {
      await listenOn(server, port, host)
      const { address, family, port: bound } = server.address() as AddressInfo
      return { address: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}` }
    },
    close: () =>
      new Promise((resolve) => {
        const cut = clock.after(milliseconds(1000), () => server.closeAllConnections())
        server.close(() => {
          cut.cancel()
          resolve()
        })
        server.closeIdleConnections()
      }),
  }
}

async function answerTo(api: Api, request: IncomingMessage): Promise<Answer> {
  const { method = 'GET', url = '/', headers } = request
  if (!url.startsWith('/') && url !== '*')
    return refuse(400, { error: 'The target is not a path', fix: 'Ask this address itself, not as a proxy' })
  const credentials = { authorization: headers.authorization, host: headers.host }
  return api({ method, target: url, credentials, body: () => readJson(request) })
}

function send(response: ServerResponse, { status, contentType, body, fields = {} }: Answer): void {
  const head: Record<string, string> = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    connection: 'close',
    ...fields,
  }
  if (body !== undefined) {
    head['content-type'] = contentType
    head['content-length'] = String(Buffer.byteLength(body))
  }
  response.writeHead(status, head)
  // For HEAD Node sends the head alone.
  response.end(body)
}

/** What is no HTTP gets a status line and nothing else; in the middle of an answer, nothing at all. */
function refuseBytes(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || (socket as Duplex & { bytesWritten?: number }).bytesWritten) return void socket.destroy()
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function listenOn(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** One request of a campaign's client, from the first byte to the last, as a record that can be judged. Never rejects. */
import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import type { Problem } from './history.ts'
import { inspectBody } from './self-describing-body.ts'
import type { Ask } from './traffic.ts'

export interface Heard {
  readonly start: number
  readonly end: number
  readonly status: number | undefined
  readonly cacheStatus: string
  readonly purge: string | undefined
  readonly seen: Readonly<Record<string, number>>
  readonly problem?: Problem
  /** The connection was refused: not a byte of the request has left. */
  readonly isRefused: boolean
}

/** All instances answer for one name, since what is stored is shared by it. */
const host = 'api.example'
const patience = 15_000

export async function send(url: string, agent: Agent, ask: Ask): Promise<Heard> {
  const start = performance.now()
  try {
    const { response, text } = await exchange(url, agent, ask)
    const end = performance.now()
    const { status, cacheStatus, purge } = headOf(response)
    const heard = { start, end, status, cacheStatus, purge, isRefused: false }
    if (status !== 200) return { ...heard, seen: {} }
    const inspected = inspectBody(text, ask)
    if (inspected.kind === 'right') return { ...heard, seen: inspected.versions }
    return { ...heard, seen: {}, problem: { kind: inspected.kind, what: `${ask.target}: ${inspected.what} (${cacheStatus})` } }
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException
    const problem: Problem = { kind: 'broken', what: `${ask.method} ${ask.target}: ${message}` }
    const unheard = { status: undefined, cacheStatus: '', purge: undefined, seen: {} }
    return { start, end: performance.now(), ...unheard, problem, isRefused: code === 'ECONNREFUSED' }
  }
}

function exchange(url: string, agent: Agent, ask: Ask): Promise<{ readonly response: IncomingMessage; readonly text: string }> {
  const { hostname, port } = new URL(url)
  const { method, target, body, headers } = ask
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }
    const options = { hostname, port, agent, method, path: target, headers: { ...headers, ...length, Host: host } }
    const request = httpRequest({ ...options, signal: AbortSignal.timeout(patience) }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('end', () => resolve({ response, text: Buffer.concat(chunks).toString() }))
      response.once('error', reject)
    })
    request.once('error', reject)
    request.end(body)
  })
}

function headOf({ statusCode, headers }: IncomingMessage): Pick<Heard, 'status' | 'cacheStatus' | 'purge'> {
  const purge = headers['springhouse-purge']
  return {
    status: statusCode,
    cacheStatus: String(headers['cache-status'] ?? ''),
    purge: purge === undefined ? undefined : String(purge),
  }
}

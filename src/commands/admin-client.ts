/** A running Springhouse as a command asks it: by its admin API. Whatever keeps the answer away becomes one line that says what to do. */
import { withFix } from '../rules/problem.ts'
import { type Flag, textOf } from './arguments.ts'
import { type Call, CommandFailure } from './command.ts'
import { environmentFlag, type Loaded, loadConfiguration } from './configuration.ts'

export const adminFlags: readonly Flag[] = [
  { name: 'admin', value: 'URL', help: 'Admin address of the proxy to ask (default: admin.host and admin.port of the settings)' },
  environmentFlag,
  { name: 'json', help: 'Print JSON' },
]

export interface AdminClient {
  /** Fails on anything but success and the statuses of `expected`. */
  ask<Body>(question: Question): Promise<AdminReply<Body>>
}

export interface Question {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  /** Path and query, escaped. */
  readonly path: string
  readonly body?: unknown
  readonly expected?: readonly number[]
}

export interface AdminReply<Body> {
  readonly status: number
  readonly body: Body
}

const patience = 15_000

export function connectAdmin(call: Call): AdminClient {
  const { address, token } = addressOf(call)
  return {
    async ask({ method = 'GET', path, body, expected = [] }) {
      const response = await send(`${address}${path}`, {
        method,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(patience),
        redirect: 'error',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const value = await response.json().catch(() => undefined)
      if (typeof value !== 'object' || value === null) throw new CommandFailure(1, notAdmin(address))
      if (response.ok || expected.includes(response.status)) return { status: response.status, body: value as never }
      throw new CommandFailure(response.status === 400 ? 2 : 1, refusalOf(value, address))
    },
  }

  async function send(url: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, init)
    } catch (error) {
      const why = reasonOf(error)
      throw new CommandFailure(
        1,
        `No Springhouse answers at ${address} (${why}): start one, or name its admin address with --admin`,
      )
    }
  }
}

/** The admin API says with every refusal what to do. An API behind the public port does not. */
function refusalOf(value: { readonly error?: unknown; readonly fix?: unknown }, address: string): string {
  const { error, fix } = value
  if (typeof error !== 'string' || typeof fix !== 'string') return notAdmin(address)
  return withFix(error, fix)
}

function notAdmin(address: string): string {
  return `What answers at ${address} is not the admin API of Springhouse: name its admin address with --admin`
}

function addressOf(call: Call): { readonly address: string; readonly token: string | undefined } {
  const named = textOf(call.flags, 'admin')
  if (named === undefined) {
    const { admin } = loadConfiguration(call).settings
    if (admin.port === 0)
      throw new CommandFailure(2, 'The admin port of the settings is any free one: name the address with --admin')
    return { address: `http://${hostOf(admin.host)}:${admin.port}`, token: admin.token }
  }
  const url = URL.parse(named.includes('://') ? named : `http://${named}`)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new CommandFailure(2, `--admin "${named}" is no address: write http://host:port`)
  return { address: url.origin, token: call.environment.variables['ADMIN_TOKEN'] || settingsOf(call)?.settings.admin.token }
}

/** An address was named, so settings that are wrong stand in nobody's way. */
function settingsOf(call: Call): Loaded | undefined {
  try {
    return loadConfiguration(call)
  } catch (error) {
    if (error instanceof CommandFailure) return undefined
    throw error
  }
}

/** What listens everywhere is asked on loopback. */
function hostOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

function reasonOf(error: unknown): string {
  if ((error as Error).name === 'TimeoutError') return `nothing came for ${patience / 1000} s`
  const cause = (error as { cause?: { code?: string; message?: string } }).cause
  return cause?.code ?? cause?.message ?? (error as Error).message
}

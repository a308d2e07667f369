/**
 * The origin of a campaign: every resource has a version that a write counts up when it commits, and every body says which versions it shows.
 * A read is answered from what was committed when it came, however long the answer takes: that is what makes a fill race a purge. It can be
 * slow, silent, gone, or die on either side of a commit.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { demoSecret, verifyBearer } from '../../src/example/token.ts'
import { formatBody } from './self-describing-body.ts'

export interface Manners {
  /** Milliseconds between a write's arrival and its commit, and between looking and answering; each up to so long, at random. */
  readonly commitDelay: number
  readonly answerDelay: number
  /** Which side of the commit a write's connection is broken on. */
  readonly breaks: 'never' | 'before-commit' | 'after-commit'
  /** Takes requests, looks at them, commits what is written, and does not answer these until it ends. */
  readonly isSilent: 'never' | 'to-writes' | 'to-all'
}

export interface Commit {
  readonly resource: string
  readonly version: number
}

export interface SelfDescribingOrigin {
  readonly url: string
  /** How many requests came. */
  readonly requests: number
  /** How often each write came, by its id. */
  readonly arrivals: ReadonlyMap<string, number>
  readonly commits: ReadonlyMap<string, Commit>
  versionOf(resource: string): number
  behave(manners: Partial<Manners>): void
  /** Nobody listens any more, and every connection is broken. */
  goDown(): Promise<void>
  /** On the same port. */
  comeUp(): Promise<void>
  close(): Promise<void>
}

export const itemsPerGroup = 5
const longestPadding = 16_384
const kind: Manners = { commitDelay: 4, answerDelay: 8, breaks: 'never', isSilent: 'never' }

export async function startSelfDescribingOrigin(random: () => number): Promise<SelfDescribingOrigin> {
  let manners = kind
  let requests = 0
  const versions = new Map<string, number>()
  const arrivals = new Map<string, number>()
  const commits = new Map<string, Commit>()
  const silenced = new Set<() => void>()
  let server = await listen(answer, 0)
  const { port } = server.address() as AddressInfo

  function answer(message: IncomingMessage, response: ServerResponse): void {
    requests += 1
    if (message.method === 'GET') read(message, response)
    else void write(message, response)
  }

  function read(message: IncomingMessage, response: ServerResponse): void {
    const { resource, owner } = named(message)
    const [kind = '', id = ''] = resource.split(':')
    const shown = kind === 'list' ? membersOf(Number(id)) : [resource]
    const body = formatBody(
      { resource, owner, versions: Object.fromEntries(shown.map((name) => [name, versionOf(name)])) },
      pad(),
    )
    later(manners.answerDelay, () => send(response, body, kind === 'page' ? 'max-age=60, stale-if-error=60' : undefined))
  }

  async function write(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { owner } = named(message)
    const { write: id, resource } = JSON.parse(await textOf(message)) as { write: string; resource: string }
    arrivals.set(id, (arrivals.get(id) ?? 0) + 1)
    if (manners.breaks === 'before-commit') return void message.socket.resetAndDestroy()
    later(manners.commitDelay, () => {
      const version = versionOf(resource) + 1
      versions.set(resource, version)
      commits.set(id, { resource, version })
      if (manners.breaks === 'after-commit') return void message.socket.resetAndDestroy()
      const body = formatBody({ resource, owner, versions: { [resource]: version } }, 0)
      if (manners.isSilent === 'to-writes') return void silenced.add(() => send(response, body))
      later(manners.answerDelay, () => send(response, body))
    })
  }

  function send(response: ServerResponse, body: string, cacheControl?: string): void {
    if (manners.isSilent === 'to-all') return void silenced.add(() => send(response, body, cacheControl))
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      ...(cacheControl === undefined ? {} : { 'Cache-Control': cacheControl }),
    })
    response.end(body)
  }

  function versionOf(resource: string): number {
    return versions.get(resource) ?? 0
  }

  function pad(): number {
    return Math.floor(random() ** 4 * longestPadding)
  }

  function later(longest: number, run: () => void): void {
    setTimeout(run, random() * longest)
  }

  return {
    url: `http://127.0.0.1:${port}`,
    get requests() {
      return requests
    },
    arrivals,
    commits,
    versionOf,
    behave(changes) {
      manners = { ...kind, ...changes }
      if (manners.isSilent !== 'never') return
      for (const send of silenced) send()
      silenced.clear()
    },
    goDown: () => shut(server),
    async comeUp() {
      server = await listen(answer, port)
    },
    close: () => shut(server),
  }
}

export function membersOf(group: number): string[] {
  return Array.from({ length: itemsPerGroup }, (_, i) => `item:${group * itemsPerGroup + i}`)
}

/** What a target means: `/items/3` is `item:3`, `/items?group=1` is `list:1`, `/cart` is the cart of whoever asks. */
function named({ url = '', headers }: IncomingMessage): { readonly resource: string; readonly owner: string } {
  const { pathname, searchParams } = new URL(url, 'http://origin')
  const [, kind = '', id] = pathname.split('/')
  if (kind === 'cart') {
    const owner = verifyBearer(headers.authorization, demoSecret)?.sub ?? 'nobody'
    return { resource: `cart:${owner}`, owner }
  }
  if (kind === 'items' && id === undefined) return { resource: `list:${searchParams.get('group')}`, owner: '' }
  return { resource: `${kind.replace(/s$/, '')}:${id}`, owner: '' }
}

async function listen(answer: (message: IncomingMessage, response: ServerResponse) => void, port: number): Promise<Server> {
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, answer).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function shut(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

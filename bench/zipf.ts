/**
 * Plays the mix against a proxy: a closed loop of clients on kept-alive connections, each with the next request of the seeded mix. What
 * was a hit the proxy says itself (RFC 9211); what reached the origin is counted where it was sent, refreshes included.
 */
import { Agent, request as httpRequest } from 'node:http'
import { createHistogram } from 'node:perf_hooks'
import { readCounters } from './counters.ts'
import { cpuMicroseconds } from './cpu.ts'
import { createMix, type MixedRequest } from './mix.ts'

export interface ZipfOptions {
  readonly url: string
  /** The proxy's admin address; undefined for a server without, where every request is the origin's. */
  readonly admin: string | undefined
  readonly seconds: number
  readonly clients: number
  readonly seed: number
  /** Bearer tokens of the mix's users. */
  readonly tokens: readonly string[]
  readonly pids: readonly number[]
  readonly progress: (text: string) => void
}

/** Times in milliseconds, CPU in microseconds. */
export interface ZipfResult {
  readonly requests: number
  readonly seconds: number
  readonly reads: number
  /** Reads that the store answered, fresh or stale. */
  readonly hits: number
  /** Reads that shared somebody else's fetch: neither hits nor load on the origin. */
  readonly followers: number
  readonly failures: number
  readonly originRequests: number
  readonly p50: number
  readonly p99: number
  readonly cpuPerRequest: number | undefined
  /** By kind of read, hits as a share. */
  readonly hitRates: Readonly<Record<string, number>>
}

type Verdict = 'hit' | 'follower' | 'forwarded'

interface Count {
  total: number
  hits: number
}

export async function playMix(options: ZipfOptions): Promise<ZipfResult> {
  const { url, admin, clients, pids, progress } = options
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const next = createMix(options.seed)
  const latencies = createHistogram()
  const kinds = new Map<string, Count>()
  let [requests, reads, hits, followers, failures] = [0, 0, 0, 0, 0]
  const forwardedBefore = await readForwarded(admin)
  const cpuBefore = cpuMicroseconds(pids)
  const start = performance.now()
  const elapsed = (): number => (performance.now() - start) / 1000

  async function client(): Promise<void> {
    while (elapsed() < options.seconds) {
      const mixed = next()
      const sent = performance.now()
      const { status, verdict } = await ask(agent, url, mixed, options.tokens[mixed.user] ?? '')
      latencies.record(Math.max(1, Math.round((performance.now() - sent) * 1000)))
      requests++
      if (status < 200 || status > 299) failures++
      if (mixed.isWrite) continue
      const kind = kinds.get(mixed.kind) ?? { total: 0, hits: 0 }
      kinds.set(mixed.kind, kind)
      reads++
      kind.total++
      if (verdict === 'hit') kind.hits++
      if (verdict === 'hit') hits++
      if (verdict === 'follower') followers++
    }
  }

  const report = (): void => progress(`${Math.round(elapsed())} s, ${requests} requests, hit rate ${percent(hits / reads)}`)
  const ticker = setInterval(report, 5000)
  try {
    await Promise.all(Array.from({ length: clients }, client))
  } finally {
    clearInterval(ticker)
    agent.destroy()
  }
  const seconds = elapsed()
  const used = cpuMicroseconds(pids) - cpuBefore
  const forwarded = admin === undefined ? requests : (await readForwarded(admin)) - forwardedBefore
  return {
    ...{ requests, seconds, reads, hits, followers, failures },
    originRequests: forwarded,
    p50: latencies.percentile(50) / 1000,
    p99: latencies.percentile(99) / 1000,
    cpuPerRequest: pids.length === 0 ? undefined : used / requests,
    hitRates: Object.fromEntries([...kinds].map(([kind, count]) => [kind, count.hits / count.total])),
  }
}

/** The member of a Cache-Status field nearest to the client, which is its last (RFC 9211 §2), as one of three. */
export function judge(cacheStatus: string | undefined): Verdict {
  const [, ...parameters] = (cacheStatus ?? '').split(',').at(-1)?.split(';') ?? []
  const names = parameters.map((parameter) => parameter.trim())
  if (names.includes('hit')) return 'hit'
  return names.includes('collapsed') ? 'follower' : 'forwarded'
}

async function readForwarded(admin: string | undefined): Promise<number> {
  return admin === undefined ? 0 : (await readCounters(admin)).originRequests
}

function ask(agent: Agent, url: string, mixed: MixedRequest, token: string): Promise<{ status: number; verdict: Verdict }> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string | number> = { authorization: `Bearer ${token}` }
    if (mixed.body !== undefined) {
      headers['content-type'] = 'application/json'
      headers['content-length'] = Buffer.byteLength(mixed.body)
    }
    const outgoing = httpRequest(url + mixed.path, { agent, method: mixed.method, headers }, (response) => {
      const field = response.headers['cache-status']
      const verdict = judge(Array.isArray(field) ? field.join(', ') : field)
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, verdict }))
      response.resume()
    })
    outgoing.on('error', reject)
    outgoing.end(mixed.body)
  })
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

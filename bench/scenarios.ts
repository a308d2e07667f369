/**
 * The scenarios side by side: who is asked for what, and how to see that the answers are what the name says. Everything is started
 * once and stays, so that rounds can go from one to the next and none profits from a quiet minute of the machine.
 */
import { join } from 'node:path'
import type { Child } from './child.ts'
import { isInstalled, type Peer, startBare, startNginx } from './peers.ts'
import { startRedis } from './redis.ts'
import { type Springhouse, startOrigin, startSpringhouse } from './springhouse.ts'

export interface Scenario {
  readonly name: string
  readonly url: string
  /** Whose CPU time counts; none where the measured thing is not in between. */
  readonly pids: readonly number[]
  readonly isDistinct: boolean
  /** Where its proxy counts hits and what it sent to the origin; undefined for what does not count them. */
  readonly admin: string | undefined
  /** What Cache-Status must say of an answer in this scenario, before and after it was measured. */
  readonly proof: RegExp | undefined
}

/** Everything that runs for the benchmark. */
export interface Field {
  readonly scenarios: readonly Scenario[]
  /** A proxy on the memory store with the example's rules, for the mix. */
  readonly proxy: Springhouse
  readonly missing: readonly string[]
  stop(): Promise<void>
}

export interface FieldOptions {
  readonly folder: string
  readonly secret: string
  readonly latency: number
  readonly progress: (text: string) => void
}

const target = '/api/experiences?category=tours'
const hit = /; hit(;|$)/
const hitFresh = /; hit;(?!.*ttl=-)/

export async function openField({ folder, secret, latency, progress }: FieldOptions): Promise<Field> {
  const started: Array<Pick<Child, 'stop'>> = []
  const stop = async (): Promise<void> => {
    for (const running of started.splice(0).reverse()) await running.stop()
  }
  async function keep<T extends Peer>(starting: Promise<T>): Promise<T> {
    const peer = await starting
    started.push(peer)
    return peer
  }
  try {
    progress('starting the origin, the proxies and the peers')
    const origin = await keep(startOrigin(folder, secret, latency))
    const common = { folder, secret, origin: origin.url, rules: join(import.meta.dirname, '../rules.yaml') }
    const proxy = await keep(startSpringhouse({ ...common, name: 'memory' }))
    const stale = await keep(startSpringhouse({ ...common, name: 'stale', rules: join(import.meta.dirname, 'stale-rules.yaml') }))
    const bare = await keep(startBare(folder, await bodyOf(origin.url + target)))
    const scenarios: Scenario[] = [
      { ...scenario('straight to the origin', origin), pids: [] },
      { ...scenario('miss', proxy), url: `${proxy.url}/api/experiences/1`, isDistinct: true, proof: /; fwd=/ },
      { ...scenario('memory hit', proxy), proof: hitFresh },
      { ...scenario('stale hit', stale), proof: hit },
      { ...scenario('bare node:http', bare) },
    ]
    const missing: string[] = []
    if (isInstalled('redis-server')) {
      const redis = await keep(startRedis(folder))
      // No entry fits into memory, so that every hit is one in Redis.
      const shared = await keep(startSpringhouse({ ...common, name: 'redis', redis: redis.url, flags: ['--memory-limit', '0B'] }))
      scenarios.splice(3, 0, { ...scenario('Redis hit', shared), proof: hitFresh })
    } else missing.push('redis-server')
    if (isInstalled('nginx')) {
      const nginx = await keep(startNginx(folder, origin.url))
      scenarios.push({ ...scenario('nginx proxy_cache hit', nginx), proof: /detail=HIT/ })
    } else missing.push('nginx')
    return { scenarios, proxy, missing, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const mostProbes = 20

/** Warms what the scenario asks for, then makes sure that it is answered as its name says: soon, since an answer goes out before it is stored. */
export async function prove({ name, url, proof, isDistinct }: Scenario): Promise<void> {
  if (proof === undefined) return
  let status = ''
  for (let probe = 0; probe < mostProbes; probe++) {
    const response = await fetch(isDistinct ? `${url}?proof=${probe}-${performance.now()}` : url)
    await response.arrayBuffer()
    status = response.headers.get('cache-status') ?? ''
    if (probe > 0 && proof.test(status)) return
  }
  throw new Error(`Scenario "${name}" is not what it says: Cache-Status is "${status}"`)
}

function scenario(name: string, peer: Peer & Partial<Springhouse>): Scenario {
  return { name, url: peer.url + target, pids: [peer.pid], isDistinct: false, admin: peer.admin, proof: undefined }
}

async function bodyOf(url: string): Promise<Uint8Array> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`Answer of "${url}" is ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

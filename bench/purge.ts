/**
 * `npm run bench:purge`: what it costs to purge a tag that 100,000 entries carry, over Redis and in memory alone, and what hits on something else
 * notice of it. The time is the admin API's, request and answer included.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load } from './load.ts'
import { startRedis } from './redis.ts'
import { type Springhouse, startSpringhouse } from './springhouse.ts'

const entries = 100_000
const purges = 200
const seconds = 5
const connections = 32
const promised = 5
const token = 'bench'

const folder = mkdtempSync(join(tmpdir(), 'springhouse-bench-'))
const rules = join(folder, 'rules.yaml')
writeFileSync(
  rules,
  `version: 1
prefix: bench
unmatched: pass
rules:
  - { name: item, match: GET /items/:id, cache: { scope: public, key: "item:{params.id}", ttl: 1h, tags: [items] } }
  - { name: other, match: GET /other, cache: { scope: public, key: other, ttl: 1h } }
`,
)
const origin = createServer((message, response) => response.end(`${message.url} `.padEnd(200, 'x')))
await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
const agent = new Agent({ keepAlive: true, maxSockets: connections })
const redis = await startRedis(folder)
let isKept = true
try {
  const common = {
    folder,
    rules,
    secret: '',
    adminToken: token,
    origin: `http://127.0.0.1:${(origin.address() as AddressInfo).port}`,
  }
  for (const [name, url] of [
    ['over Redis', redis.url],
    ['memory', undefined],
  ] as const) {
    const springhouse = await startSpringhouse({ ...common, name, ...(url === undefined ? {} : { redis: url }) })
    try {
      isKept = (await measure(name, springhouse)) && isKept
    } finally {
      await springhouse.stop()
    }
  }
} finally {
  await redis.stop()
  agent.destroy()
  origin.close()
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = isKept ? 0 : 1

async function measure(name: string, springhouse: Springhouse): Promise<boolean> {
  let next = 0
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (next < entries) await ask(`${springhouse.url}/items/${next++}`)
    }),
  )
  const url = `${springhouse.url}/other`
  await ask(url)
  const hits = (): ReturnType<typeof load> => load({ url, seconds, connections, isDistinct: false, pids: [] })
  const quiet = await hits()
  const times: number[] = []
  const [busy] = await Promise.all([hits(), purgeAgainAndAgain(springhouse, times)])
  times.sort((a, b) => a - b)
  const [median = 0, worst = 0] = [times[times.length >> 1], times[Math.floor(times.length * 0.99)]]
  const isKept = median <= promised && busy.p99 < 2 * quiet.p99
  process.stdout.write(
    `${name}: a tag on ${entries} entries is purged in ${median.toFixed(2)} ms (p99 ${worst.toFixed(2)} ms of ${times.length}); ` +
      `p99 of hits ${quiet.p99.toFixed(2)} ms without, ${busy.p99.toFixed(2)} ms during: ${isKept ? 'kept' : 'NOT kept'} ` +
      `(${promised} ms, 2 times)\n`,
  )
  return isKept
}

async function purgeAgainAndAgain({ admin }: Springhouse, times: number[]): Promise<void> {
  for (let i = 0; i < purges; i += 1) {
    const began = performance.now()
    await ask(`${admin}/purge`, { method: 'POST', body: '{"tag":"items"}' })
    times.push(performance.now() - began)
    await new Promise((resolve) => setTimeout(resolve, (1000 * seconds * 0.8) / purges))
  }
}

function ask(url: string, { method = 'GET', body }: { readonly method?: string; readonly body?: string } = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const asked = request(url, { agent, method, ...(body === undefined ? {} : { headers }) }, (response) => {
      response
        .resume()
        .once('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`${url}: ${response.statusCode}`))))
    })
    asked.once('error', reject)
    asked.end(body)
  })
}

/**
 * `npm run bench:memory`: what the proxy's process holds after 300,000 distinct entries of 1 KiB at a memory limit of 256 MiB, and while
 * a body of 1 GiB passes through it. Everything over loopback, bounded in count, and judged at the end.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { startSpringhouse } from './springhouse.ts'

const mebibyte = 1024 * 1024
const entries = 300_000
const limit = 256 * mebibyte
const allowed = limit * 1.4 + 110 * mebibyte
const passing = 1024 * mebibyte

const folder = mkdtempSync(join(tmpdir(), 'springhouse-bench-'))
const rules = join(folder, 'rules.yaml')
writeFileSync(
  rules,
  'version: 1\nprefix: bench\nunmatched: pass\nrules:\n  - name: item\n    match: GET /items/:id\n    cache: { scope: public, key: "item:{params.id}", ttl: 1h }\n',
)

const origin = createServer((message, response) => {
  if (message.url === '/large') {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': passing })
    const chunk = Buffer.alloc(65_536, 'x')
    let left = passing / chunk.length
    Readable.from(
      (function* () {
        while (left-- > 0) yield chunk
      })(),
    ).pipe(response)
    return
  }
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(`${message.url} `.padEnd(1024, 'x'))
})
await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
const { port } = origin.address() as AddressInfo

const proxy = await startSpringhouse({ name: 'memory', folder, origin: `http://127.0.0.1:${port}`, rules, secret: 'unused' })
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
let isKept = true
try {
  let next = 0
  const fetchAll = async (): Promise<void> => {
    while (next < entries) {
      const id = next++
      if (id % 50_000 === 0) process.stderr.write(`${id} of ${entries} entries, ${inMebibytes(rssOf(proxy.pid))}\n`)
      await read(`${proxy.url}/items/${id}`)
    }
  }
  await Promise.all(Array.from({ length: 64 }, fetchAll))
  const filled = rssOf(proxy.pid)
  judge(
    filled <= allowed,
    `RSS after ${entries} entries of 1 KiB at a limit of 256 MiB: ${inMebibytes(filled)} (at most ${inMebibytes(allowed)})`,
  )
  const samples: number[] = []
  const timer = setInterval(() => samples.push(rssOf(proxy.pid)), 20)
  const bytes = await read(`${proxy.url}/large`)
  clearInterval(timer)
  judge(bytes === passing, `${inMebibytes(bytes)} passed through`)
  // Node reads into buffers of 64 KiB, and V8 collects them when some 64 MiB have gathered: a plateau is to be expected, a slope is not.
  const [first, second] = [peakOf(samples.slice(0, samples.length >> 1)), peakOf(samples.slice(samples.length >> 1))]
  judge(
    second <= first + 16 * mebibyte,
    `RSS while they passed: ${inMebibytes(first)} in the first half, ${inMebibytes(second)} in the second`,
  )
  judge(
    second <= filled + 128 * mebibyte,
    `which is ${inMebibytes(Math.max(first, second) - filled)} above what it was before (at most 128 MiB)`,
  )
} finally {
  agent.destroy()
  await proxy.stop()
  origin.closeAllConnections()
  origin.close()
  rmSync(folder, { recursive: true, force: true })
}
if (!isKept) process.exitCode = 1

function judge(isSo: boolean, text: string): void {
  isKept &&= isSo
  process.stdout.write(`${isSo ? 'kept    ' : 'NOT KEPT'}  ${text}\n`)
}

/** Reads an answer to its end and resolves with its length. */
function read(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent }, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      response.once('end', () =>
        response.statusCode === 200 ? resolve(bytes) : reject(new Error(`${url}: ${response.statusCode}`)),
      )
      response.once('error', reject)
    })
    asked.once('error', reject)
    asked.end()
  })
}

function peakOf(bytes: readonly number[]): number {
  return bytes.reduce((peak, sample) => Math.max(peak, sample), 0)
}

/** Resident bytes of a process. */
function rssOf(pid: number): number {
  const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kibibytes) * 1024
}

function inMebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(0)} MiB`
}

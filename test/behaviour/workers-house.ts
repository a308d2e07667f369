/** Several workers as an operator starts them, with a connection to each of them, and their process ids. */
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { linesOf, type Running, start } from '../commands/springhouse.ts'
import { type ScriptedOrigin, startOrigin } from '../fixtures/scripted-origin.ts'
import { until } from '../fixtures/until.ts'

export const rulesText = `version: 1
rules:
  - { name: a, match: GET /a, cache: { scope: public, key: a, ttl: 1h } }
  - { name: change, match: POST /a, purge: { keys: [a] } }
`

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** One connection, and so one worker, for as long as it stands. */
export interface Line {
  ask(path: string, method?: string): Promise<Answer>
}

export interface WorkersHouse {
  readonly running: Running
  readonly origin: ScriptedOrigin
  readonly address: string
  readonly rulesFile: string
  /** Over a connection of its own. */
  ask(path: string, method?: string): Promise<Answer>
  admin(path: string, options?: { readonly method?: string; readonly body?: object }): Promise<Answer>
  /** The process that fills a worker's place. */
  pidOf(worker: number): number | undefined
  /** A connection to each worker, in their order. */
  lines(): Promise<readonly Line[]>
}

/** Asked for `/a` the origin answers how often it was written to. */
export async function openWorkers(t: Test, workers: number, env: Readonly<Record<string, string>> = {}): Promise<WorkersHouse> {
  let version = 0
  const origin = await startOrigin(({ request, reply }) => {
    if (request.method === 'POST') version += 1
    reply({ body: String(version) })
  })
  t.teardown(() => origin.close())
  const cwd = t.testdir()
  const rulesFile = join(cwd, 'rules.yaml')
  await writeFile(rulesFile, rulesText)
  const running = start(t, ['serve', '--origin', origin.url, '--workers', String(workers)], {
    cwd,
    env: { PORT: '0', ADMIN_PORT: '0', HOST: '127.0.0.1', ADMIN_TOKEN: 'token', ...env },
  })
  t.teardown(() => {
    for (let worker = 1; worker <= workers; worker += 1) stopAtOnce(pidOf(worker))
  })
  const listening = await running.line('listening')
  const address = String(listening['address'])
  const adminAddress = String(listening['admin'])

  function pidOf(worker: number): number | undefined {
    return childrenOf(running.child.pid).find((pid) => isWorker(pid, worker))
  }

  const house: WorkersHouse = {
    running,
    origin,
    address,
    rulesFile,
    ask: (path, method) => ask(new URL(path, address), { method, agent: false }),
    admin: (path, { method, body } = {}) =>
      ask(new URL(path, adminAddress), {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        agent: false,
        headers: { authorization: 'Bearer token' },
        body: body && JSON.stringify(body),
      }),
    pidOf,
    async lines() {
      const found = new Map<number, Line>()
      while (found.size < workers) {
        const line = openLine(t, address)
        const before = accesses(running).length
        await line.ask('/who')
        await until('the line of the log', () => accesses(running).length > before)
        const worker = Number(accesses(running).at(-1)?.['worker'])
        if (!found.has(worker)) found.set(worker, line)
      }
      return [...found].sort(([one], [other]) => one - other).map(([, line]) => line)
    },
  }
  return house
}

export function accesses(running: Running): ReadonlyArray<Readonly<Record<string, unknown>>> {
  return linesOf(running.out()).filter(({ msg }) => msg === 'access')
}

export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false
  try {
    process.kill(pid, 0)
    // A zombie has ended, and only waits to be noticed.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

function stopAtOnce(pid: number | undefined): void {
  if (isAlive(pid)) process.kill(pid as number, 'SIGKILL')
}

function childrenOf(parent: number | undefined): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.filter((pid) => readProc(`${pid}/stat`).split(') ')[1]?.split(' ')[1] === String(parent)).map(Number)
}

function isWorker(pid: number, worker: number): boolean {
  return readProc(`${pid}/environ`).split('\0').includes(`SPRINGHOUSE_WORKER=${worker}`)
}

/** Empty for a process that has ended meanwhile. */
function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8')
  } catch {
    return ''
  }
}

function openLine(t: Test, address: string): Line {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  return { ask: (path, method) => ask(new URL(path, address), { method, agent }) }
}

interface Asked {
  readonly method: string | undefined
  readonly agent: Agent | false
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

function ask(url: URL, { method = 'GET', agent, headers = {}, body }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, agent, headers: { ...headers } }, (response) => {
      const { statusCode = 0, headers: fields } = response
      text(response).then((read) => resolve({ status: statusCode, headers: fields, text: read }), reject)
    })
    request.once('error', reject)
    request.end(body)
  })
}

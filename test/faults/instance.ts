/**
 * One real springhouse process in a fleet: started as an operator would, watched through its admin port, and stopped, paused, killed or
 * started again by the test. Each start is a process of its own name, since what a process promises ends with it.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Child, startChild, untilListening } from '../../bench/child.ts'
import { demoSecret } from '../../src/example/token.ts'
import { table } from '../../src/settings/table.ts'
import { mortal } from '../fixtures/redis.ts'

export interface InstanceOptions {
  readonly index: number
  /** Of the fleet; what the instance keeps lies below. */
  readonly folder: string
  readonly origin: string
  readonly redis: string
  readonly rules: string
}

/** What it said of itself, and when it was asked. */
export interface Health {
  readonly asked: number
  readonly answered: number
  /** False as well when it did not answer. */
  readonly isReady: boolean
  /** Whether it trusts the ledger: everything it had queued is made good. */
  readonly isTrusted: boolean
  /** Whether it asks the origin at all. */
  readonly isOriginAsked: boolean
}

export interface Instance {
  readonly index: number
  /** Changes with every start: `1`, then `1+1`. */
  readonly name: string
  readonly url: string
  readonly pid: number
  readonly isUp: boolean
  /** When this instance was without a process, or with one that was killed: from, to. */
  readonly outages: ReadonlyArray<readonly [from: number, to: number]>
  health(): Promise<Health>
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGHUP'): void
  /** Another text for its rules; takes effect with SIGHUP or a start. */
  rewrite(rules: string): Promise<void>
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM. Resolves when it has drained and is gone. */
  stop(): Promise<void>
  start(): Promise<void>
}

const main = join(import.meta.dirname, '../../src/main.ts')

export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { index } = options
  const folder = join(options.folder, `instance-${index}`)
  await mkdir(join(folder, 'config'), { recursive: true })
  await writeFile(join(folder, 'rules.yaml'), options.rules)
  await writeFile(join(folder, 'config/test.yaml'), configOf(folder))
  const outages: [from: number, to: number][] = []
  let starts = 0
  let { child, url, admin } = await start()

  async function start(): Promise<{ child: Child; url: string; admin: string }> {
    const [command = '', ...args] = mortal([
      ...[process.execPath, '--max-semi-space-size=8', main, 'serve', '--origin', options.origin, '--redis', options.redis],
      ...['--rules', join(folder, 'rules.yaml'), '--port', '0', '--admin-port', '0'],
    ])
    const env = { NODE_ENV: 'test', JWT_SECRET: demoSecret, NODE_OPTIONS: '' }
    const child = startChild(command, args, { log: join(folder, `log-${starts++}`), env, cwd: folder })
    const { address, admin } = await untilListening(child)
    return { child, url: String(address), admin: String(admin) }
  }

  async function end(by: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const from = performance.now()
    if (by === 'SIGKILL') process.kill(child.pid, 'SIGKILL')
    outages.push([from, Number.POSITIVE_INFINITY])
    await child.stop()
  }

  return {
    index,
    get name() {
      return starts === 1 ? String(index) : `${index}+${starts - 1}`
    },
    get url() {
      return url
    },
    get pid() {
      return child.pid
    },
    get isUp() {
      return outages.at(-1)?.[1] !== Number.POSITIVE_INFINITY
    },
    outages,
    health: () => healthOf(admin),
    signal: (name) => void process.kill(child.pid, name),
    rewrite: (rules) => writeFile(join(folder, 'rules.yaml'), rules),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    async start() {
      ;({ child, url, admin } = await start())
      const outage = outages.at(-1)
      if (outage !== undefined) outage[1] = performance.now()
    },
  }
}

/** The settings of a test, and a folder to keep things in where there is a setting for one. */
function configOf(folder: string): string {
  const lines = ['server: { host: 127.0.0.1 }', 'log: { level: info, sample_hits: 0 }', 'drain_timeout: 5s']
  if (table.some(({ path }) => String(path) === 'data_dir')) lines.push(`data_dir: ${join(folder, 'data')}`)
  return `${lines.join('\n')}\n`
}

/** Of what `/health/ready` says, what is looked at. */
interface Told {
  readonly ledger?: { readonly isAttached?: boolean }
  readonly origin?: { readonly circuit?: string }
}

/** Asked with a deadline, since a paused process takes the connection and says nothing. */
async function healthOf(admin: string): Promise<Health> {
  const asked = performance.now()
  const health = { isReady: false, isTrusted: false, isOriginAsked: false }
  try {
    const response = await fetch(`${admin}/health/ready`, { signal: AbortSignal.timeout(1000) })
    const { ledger, origin } = (await response.json()) as Told
    health.isReady = response.ok
    health.isTrusted = ledger?.isAttached === true
    health.isOriginAsked = origin?.circuit === 'closed'
  } catch {}
  return { asked, answered: performance.now(), ...health }
}

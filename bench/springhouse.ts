/** Springhouse as a user starts it, for one scenario: its own process, ports of its choosing, settings of production. */
import { join } from 'node:path'
import { startChild, untilListening, untilReady } from './child.ts'
import type { Peer } from './peers.ts'

export interface Springhouse extends Peer {
  readonly admin: string
}

export interface SpringhouseOptions {
  readonly name: string
  readonly folder: string
  readonly origin: string
  readonly rules: string
  readonly secret: string
  /** Undefined: the memory store. */
  readonly redis?: string
  /** Lets the admin API purge. */
  readonly adminToken?: string
  /** Further flags. */
  readonly flags?: readonly string[]
}

const root = join(import.meta.dirname, '..')

export async function startSpringhouse({
  name,
  folder,
  origin,
  rules,
  secret,
  redis,
  adminToken,
  flags = [],
}: SpringhouseOptions): Promise<Springhouse> {
  const store = redis === undefined ? [] : ['--redis', redis]
  const args = [
    '--max-semi-space-size=8',
    join(root, 'src/main.ts'),
    'serve',
    '--rules',
    rules,
    '--origin',
    origin,
    '--port',
    '0',
    '--admin-port',
    '0',
    ...store,
    ...flags,
  ]
  const env = { NODE_ENV: 'production', JWT_SECRET: secret, ...(adminToken === undefined ? {} : { ADMIN_TOKEN: adminToken }) }
  const child = startChild(process.execPath, args, { log: join(folder, `${name}.log`), env })
  const { address, admin } = await untilListening(child)
  await untilReady(child, () =>
    fetch(`${admin}/health/ready`).then(
      (response) => response.ok || undefined,
      () => undefined,
    ),
  )
  return { url: String(address), admin: String(admin), pid: child.pid, stop: child.stop }
}

/** The example origin in a process of its own, slow as a database under load. */
export async function startOrigin(folder: string, secret: string, latency: number): Promise<Peer> {
  const args = [join(root, 'src/example/main.ts'), '--port', '0', '--latency', String(latency)]
  const child = startChild(process.execPath, args, { log: join(folder, 'origin.log'), env: { JWT_SECRET: secret } })
  const { address } = await untilListening(child)
  return { url: String(address), pid: child.pid, stop: child.stop }
}

/**
 * The public suite of http-tests/cache-tests, as its npm package holds it: its cases, its origin, and its client. Both run as processes of
 * their own, since the client keeps its results in its modules and the origin the answers it is to give.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export type Kind = 'required' | 'optimal' | 'check'

export interface Case {
  readonly id: string
  readonly topic: string
  readonly kind: Kind
  readonly name: string
}

/** By the case's id: true, or why it did not pass. */
export type Results = Readonly<Record<string, true | readonly string[]>>

interface SuiteCase {
  readonly id: string
  readonly name: string
  readonly kind?: Kind
  readonly browser_only?: boolean
}

interface Topic {
  readonly name: string
  readonly tests: readonly SuiteCase[]
}

export const suiteFolder: string = dirname(fileURLToPath(import.meta.resolve('http-cache-tests/package.json')))

/** The topics as the suite has them, in its order. */
export async function loadTopics(): Promise<readonly Topic[]> {
  const { default: topics } = await import(join(suiteFolder, 'tests/index.mjs'))
  return topics
}

/** What the suite asks of a proxy; some cases are for browsers alone. */
export async function loadCases(): Promise<readonly Case[]> {
  return (await loadTopics()).flatMap(({ name: topic, tests }) =>
    tests
      .filter(({ browser_only }) => browser_only !== true)
      .map(({ id, name, kind = 'required' }) => ({ id, topic, kind, name })),
  )
}

export interface SuiteOrigin {
  readonly url: string
  close(): Promise<void>
}

export async function startSuiteOrigin(): Promise<SuiteOrigin> {
  const env = { ...process.env, npm_config_protocol: 'http', npm_config_port: '0', npm_config_pidfile: '/dev/null' }
  const child = spawn(process.execPath, ['server/server.mjs'], { cwd: suiteFolder, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [unknown]
  const port = /:(\d+)\/$/.exec(String(line))?.[1]
  if (port === undefined) throw new Error(`The suite's origin did not start: ${line}`)
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      if (child.exitCode !== null) return
      const exited = once(child, 'exit')
      child.kill()
      await exited
    },
  }
}

/** Runs the suite's client against a proxy: all cases, or those named. */
export async function runClient(base: string, ids: readonly string[] = []): Promise<Results> {
  const client = fileURLToPath(new URL('client.ts', import.meta.url))
  const child = spawn(process.execPath, [client, base, ...ids], { stdio: ['ignore', 'pipe', 'inherit'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`The suite's client ended with ${code}`)
  return JSON.parse(Buffer.concat(chunks).toString())
}

/**
 * Processes of a benchmark: started with their output in a file, so that reading it costs nobody CPU while something is measured,
 * ready when they say so, and gone when the benchmark is.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

export interface Child {
  readonly pid: number
  /** What it has written so far, both streams. */
  output(): string
  stop(): Promise<void>
}

export interface ChildOptions {
  readonly log: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

const patience = 15_000

export function startChild(command: string, args: readonly string[], { log, env = {}, cwd }: ChildOptions): Child {
  const out = openSync(log, 'w')
  const child = spawn(command, args, { stdio: ['ignore', out, out], env: { ...process.env, ...env }, cwd })
  const killOnExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killOnExit)
  const gone = waitForExit(child)
  return {
    pid: child.pid ?? 0,
    output: () => readFileSync(log, 'utf8'),
    async stop() {
      child.kill('SIGTERM')
      const isGone = await Promise.race([gone.then(() => true), wait(5000, false, { ref: false })])
      if (!isGone) child.kill('SIGKILL')
      await gone
      process.off('exit', killOnExit)
    },
  }
}

/** Resolves with what `probe` finds, asked again and again until it finds something; rejects with the child's output when it does not. */
export async function untilReady<T>(child: Child, probe: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = performance.now() + patience
  while (performance.now() < deadline) {
    const found = await probe()
    if (found !== undefined) return found
    await wait(20)
  }
  const output = child.output()
  await child.stop()
  throw new Error(`Process is not ready after ${patience} ms: ${output}`)
}

/** The fields of the JSON log line "listening". */
export function untilListening(child: Child): Promise<Record<string, unknown>> {
  return untilReady(child, () => {
    const line = child
      .output()
      .split('\n')
      .find((text) => text.includes('"msg":"listening"') && text.endsWith('}'))
    return line === undefined ? undefined : (JSON.parse(line) as Record<string, unknown>)
  })
}

/** A port that was free a moment ago, for programs that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function waitForExit(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
}

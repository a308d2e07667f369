/** The program as an operator runs it: a process of its own, what it wrote, and how it ended. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface Ended {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly child: ChildProcess
  /** What it has written to standard output so far. */
  out(): string
  /** Resolves with the first log line of that name, with its members; rejects when the process ends without one. */
  line(name: string, isWanted?: (line: Line) => boolean): Promise<Line>
  ended: Promise<Ended>
}

export type Line = Readonly<Record<string, unknown>>

export interface Surroundings {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Nothing of the tester's own environment gets in but what Node needs. */
const inherited = { PATH: process.env['PATH'], HOME: process.env['HOME'] }

export function start(t: Test, args: readonly string[], { cwd, env = {} }: Surroundings = {}): Running {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: cwd ?? fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => void child.kill('SIGKILL'))
  let out = ''
  let err = ''
  const waiting = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
    for (const look of waiting) look()
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk
  })
  const ended = once(child, 'close').then(([status]): Ended => ({ status: status as number | null, out, err }))
  return {
    child,
    ended,
    out: () => out,
    line(name, isWanted = () => true) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const found = linesOf(out).find((line) => line['msg'] === name && isWanted(line))
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
        ended.then(() => reject(new Error(`Ended without "${name}": ${out}${err}`)))
      })
    },
  }
}

export function run(t: Test, args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
  return start(t, args, surroundings).ended
}

export function linesOf(out: string): Line[] {
  return out
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{"level"'))
    .map((line) => JSON.parse(line))
}

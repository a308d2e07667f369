/**
 * Load from a process of its own, so that making requests and counting them never runs on the thread of anything measured. Closed loop:
 * each connection asks again when it was answered.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { cpuMicroseconds } from './cpu.ts'

export interface LoadOptions {
  readonly url: string
  readonly seconds: number
  readonly connections: number
  /** Every request gets a query of its own, so that none of them was asked before. */
  readonly isDistinct: boolean
  /** The processes whose CPU time counts. */
  readonly pids: readonly number[]
}

/** What the worker reports. Times in milliseconds. */
export interface LoadReport {
  readonly requests: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
  /** Connections that broke, timeouts, and answers other than 2xx: a measurement with any is none. */
  readonly failures: number
}

export interface LoadResult extends LoadReport {
  readonly cpuPerRequest: number | undefined
}

export async function load(options: LoadOptions): Promise<LoadResult> {
  const { pids } = options
  const worker = fork(join(import.meta.dirname, 'load-worker.ts'), { stdio: 'inherit' })
  const ended = once(worker, 'exit')
  await once(worker, 'message')
  const before = cpuMicroseconds(pids)
  worker.send(options)
  const [report] = (await Promise.race([once(worker, 'message'), ended.then(failed)])) as [LoadReport]
  const used = cpuMicroseconds(pids) - before
  await ended
  if (report.failures > 0)
    throw new Error(`Load on "${options.url}" met ${report.failures} failures in ${report.requests} answers`)
  return { ...report, cpuPerRequest: pids.length === 0 ? undefined : used / report.requests }
}

function failed(): never {
  throw new Error('The load worker ended without a report')
}

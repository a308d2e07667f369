/**
 * How much CPU time processes have used, from the kernel's accounting. A benchmark's wall clock depends on whoever else is on the
 * machine; CPU time per request hardly does.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Microseconds of CPU that the processes and their children that still run have used since they started, all threads, user and system. */
export function cpuMicroseconds(pids: readonly number[]): number {
  return withChildren(pids).reduce((sum, pid) => sum + processMicroseconds(pid), 0)
}

/** The scheduler's nanoseconds by thread where the kernel keeps them, else clock ticks (10 ms each on most machines). */
function processMicroseconds(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    return threads.reduce((sum, thread) => sum + parseSchedstat(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')), 0)
  } catch {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'), ticksPerSecond())
  }
}

/** The first number of a schedstat line: nanoseconds on a CPU. */
export function parseSchedstat(line: string): number {
  return Number(line.split(' ', 1)[0]) / 1000
}

/** Fields 14 and 15 of proc(5) stat, counted behind the command's name, which may itself contain spaces and parentheses. */
export function parseStat(line: string, ticks: number): number {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / ticks) * 1e6
}

function ticksPerSecond(): number {
  return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
}

function withChildren(pids: readonly number[]): number[] {
  return pids.flatMap((pid) => {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
    return [pid, ...withChildren(children.filter((child) => child.trim() !== '').map(Number))]
  })
}

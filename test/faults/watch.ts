/** Asks every instance over and over how it is, and samples its memory: when it was ready, when it trusted the ledger, how large it grew. */
import { readFileSync } from 'node:fs'
import type { Health, Instance } from './instance.ts'

export interface Watch {
  /** The newest answer of each instance, by index. */
  latest(instance: Instance): (Health & { readonly name: string }) | undefined
  /** When a process that was asked after `at`, or the one started in its place, had answered that it trusts the ledger. */
  trustedAfter(name: string, at: number): number | undefined
  stop(): Promise<void>
}

const interval = 40

export function startWatch(instances: readonly Instance[]): Watch {
  const seen = new Map<string, Health[]>()
  const latest = new Map<Instance, Health & { readonly name: string }>()
  let isOver = false
  const watching = instances.map(async (instance) => {
    while (!isOver) {
      const { name } = instance
      const health = await instance.health()
      latest.set(instance, { ...health, name })
      const list = seen.get(name)
      if (list === undefined) seen.set(name, [health])
      else list.push(health)
      await new Promise<void>((next) => {
        setTimeout(next, interval)
      })
    }
  })

  return {
    latest: (instance) => latest.get(instance),
    trustedAfter(name, at) {
      const successors = [...seen].filter(([other]) => isSuccessor(other, name)).flatMap(([, list]) => list)
      return successors.find(({ asked, isTrusted }) => asked > at && isTrusted)?.answered
    },
    async stop() {
      isOver = true
      await Promise.all(watching)
    },
  }
}

/** `1+2` comes after `1` and `1+1`. */
function isSuccessor(name: string, of: string): boolean {
  const [index, start = '0'] = name.split('+')
  const [ofIndex, ofStart = '0'] = of.split('+')
  return index === ofIndex && Number(start) >= Number(ofStart)
}

/** Resident memory in MiB; 0 for a process that is gone. */
export function residentMemory(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

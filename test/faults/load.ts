/**
 * Clients of a fleet: some loops that read and write at random, each with a breath between two requests, through all instances. What they hear
 * goes into a history. Time in a campaign is how long they have been at it.
 */
import { Agent } from 'node:http'
import { type Heard, send } from './client.ts'
import type { ReadRecord, WriteRecord } from './history.ts'
import type { Instance } from './instance.ts'
import { type Ask, allReads, randomRead, randomWrite } from './traffic.ts'

export interface LoadOptions {
  readonly random: () => number
  readonly clients: number
  /** Milliseconds at most between a client's requests. */
  readonly breath: number
  /** Part of the requests that write. */
  readonly writes: number
  /** Those that take requests now: a balancer's choice. */
  readonly targets: () => readonly Instance[]
}

export interface Load {
  readonly reads: readonly ReadRecord[]
  readonly writes: readonly WriteRecord[]
  /** Resolves when it has gone on for so many milliseconds more. */
  lasts(milliseconds: number): Promise<void>
  /** Looked at after every tick of the load; rejects after `deadline` milliseconds. */
  until(what: string, isTrue: () => boolean, deadline: number): Promise<void>
  /** From now on nobody writes. Resolves when the last write was answered. */
  stopWriting(): Promise<void>
  writeAgain(): void
  /** Reads everything once through every instance. */
  sweep(): Promise<void>
  stop(): Promise<void>
}

const tick = 10

export function startLoad(options: LoadOptions): Load {
  const { random, targets } = options
  const agents = new Map<string, Agent>()
  const reads: ReadRecord[] = []
  const writes: WriteRecord[] = []
  let [isOver, mayWrite, serial, writing] = [false, true, 0, 0]
  const clients = Array.from({ length: options.clients }, (_, number) => client(number))

  /** Keeps to one instance while it is there, so that one that hangs holds up its own clients only. */
  async function client(number: number): Promise<void> {
    while (!isOver) {
      const available = targets()
      const instance = available[number % available.length]
      if (instance !== undefined)
        await (mayWrite && random() < options.writes ? write(instance) : read(instance, randomRead(random)))
      await lasts(random() * options.breath)
    }
  }

  async function read(instance: Instance, ask: Ask): Promise<void> {
    const { by, heard } = await sendTo(instance, ask)
    const { isRefused, purge, ...rest } = heard
    reads.push({ kind: 'read', resource: ask.resource, instance: by, ...rest })
  }

  async function write(instance: Instance): Promise<void> {
    const id = `w${serial++}`
    const ask = randomWrite(random, id)
    writing += 1
    const { by, heard } = await sendTo(instance, ask)
    writing -= 1
    const { isRefused, seen, cacheStatus, ...rest } = heard
    writes.push({ kind: 'write', id, resource: ask.resource, instance: by, ...rest })
  }

  /** As balancers do, a request of which no byte has left is sent to another one that takes requests. */
  async function sendTo(instance: Instance, ask: Ask): Promise<{ readonly by: string; readonly heard: Heard }> {
    const by = instance.name
    const heard = await send(instance.url, agentOf(instance), ask)
    const other = heard.isRefused ? targets().find((one) => one !== instance) : undefined
    if (other === undefined) return { by, heard }
    return { by: other.name, heard: await send(other.url, agentOf(other), ask) }
  }

  function agentOf({ url }: Instance): Agent {
    const agent = agents.get(url) ?? new Agent({ keepAlive: true, maxSockets: 256 })
    agents.set(url, agent)
    return agent
  }

  function lasts(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(() => resolve(), milliseconds)
    })
  }

  async function until(what: string, isTrue: () => boolean, deadline: number): Promise<void> {
    const end = performance.now() + deadline
    while (!isTrue()) {
      if (performance.now() > end) throw new Error(`Waited in vain for ${what}`)
      await lasts(tick)
    }
  }

  return {
    reads,
    writes,
    lasts,
    until,
    async stopWriting() {
      mayWrite = false
      await until('the last write', () => writing === 0, 20_000)
    },
    writeAgain() {
      mayWrite = true
    },
    async sweep() {
      await Promise.all(
        targets().map(async (instance) => {
          for (const ask of allReads()) await read(instance, ask)
        }),
      )
    },
    async stop() {
      isOver = true
      await Promise.all(clients)
      for (const agent of agents.values()) agent.destroy()
    },
  }
}

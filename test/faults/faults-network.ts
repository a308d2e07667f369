/** What can happen between an instance and Redis: to one of them, and to all at once. */
import type { Fault } from './fault.ts'
import type { NetworkFault } from './fault-proxy.ts'
import type { Fleet } from './fleet.ts'

interface Trouble {
  readonly name: string
  readonly fault: NetworkFault
  readonly lasts: number
}

const troubles: readonly Trouble[] = [
  { name: 'nothing moves', fault: { kind: 'pause' }, lasts: 2500 },
  { name: 'replies 50 ms late', fault: { kind: 'delay', milliseconds: 50 }, lasts: 2000 },
  { name: 'replies 300 ms late', fault: { kind: 'delay', milliseconds: 300 }, lasts: 2500 },
  { name: 'connections reset', fault: { kind: 'reset' }, lasts: 2000 },
  { name: 'bytes lost', fault: { kind: 'blackhole' }, lasts: 2500 },
  { name: 'cut after 3,000 bytes of replies', fault: { kind: 'cut', after: 3000 }, lasts: 2500 },
  { name: 'half-open', fault: { kind: 'half-open' }, lasts: 2000 },
]

export const networkFaults: readonly Fault[] = [
  ...troubles.map((trouble) => between('one', trouble)),
  ...troubles.map((trouble) => between('all', trouble)),
  { name: 'network: one and then another', lasts: 0, inject: inTurn, heal: (fleet) => set(fleet.ways, { kind: 'pass' }) },
]

function between(who: 'one' | 'all', { name, fault, lasts }: Trouble): Fault {
  return {
    name: `network of ${who}: ${name}`,
    lasts,
    inject: ({ ways }) => set(who === 'one' ? ways.slice(0, 1) : ways, fault),
    heal: ({ ways }) => set(ways, { kind: 'pass' }),
  }
}

async function set(ways: Fleet['ways'], fault: NetworkFault): Promise<void> {
  for (const way of ways) way.set(fault)
}

/** Each is cut off as the one before comes back. */
async function inTurn({ ways, load }: Fleet): Promise<void> {
  for (const [i, way] of ways.entries()) {
    ways[i - 1]?.set({ kind: 'pass' })
    way.set({ kind: 'pause' })
    await load.lasts(1200)
  }
}

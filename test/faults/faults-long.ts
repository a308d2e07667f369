/** The same load for a minute each: what comes seldom shows only in time. Left out unless asked for (`--long`). */
import type { Fault } from './fault.ts'
import type { Fleet } from './fleet.ts'

const minute = 60_000

export const longFaults: readonly Fault[] = [
  { name: 'long: a minute of nothing', lasts: minute, inject: async () => {}, heal: async () => {} },
  { name: 'long: a minute with FLUSHALL every 3 s', lasts: 0, inject: flushing, heal: async () => {} },
  { name: 'long: a minute with Redis stopped for 5 s twice', lasts: 0, inject: stoppedTwice, heal: async () => {} },
]

async function flushing({ command, load }: Fleet): Promise<void> {
  const end = performance.now() + minute
  while (performance.now() < end) {
    await command('FLUSHALL')
    await load.lasts(3000)
  }
}

async function stoppedTwice({ redis, load }: Fleet): Promise<void> {
  for (let i = 0; i < 2; i += 1) {
    await load.lasts(12_500)
    redis.pause()
    await load.lasts(5000)
    redis.resume()
    await load.lasts(12_500)
  }
}

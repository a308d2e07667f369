/** What can happen to the instances: stopped, killed, restarted one by one, given other rules. */
import type { Fault } from './fault.ts'
import type { Fleet } from './fleet.ts'
import type { Instance } from './instance.ts'
import { campaignRules } from './rules.ts'

// biome-ignore format: one fault, one line
export const instanceFaults: readonly Fault[] = [
  { name: 'instance: stopped for 3 s', lasts: 3000, inject: async (fleet) => first(fleet).signal('SIGSTOP'), heal: async (fleet) => first(fleet).signal('SIGCONT') },
  { name: 'instance: stopped while Redis loses its connections', lasts: 2500, inject: stopAndReset, heal: async (fleet) => first(fleet).signal('SIGCONT') },
  { name: 'instance: killed under load', lasts: 1000, inject: (fleet) => first(fleet).kill(), heal: (fleet) => first(fleet).start() },
  { name: 'instance: killed between commit and purge', lasts: 5500, inject: killBehindCommit, heal: comeBack },
  { name: 'instance: killed while cut off from Redis', lasts: 500, inject: killCutOff, heal: (fleet) => first(fleet).start() },
  { name: 'instance: killed while Redis is stopped', lasts: 500, inject: killWithoutRedis, heal: healKilled },
  { name: 'instance: rolling restart', lasts: 0, fleet: { isReadinessHeeded: true }, inject: roll, heal: async () => {} },
  { name: 'instance: rolling restart while Redis is stopped', lasts: 0, fleet: { isReadinessHeeded: true }, inject: rollWithoutRedis, heal: async ({ redis }) => redis.resume() },
  { name: 'rules: reloaded under load', lasts: 100, inject: reload, heal: async () => {} },
  { name: 'rules: two versions side by side', lasts: 2500, fleet: { rules: (index) => campaignRules() + (index === 0 ? another : '') }, inject: async () => {}, heal: async () => {} },
  { name: 'rules: two versions that name keys differently', lasts: 2500, fleet: { rules: (index) => campaignRules(index === 0 ? 'thing' : 'item') }, inject: async () => {}, heal: async () => {} },
]

const another = '  - { name: another, match: GET /another, cache: { ttl: 1m } }\n'

function first({ instances }: Fleet): Instance {
  return instances[0] as Instance
}

/** What it missed, it must learn before it answers with what it has. */
async function stopAndReset(fleet: Fleet): Promise<void> {
  first(fleet).signal('SIGSTOP')
  fleet.ways[0]?.set({ kind: 'reset' })
  fleet.ways[0]?.set({ kind: 'pass' })
}

/** The origin has committed and says nothing of it yet: nobody but the intent knows that it must be purged. */
async function killBehindCommit(fleet: Fleet): Promise<void> {
  fleet.origin.behave({ isSilent: 'to-writes' })
  await fleet.load.lasts(800)
  await first(fleet).kill()
  fleet.origin.behave({})
  // Further writes would purge it by chance.
  await fleet.load.stopWriting()
}

async function comeBack(fleet: Fleet): Promise<void> {
  await first(fleet).start()
  fleet.load.writeAgain()
}

/** What it alone knows of is queued, and there is nobody else to make it good. */
async function killCutOff(fleet: Fleet): Promise<void> {
  fleet.ways[0]?.set({ kind: 'pause' })
  await fleet.load.lasts(1500)
  await first(fleet).kill()
  fleet.ways[0]?.set({ kind: 'pass' })
  await fleet.load.stopWriting()
}

async function killWithoutRedis(fleet: Fleet): Promise<void> {
  fleet.redis.pause()
  await fleet.load.lasts(1500)
  await first(fleet).kill()
}

/** It comes back before Redis does, so that what it had queued is made good before anybody trusts what Redis has. */
async function healKilled(fleet: Fleet): Promise<void> {
  await first(fleet).start()
  fleet.redis.resume()
}

async function roll({ instances, load, watch }: Fleet): Promise<void> {
  for (const instance of instances) {
    await instance.stop()
    await instance.start()
    const isReady = (): boolean => watch.latest(instance)?.name === instance.name && watch.latest(instance)?.isReady === true
    await load.until('the next to be ready', isReady, 5000)
  }
}

async function rollWithoutRedis(fleet: Fleet): Promise<void> {
  fleet.redis.pause()
  await fleet.load.lasts(500)
  await roll(fleet)
}

/** To rules of another hash and back, again and again, on every instance at another time. */
async function reload({ instances, load }: Fleet): Promise<void> {
  for (let i = 0; i < 9; i += 1) {
    const instance = instances[i % instances.length] as Instance
    await instance.rewrite(campaignRules() + (Math.floor(i / instances.length) % 2 === 0 ? another : ''))
    instance.signal('SIGHUP')
    await load.lasts(300)
  }
}

/** What can happen to Redis itself: gone, stopped, emptied, full, evicting, demoted, failed over, back with old data. */
import { Redis } from 'ioredis'
import { startRedis } from '../fixtures/redis.ts'
import type { Fault } from './fault.ts'
import type { Fleet } from './fleet.ts'

const full = ['--maxmemory', '6mb']
const debuggable = ['--enable-debug-command', 'yes']

// biome-ignore format: one fault, one line
export const redisFaults: readonly Fault[] = [
  { name: 'redis: killed, restarted empty', lasts: 2000, inject: kill, heal: restart },
  { name: 'redis: killed, back at once', lasts: 500, inject: async (fleet) => await kill(fleet).then(() => restart(fleet)), heal: none },
  {
    name: 'redis: restarted from an old snapshot',
    lasts: 1000,
    arrange: ({ command, load }) => command('SAVE').then(() => load.lasts(1500)),
    inject: kill,
    heal: restart,
  },
  { name: 'redis: stopped for 1 s', lasts: 1000, inject: async ({ redis }) => redis.pause(), heal: async ({ redis }) => redis.resume() },
  { name: 'redis: stopped for 5 s', lasts: 5000, inject: async ({ redis }) => redis.pause(), heal: async ({ redis }) => redis.resume() },
  { name: 'redis: stopped again and again', lasts: 100, inject: (fleet) => everySome(fleet, 400, () => stutter(fleet)), heal: none },
  { name: 'redis: FLUSHALL', lasts: 1000, inject: ({ command }) => command('FLUSHALL'), heal: none },
  { name: 'redis: FLUSHALL every second', lasts: 100, inject: (fleet) => everySome(fleet, 1000, () => fleet.command('FLUSHALL')), heal: none },
  { name: 'redis: SCRIPT FLUSH every 300 ms', lasts: 100, inject: (fleet) => everySome(fleet, 300, () => fleet.command('SCRIPT', 'FLUSH')), heal: none },
  { name: 'redis: the ledger is evicted', lasts: 1000, inject: removeLedger, heal: none },
  { name: 'redis: the ledger and its kin are evicted, again and again', lasts: 100, inject: (fleet) => everySome(fleet, 300, () => removeLedgersKeys(fleet)), heal: none },
  { name: 'redis: something else lies where the ledger was', lasts: 2000, inject: replaceLedger, heal: removeLedger },
  { name: 'redis: full, noeviction', lasts: 2500, fleet: { redis: [...full, '--maxmemory-policy', 'noeviction'] }, inject: fill, heal: empty },
  { name: 'redis: small, allkeys-lru', lasts: 100, fleet: { redis: [...full, '--maxmemory-policy', 'allkeys-lru'] }, inject: churn, heal: empty },
  { name: 'redis: small, allkeys-lfu', lasts: 100, fleet: { redis: [...full, '--maxmemory-policy', 'allkeys-lfu'] }, inject: churn, heal: empty },
  { name: 'redis: small, volatile-lru', lasts: 100, fleet: { redis: [...full, '--maxmemory-policy', 'volatile-lru'] }, inject: churn, heal: empty },
  { name: 'redis: demoted to a replica, and back', lasts: 2000, inject: ({ command }) => command('REPLICAOF', '127.0.0.1', 1), heal: ({ command }) => command('REPLICAOF', 'NO', 'ONE') },
  { name: 'redis: failover to a replica', lasts: 0, inject: (fleet) => failOver(fleet, 0), heal: none },
  { name: 'redis: failover to a replica that missed purges', lasts: 0, inject: (fleet) => failOver(fleet, 1000), heal: none },
  { name: 'redis: CLIENT KILL of everybody', lasts: 500, inject: ({ command }) => command('CLIENT', 'KILL', 'TYPE', 'normal'), heal: none },
  { name: 'redis: CLIENT KILL again and again', lasts: 100, inject: (fleet) => everySome(fleet, 200, () => fleet.command('CLIENT', 'KILL', 'TYPE', 'normal')), heal: none },
  { name: 'redis: CLIENT KILL of who reads the stream', lasts: 100, inject: (fleet) => everySome(fleet, 300, () => killBlocked(fleet)), heal: none },
  { name: 'redis: CLIENT PAUSE for 2 s', lasts: 2000, inject: ({ command }) => command('CLIENT', 'PAUSE', 2000, 'ALL'), heal: none },
  { name: 'redis: CLIENT PAUSE of writes for 2 s', lasts: 2000, inject: ({ command }) => command('CLIENT', 'PAUSE', 2000, 'WRITE'), heal: none },
  { name: 'redis: busy for 1.5 s', lasts: 1500, fleet: { redis: debuggable }, inject: async ({ command }) => void command('DEBUG', 'SLEEP', '1.5'), heal: none },
  { name: 'redis: busy with a script', lasts: 2000, fleet: { redis: ['--busy-reply-threshold', '50'] }, inject: spin, heal: ({ command }) => command('SCRIPT', 'KILL') },
  { name: 'redis: takes no more connections', lasts: 2000, inject: refuseClients, heal: ({ command }) => command('CONFIG', 'SET', 'maxclients', 10_000) },
]

async function none(): Promise<void> {}

function kill({ redis }: Fleet): Promise<void> {
  return redis.kill()
}

async function restart({ redis, command }: Fleet): Promise<void> {
  await redis.restart()
  // The operator's connection has to find it again too.
  await command('PING').catch(() => undefined)
}

/** Does it now and every `interval` milliseconds, for two seconds in all. */
async function everySome({ load }: Fleet, interval: number, act: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + 2000
  while (performance.now() < end) {
    await act().catch(() => undefined)
    await load.lasts(interval)
  }
}

async function stutter({ redis, load }: Fleet): Promise<void> {
  redis.pause()
  await load.lasts(250)
  redis.resume()
}

const ledger = 'faults:{ledger}'

function removeLedger({ command }: Fleet): Promise<unknown> {
  return command('DEL', ledger)
}

/** Everything that shares the ledger's slot, one after the other. */
async function removeLedgersKeys({ command, load }: Fleet): Promise<void> {
  for (const key of (await command('KEYS', '*{ledger}*')) as string[]) {
    await command('DEL', key)
    await load.lasts(100)
  }
}

async function replaceLedger({ command }: Fleet): Promise<void> {
  await command('DEL', ledger)
  await command('SET', ledger, 'something else')
}

const ballast = 'x'.repeat(100_000)

/** Until there is no room for any more. */
async function fill({ command }: Fleet): Promise<void> {
  for (let i = 0; i < 1000; i += 1) {
    const reply = await command('SET', `ballast:${i}`, ballast).catch(() => 'full')
    if (reply === 'full') return
  }
}

/** So much comes in that whatever may go must go. */
async function churn(fleet: Fleet): Promise<void> {
  let i = 0
  await everySome(fleet, 20, () => fleet.command('SET', `ballast:${i++ % 100}`, ballast, 'EX', 60))
}

async function empty({ command }: Fleet): Promise<void> {
  for (let i = 0; i < 100; i += 1) await command('UNLINK', `ballast:${i}`)
}

/** The replica stops following `missed` milliseconds before the other one dies. */
async function failOver({ redis, ways, command, load, atEnd }: Fleet, missed: number): Promise<void> {
  const replica = await startRedis(['--replicaof', `127.0.0.1 ${redis.port}`])
  const operator = new Redis(replica.port)
  atEnd(async () => {
    operator.disconnect()
    await replica.stop()
  })
  while (!String(await operator.info('replication')).includes('master_link_status:up')) await load.lasts(20)
  await command('WAIT', 1, 1000)
  if (missed > 0) {
    await operator.call('REPLICAOF', 'NO', 'ONE')
    await load.lasts(missed)
  }
  await redis.kill()
  await operator.call('REPLICAOF', 'NO', 'ONE')
  for (const way of ways) way.retarget(replica.port)
}

/** Connections that wait for something to come, as readers of a stream do. */
async function killBlocked({ command }: Fleet): Promise<void> {
  const clients = String(await command('CLIENT', 'LIST')).split('\n')
  for (const client of clients.filter((line) => /\bflags=\w*b/.test(line) || /\bcmd=xread/.test(line))) {
    const id = /^id=(\d+)/.exec(client)?.[1]
    if (id !== undefined) await command('CLIENT', 'KILL', 'ID', id)
  }
}

/** On a connection of its own, which is busy as long. */
async function spin({ redis }: Fleet): Promise<void> {
  const client = new Redis(redis.port)
  client.on('error', () => {})
  await client.ping()
  void client
    .eval('while true do end', 0)
    .catch(() => undefined)
    .finally(() => client.disconnect())
}

async function refuseClients({ command }: Fleet): Promise<void> {
  await command('CONFIG', 'SET', 'maxclients', 1)
  await command('CLIENT', 'KILL', 'TYPE', 'normal')
}

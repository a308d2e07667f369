import t from 'tap'
import { allLabel, keyLabel, type Label, rulesLabel, tagLabel } from '../../src/cache/label.ts'
import type { Stamp } from '../../src/cache/validity.ts'
import { digestLabel } from '../../src/ledger/digest.ts'
import { openJournal } from '../../src/ledger/journal.ts'
import type { Ledger, LocalLedger } from '../../src/ledger/ledger.ts'
import { milliseconds, systemClock } from '../../src/time.ts'
import { startRedis } from '../fixtures/redis.ts'
import { outsider, until } from '../redis/fixture.ts'
import { ledgerContract } from './contract.ts'
import { type Fleet, openFleet } from './fleet-fixture.ts'

const a = keyLabel('a')
const b = tagLabel('b')
const key = 'test:{ledger}'
const one = rulesLabel('one')
const two = rulesLabel('two')

async function server(t: Parameters<typeof openFleet>[0], extra: readonly string[] = []) {
  const redis = await startRedis([...extra])
  t.teardown(() => redis.stop())
  return redis
}

/** Resolves when this process judges the stamp so. */
function judgedHere(
  ledger: LocalLedger,
  kind: 'valid' | 'purged',
  stamp: Stamp,
  labels: readonly Label[] = [a, allLabel],
): Promise<true> {
  return until(async () => (ledger.judgeNow(stamp, labels).kind === kind ? true : undefined))
}

const isDone = async (ledger: Ledger, labels: readonly Label[]): Promise<boolean> =>
  (await ledger.purge(labels, 'hard')).kind === 'done'

t.test('FleetLedger keeps the contract', async (t) => {
  const redis = await server(t)
  let made = 0
  await ledgerContract(t, async (t, { clock, bounds, report }) => {
    made += 1
    return (await openFleet(t, redis.port, { clock: { ...systemClock, now: clock.now }, bounds, report, prefix: `test${made}` }))
      .ledger
  })
})

t.test('a purge holds here before it is acknowledged, and on the others by the stream', async (t) => {
  const { port } = await server(t)
  const [here, there] = [await openFleet(t, port), await openFleet(t, port)]
  const stamp = here.ledger.stampNow()
  t.same(there.ledger.stampNow().epoch, stamp.epoch, 'one epoch')
  t.ok(await isDone(here.ledger, [a]))
  t.same(here.ledger.judgeNow(stamp, [a]), { kind: 'purged' })
  t.same(here.ledger.judgeNow(stamp, [b]), { kind: 'valid' })
  await judgedHere(there.ledger, 'purged', stamp)
  t.same(there.ledger.judgeNow(there.ledger.stampNow(), [a]), { kind: 'valid' }, 'what is fetched from now on')
})

t.test('without its connection for the stream an instance hears of purges by the tick', async (t) => {
  const { port } = await server(t)
  const [here, there] = [await openFleet(t, port), await openFleet(t, port)]
  there.connections.stream.connection.close()
  const stamp = there.ledger.stampNow()
  t.ok(await isDone(here.ledger, [a]))
  await judgedHere(there.ledger, 'purged', stamp)
  t.ok(there.ledger.isAttached)
})

t.test('an instance that was stopped for longer than its lease believes nothing that it knew', async (t) => {
  const { port } = await server(t)
  let stopped = 0
  const clock = { ...systemClock, monotonic: () => milliseconds(performance.now() + stopped) }
  const { ledger, became } = await openFleet(t, port, { clock })
  const stamp = ledger.stampNow()
  stopped = 2000
  t.notOk(ledger.isAttached, 'before anything else has run')
  t.same(ledger.judgeNow(stamp, [a]), { kind: 'purged' })
  t.not(ledger.stampNow().epoch, stamp.epoch, 'what it fetches now is of an epoch of its own')
  await became('attached')
  t.same(ledger.judgeNow(stamp, [a]), { kind: 'valid' }, 'and is whole again with the next tick')
})

t.test('detached: a ledger of its own, from which nothing crosses', async (t) => {
  const redis = await server(t)
  const { ledger, became } = await openFleet(t, redis.port)
  const shared = ledger.stampNow()
  await redis.kill()
  await became('detached')
  const own = ledger.stampNow()
  t.same(ledger.judgeNow(own, [a]), { kind: 'valid' })
  t.match(await ledger.purge([a], 'hard'), { kind: 'queued', waiting: 1 })
  t.same(ledger.judgeNow(own, [a]), { kind: 'purged' })
  t.same(ledger.judgeNow(shared, [b]), { kind: 'purged' })
  await redis.restart()
  await became('attached')
  t.same(ledger.judgeNow(own, [b]), { kind: 'purged' })
  t.same(ledger.judgeNow(shared, [b]), { kind: 'purged' }, 'another epoch: Redis came back empty')
  t.equal(ledger.status().waiting, 0)
})

t.test('what Redis did not take is purged before anything shared is believed again', async (t) => {
  const redis = await server(t)
  const [here, there] = [await openFleet(t, redis.port), await openFleet(t, redis.port)]
  const stamp = there.ledger.stampNow()
  here.connections.ledger.connection.close()
  t.match(await here.ledger.purge([a], 'hard'), { kind: 'queued' })
  t.notOk(here.ledger.isAttached, 'at once')
  t.same(there.ledger.judgeNow(stamp, [a]), { kind: 'valid' })
  const journal = await openJournal({ folder: undefined, report: () => {} })
  await journal.add(here.journal.take())
  const again = await openFleet(t, redis.port, { journal })
  t.ok(again.ledger.isAttached)
  t.equal(journal.size, 0)
  await judgedHere(there.ledger, 'purged', stamp)
})

for (const [what, lose] of [
  ['FLUSHALL', (redis) => redis.flushall()],
  ['the ledger evicted', (redis) => redis.unlink(key)],
] as ReadonlyArray<[string, (redis: ReturnType<typeof outsider>) => Promise<unknown>]>) {
  t.test(
    `${what}: another epoch, under which everything older is invalid, and a purge of the last minute counts again`,
    async (t) => {
      const { port } = await server(t)
      const fleets = [await openFleet(t, port), await openFleet(t, port)] as [Fleet, Fleet]
      const [here, there] = fleets
      t.ok(await isDone(here.ledger, [a]))
      const stamp = there.ledger.stampNow()
      await lose(outsider(t, port))
      await until(async () => (fleets.every(({ said }) => said.some(({ kind }) => kind === 'epoch')) ? true : undefined))
      await Promise.all(fleets.map(({ became }) => became('attached')))
      t.same(there.ledger.judgeNow(stamp, [b]), { kind: 'purged' })
      t.equal(here.ledger.stampNow().epoch, there.ledger.stampNow().epoch)
      const reading = await until(() => there.ledger.read([a]))
      t.ok((reading.purges.get(a)?.hard ?? 0) > 0)
    },
  )
}

t.test('an old snapshot: an instance that has seen more makes another epoch', async (t) => {
  const { port } = await server(t)
  const { ledger, said, became } = await openFleet(t, port)
  await ledger.purge([b], 'hard')
  const redis = outsider(t, port)
  const old = (await redis.dumpBuffer(key)) as Buffer
  await ledger.purge([a], 'hard')
  const stamp = ledger.stampNow()
  await redis.restore(key, 0, old, 'REPLACE')
  await until(async () => (said.some(({ kind }) => kind === 'epoch') ? true : undefined))
  await became('attached')
  t.not(ledger.stampNow().epoch, stamp.epoch)
  t.same(ledger.judgeNow(stamp, [b]), { kind: 'purged' })
})

t.test('Redis away from everybody: everything is purged before anyone believes it again', async (t) => {
  const redis = await server(t)
  const { ledger, became } = await openFleet(t, redis.port)
  const stamp = ledger.stampNow()
  redis.pause()
  await became('detached')
  redis.resume()
  await became('attached')
  t.same(ledger.judgeNow(stamp, [allLabel, a]), { kind: 'purged' })
  const reading = await until(() => ledger.read([allLabel]))
  t.equal(reading.purges.get(allLabel)?.hard, stamp.number + 1, 'once')
})

t.test('who leaves in order leaves the store warm, and who is killed does not', async (t) => {
  const { port } = await server(t)
  const first = await openFleet(t, port)
  const stamp = first.ledger.stampNow()
  await first.ledger.close()
  const second = await openFleet(t, port)
  t.equal((await second.ledger.read([a, allLabel]))?.purges.get(allLabel)?.hard, 0)
  t.same(second.ledger.stampNow(), stamp, 'no number was taken')
  const redis = outsider(t, port)
  await second.ledger.close()
  await redis.hset(`${key}:members`, 'i:killed', '1000')
  const third = await openFleet(t, port)
  t.ok(third.said.some(({ kind }) => kind === 'all-silent'))
})

t.test('rules side by side: a purge under the one takes everything that the other made', async (t) => {
  const { port } = await server(t)
  const here = await openFleet(t, port)
  const there = await openFleet(t, port, { rules: () => two })
  await judgedHere(here.ledger, 'valid', there.ledger.stampNow())
  const stamp = there.ledger.stampNow()
  t.ok(await isDone(here.ledger, [a]))
  await judgedHere(there.ledger, 'purged', stamp, [two])
  t.same(here.ledger.judgeNow(stamp, [one]), { kind: 'valid' }, 'its own it can name')
  t.same(here.ledger.judgeNow(stamp, [two]), { kind: 'purged' })
})

t.test('rules that come back: what purges went past is gone, and only that', async (t) => {
  const { port } = await server(t)
  let rules = one
  const fleet = await openFleet(t, port, { rules: () => rules })
  const stamp = fleet.ledger.stampNow()
  const change = async (label: Label): Promise<void> => {
    rules = label
    fleet.ledger.reregister()
    t.notOk(fleet.ledger.isAttached)
    await fleet.became('attached')
  }
  await change(two)
  await change(one)
  t.same(fleet.ledger.judgeNow(stamp, [one]), { kind: 'valid' }, 'nothing was purged meanwhile')
  await change(two)
  // Long enough ago for nobody to be under the other rules any more.
  const redis = outsider(t, port)
  const field = `h:${digestLabel(one)}`
  const value = (await redis.hget(`${key}:members`, field)) ?? ''
  await redis.hset(`${key}:members`, field, value.replace(/ \d+ /, ' 1000 '))
  await fleet.ledger.purge([a], 'hard')
  t.same(fleet.ledger.judgeNow(stamp, [one]), { kind: 'valid' }, 'of rules that are in force nowhere nothing is said')
  await change(one)
  t.same(fleet.ledger.judgeNow(stamp, [one]), { kind: 'purged' })
})

t.test('rules that lag behind stay so, whatever else is purged before they are back', async (t) => {
  const { port } = await server(t)
  const here = await openFleet(t, port)
  const there = await openFleet(t, port, { rules: () => two })
  const redis = outsider(t, port)
  const stamp = there.ledger.stampNow()
  there.connections.ledger.connection.close()
  const field = `h:${digestLabel(two)}`
  const value = (await redis.hget(`${key}:members`, field)) ?? ''
  await redis.hset(`${key}:members`, field, value.replace(/ \d+ /, ' 1000 '))
  t.ok(await isDone(here.ledger, [a]))
  const three = await openFleet(t, port, { rules: () => rulesLabel('three') })
  t.ok(await isDone(three.ledger, [b]))
  const back = await openFleet(t, port, { rules: () => two })
  const reading = await until(() => back.ledger.read([two]))
  t.ok((reading.purges.get(two)?.hard ?? 0) > stamp.number)
})

t.test('intents: fulfilled by their purge, forgotten, or purged when they are due', async (t) => {
  const { port } = await server(t)
  const [here, there] = [await openFleet(t, port), await openFleet(t, port)]
  const redis = outsider(t, port)
  const stamp = there.ledger.stampNow()
  const first = await here.ledger.intend([a], milliseconds(60_000))
  t.ok(first)
  t.equal(await redis.hlen(`${key}:intents`), 1)
  await here.ledger.purge([b], 'hard', { intent: first })
  t.equal(await redis.hlen(`${key}:intents`), 0)
  const second = await here.ledger.intend([a], milliseconds(60_000))
  await here.ledger.forget(second as NonNullable<typeof second>)
  t.equal(await redis.hlen(`${key}:intents`), 0)
  await judgedHere(there.ledger, 'valid', stamp)
  await here.ledger.intend([a], milliseconds(1))
  await judgedHere(there.ledger, 'purged', stamp)
  t.equal(await redis.zcard(`${key}:due`), 0)
})

t.test('the intents of an instance that is silent are purged by the others', async (t) => {
  const { port } = await server(t)
  const [here, there] = [await openFleet(t, port), await openFleet(t, port)]
  const stamp = there.ledger.stampNow()
  t.ok(await here.ledger.intend([a], milliseconds(600_000)))
  // As kill -9 leaves it.
  here.connections.ledger.connection.close()
  await judgedHere(there.ledger, 'purged', stamp)
  t.ok(there.said.some(({ kind }) => kind === 'completed'))
  t.equal(await outsider(t, port).hlen(`${key}:intents`), 1, 'and once more when it is due: the origin may commit until then')
  t.notOk(
    there.said.some(({ kind }) => kind === 'all-silent'),
    'one of two was not silent',
  )
})

t.test('a second purge later is as good as done, whoever is there then', async (t) => {
  const { port } = await server(t)
  const [here, there] = [await openFleet(t, port), await openFleet(t, port)]
  await here.ledger.purge([a], 'hard', { again: milliseconds(700) })
  await judgedHere(there.ledger, 'valid', there.ledger.stampNow())
  const between = there.ledger.stampNow()
  await here.ledger.close()
  await judgedHere(there.ledger, 'purged', between)
})

t.test('records that are trimmed or of an unknown version leave an image that knows only what comes after', async (t) => {
  const { port } = await server(t)
  const { ledger } = await openFleet(t, port)
  const redis = outsider(t, port)
  const stamp = ledger.stampNow()
  await redis
    .multi()
    .zincrby(key, 1, '#seq')
    .xadd(`${key}:stream`, `${stamp.number + 1}-0`, 'v', '2', 'what', 'ever')
    .exec()
  await judgedHere(ledger, 'purged', stamp, [b])
  await until(async () => (ledger.isAttached && ledger.seq === stamp.number + 1 ? true : undefined))
  const next = ledger.stampNow()
  await redis.zincrby(key, 1, '#seq')
  await judgedHere(ledger, 'purged', next, [b])
})

t.test('a full Redis still takes purges, and ticks', async (t) => {
  const { port } = await server(t, ['--maxmemory', '3mb', '--maxmemory-policy', 'noeviction'])
  const { ledger } = await openFleet(t, port)
  const redis = outsider(t, port)
  await t.rejects(
    (async () => {
      for (let i = 0; ; i += 1) await redis.set(`filler:${i}`, 'x'.repeat(10_000))
    })(),
    /OOM/,
  )
  const stamp = ledger.stampNow()
  t.ok(await isDone(ledger, [a]))
  t.same(ledger.judgeNow(stamp, [a]), { kind: 'purged' })
  await ledger.beat()
  t.ok(ledger.isAttached)
})

t.test('fewer replicas than are wanted: the purge is not done', async (t) => {
  const { port } = await server(t)
  const { ledger } = await openFleet(t, port, { minReplicas: 1 })
  t.match(await ledger.purge([a], 'hard'), { kind: 'queued' })
})

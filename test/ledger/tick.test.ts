import t, { type Test } from 'tap'
import { keyLabel, type Label, rulesLabel } from '../../src/cache/label.ts'
import { LedgerImage } from '../../src/ledger/image.ts'
import { openJournal } from '../../src/ledger/journal.ts'
import { Lease } from '../../src/ledger/lease.ts'
import { LedgerLink } from '../../src/ledger/link.ts'
import { OpenWork } from '../../src/ledger/open-work.ts'
import { type Ticking, take, tick } from '../../src/ledger/tick.ts'
import { milliseconds, seconds, systemClock } from '../../src/time.ts'
import { startRedis } from '../fixtures/redis.ts'
import { connect, outsider } from '../redis/fixture.ts'

const [a, b] = [keyLabel('a'), keyLabel('b')]

async function ticking(t: Test, port: number, rules: () => Label = () => rulesLabel('one')): Promise<Ticking> {
  const { connection } = await connect(t, port, { use: 'ledger' })
  return {
    link: new LedgerLink({ connection, prefix: 'test', clock: systemClock, leaseFor: milliseconds(2000), rules }),
    image: new LedgerImage({ limit: 100, longestWindow: () => seconds(60) }),
    lease: new Lease(systemClock, () => {}),
    journal: await openJournal({ folder: undefined, report: () => {} }),
    work: new OpenWork(systemClock),
  }
}

async function server(t: Test): Promise<number> {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  return redis.port
}

t.test('tick: whole once what waits is purged, here too, and what others purged is known', async (t) => {
  const port = await server(t)
  const [here, there] = [await ticking(t, port), await ticking(t, port)]
  t.equal(await tick(here), 'whole')
  t.equal(await tick(there), 'whole')
  const stamp = { epoch: here.image.epoch, number: here.image.applied }
  await there.link.purge('hard', [b])
  await here.journal.add([a])
  t.equal(await tick(here), 'whole')
  t.equal(here.journal.size, 0)
  t.same([here.image.judge(stamp, [a]), here.image.judge(stamp, [b])], [{ kind: 'purged' }, { kind: 'purged' }])
  t.equal(here.image.applied, stamp.number + 2)
})

t.test('tick: not whole when other rules came into force on the way', async (t) => {
  const port = await server(t)
  let asked = 0
  const ours = await ticking(t, port, () => rulesLabel(String(asked++)))
  t.equal(await tick(ours), undefined)
})

t.test('tick: another epoch hears of open intents, and of the purges of the last minute', async (t) => {
  const port = await server(t)
  const redis = outsider(t, port)
  const ours = await ticking(t, port)
  await tick(ours)
  ours.work.purged([a])
  ours.work.add({ id: 'mine', labels: [b], kind: 'hard', dueAt: milliseconds(performance.now() + 60_000), isRecorded: true })
  await redis.flushall()
  t.equal(await tick(ours), 'whole')
  t.same(await redis.hkeys('test:{ledger}:intents'), ['mine'])
  t.same(ours.image.judge({ epoch: ours.image.epoch, number: 0 }, [a]), { kind: 'purged' })
})

t.test('take: what was asked of another ledger is not heard', async (t) => {
  const { image } = await ticking(t, await server(t))
  image.reset('2', 0)
  take(image, '1', [{ kind: 'unknown', number: 50 }])
  t.equal(image.applied, 0)
  take(image, '2', [{ kind: 'unknown', number: 50 }])
  t.equal(image.applied, 50)
})

t.test('tick: ends, and is not whole, where another ledger came in the middle of it', async (t) => {
  const port = await server(t)
  const redis = outsider(t, port)
  const [ours, theirs] = [await ticking(t, port), await ticking(t, port)]
  await tick(ours)
  for (let i = 0; i < 3; i += 1) await theirs.link.purge('hard', [b])
  const { send } = ours.link.connection
  let isFirst = true
  ours.link.connection.send = async (...asked) => {
    const reply = await send.apply(ours.link.connection, asked as Parameters<typeof send>)
    if (isFirst) {
      isFirst = false
      await redis.flushall()
      await theirs.link.purge('hard', [b])
    }
    return reply as never
  }
  t.equal(await tick(ours), undefined)
  t.equal(await tick(ours), 'whole')
})

t.test('tick: a replay that another ledger took is not the end of it', async (t) => {
  const port = await server(t)
  const redis = outsider(t, port)
  const ours = await ticking(t, port)
  await tick(ours)
  await ours.journal.add([a])
  const { purge } = ours.link
  ours.link.purge = async (...asked) => {
    ours.link.purge = purge
    await redis.flushall()
    return purge.apply(ours.link, asked)
  }
  t.equal(await tick(ours), undefined)
  t.equal(ours.journal.size, 1)
  t.equal(await tick(ours), 'whole')
  t.equal(ours.journal.size, 0)
})

t.test('LedgerLink: a purge that too few replicas have is none', async (t) => {
  const port = await server(t)
  const { connection } = await connect(t, port, { use: 'ledger' })
  const link = new LedgerLink({
    connection,
    prefix: 'test',
    clock: systemClock,
    leaseFor: milliseconds(2000),
    rules: () => a,
    minReplicas: 1,
  })
  await t.rejects(link.purge('hard', [a]), /replicas/)
  t.equal(link.seen?.number, 1, 'a number was taken all the same')
})

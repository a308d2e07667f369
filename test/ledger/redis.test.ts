import t, { type Test } from 'tap'
import { allLabel, keyLabel, tagLabel } from '../../src/cache/label.ts'
import { judge, type Stamp } from '../../src/cache/validity.ts'
import { defaultBounds } from '../../src/ledger/bounds.ts'
import { digestLabel } from '../../src/ledger/digest.ts'
import type { LedgerEvent } from '../../src/ledger/event.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openRedisLedger, type RedisLedger, type RedisLedgerOptions } from '../../src/ledger/redis.ts'
import { seconds, systemClock } from '../../src/time.ts'
import { makeGate } from '../fixtures/gate.ts'
import { startRedis } from '../fixtures/redis.ts'
import { connect, outsider, type TestConnection, until } from '../redis/fixture.ts'
import { ledgerContract } from './contract.ts'

const a = keyLabel('a')
const key = 'test:{ledger}'

type Ledgers = TestConnection & { readonly ledger: RedisLedger; readonly said: LedgerEvent[] }

async function open(t: Test, port: number, more: Partial<RedisLedgerOptions> = {}): Promise<Ledgers> {
  const to = await connect(t, port)
  const said: LedgerEvent[] = []
  const ledger = await openRedisLedger({
    connection: to.connection,
    prefix: 'test',
    clock: systemClock,
    report: (event) => said.push(event),
    ...more,
  })
  t.teardown(() => ledger.close())
  return { ...to, ledger, said }
}

async function judged(ledger: Ledger, stamp: Stamp, labels = [a, allLabel]): Promise<string | undefined> {
  const reading = await ledger.read(labels)
  return reading && judge(stamp, labels, reading).kind
}

async function timeOut(): Promise<never> {
  throw new Error('Command timed out')
}

async function server(t: Test, extra: readonly string[] = []) {
  const redis = await startRedis([...extra])
  t.teardown(() => redis.stop())
  return redis
}

t.test('RedisLedger keeps the contract', async (t) => {
  const redis = await server(t)
  let made = 0
  await ledgerContract(t, async (t, setup) => {
    made += 1
    return (await open(t, redis.port, { ...setup, prefix: `test${made}` })).ledger
  })
})

t.test('two ledgers over one Redis share numbers and purges', async (t) => {
  const { port } = await server(t)
  const [one, two] = [await open(t, port), await open(t, port)]
  const stamp = (await two.ledger.stamp()) as Stamp
  t.same(await one.ledger.stamp(), stamp, 'one epoch')
  await one.ledger.purge([a], 'hard')
  t.equal(await judged(two.ledger, stamp), 'purged')
  await two.ledger.purge([tagLabel('b')], 'soft')
  t.equal((await one.ledger.stamp())?.number, stamp.number + 2)
})

t.test('purges of two ledgers at once: every number is given once, and each reader sees its own purge', async (t) => {
  const { port } = await server(t)
  const ledgers = [await open(t, port), await open(t, port)]
  const receipts = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const { ledger } = ledgers[i % 2] as Ledgers
      const label = keyLabel(String(i))
      const stamp = (await ledger.stamp()) as Stamp
      const receipt = await ledger.purge([label], 'hard')
      t.equal(await judged(ledger, stamp, [label]), 'purged')
      return receipt.kind === 'done' ? receipt.number : -1
    }),
  )
  t.equal(new Set(receipts).size, 200)
  t.equal(Math.max(...receipts), 200)
  for (const { said } of ledgers)
    t.equal(said.filter(({ kind }) => kind === 'epoch').length, 1, 'replies taken up out of order are no loss')
})

t.test('FLUSHALL makes a new epoch: nothing stored before is valid, for anybody', async (t) => {
  const { port } = await server(t)
  const [one, two] = [await open(t, port), await open(t, port)]
  const stamp = (await one.ledger.stamp()) as Stamp
  await outsider(t, port).flushall()
  const after = await until(() => one.ledger.stamp())
  t.not(after.epoch, stamp.epoch)
  t.equal(await until(() => judged(two.ledger, stamp)), 'purged')
  t.equal((await two.ledger.stamp())?.epoch, after.epoch, 'the other adopts it')
  t.equal(await judged(two.ledger, after), 'valid')
})

t.test('a purge after FLUSHALL is done under the new epoch', async (t) => {
  const { port } = await server(t)
  const { ledger } = await open(t, port)
  const stamp = (await ledger.stamp()) as Stamp
  await outsider(t, port).flushall()
  const receipt = await ledger.purge([a], 'hard')
  t.match(receipt, { kind: 'done', number: 1 })
  t.not(receipt.kind === 'done' && receipt.epoch, stamp.epoch)
  t.equal(await until(() => judged(ledger, stamp)), 'purged')
})

t.test('a ledger that another one rewound makes a new epoch', async (t) => {
  const { port } = await server(t)
  const { ledger } = await open(t, port)
  for (let i = 0; i < 5; i += 1) await ledger.purge([a], 'hard')
  const stamp = (await ledger.stamp()) as Stamp
  await outsider(t, port).zadd(key, 2, '#seq')
  const after = await until(() => ledger.stamp())
  t.not(after.epoch, stamp.epoch)
})

t.test('a Redis of another history is another ledger, whatever it holds', async (t) => {
  const { port } = await server(t)
  const { ledger } = await open(t, port)
  const stamp = (await ledger.stamp()) as Stamp
  await outsider(t, port).zadd(key, -5, '#home')
  t.match(await ledger.purge([a], 'hard'), { kind: 'done', number: 1 })
  t.not((await ledger.stamp())?.epoch, stamp.epoch)
})

t.test('after kill and restart the ledger is opened again, under a new epoch', async (t) => {
  const first = await server(t)
  const { ledger, reached } = await open(t, first.port)
  const stamp = (await ledger.stamp()) as Stamp
  await first.kill()
  await reached('down')
  t.equal(await ledger.stamp(), undefined)
  t.equal(await ledger.read([a]), undefined)
  t.equal(ledger.status().isConnected, false)
  await first.restart()
  await reached('ready')
  t.equal(ledger.status().isConnected, false, 'a new connection proves nothing before the script has run on it')
  const after = await until(() => ledger.stamp())
  t.not(after.epoch, stamp.epoch)
  t.equal(after.number, 0, 'no purge was owed')
})

t.test('a purge that Redis did not take is queued, and all is purged before anything is read', async (t) => {
  const redis = await server(t)
  const { ledger, said } = await open(t, redis.port)
  const stamp = (await ledger.stamp()) as Stamp
  t.equal(await judged(ledger, stamp, [keyLabel('b'), allLabel]), 'valid')

  redis.pause()
  t.same(await ledger.purge([a], 'hard'), { kind: 'queued', waiting: 1 })
  t.equal(await ledger.read([a]), undefined, 'at once, not after another timeout')
  t.same(await ledger.purge([a], 'hard'), { kind: 'queued', waiting: 2 })
  redis.resume()

  t.equal(await until(() => judged(ledger, stamp, [keyLabel('b'), allLabel])), 'purged', 'the first reading knows of all')
  t.equal(await judged(ledger, (await ledger.stamp()) as Stamp), 'valid')
  t.match(
    said.map(({ kind }) => kind),
    ['epoch', 'trusted', 'untrusted', 'untrusted', 'trusted'],
  )
})

t.test('a Redis that answers nothing costs one command timeout, then nothing', async (t) => {
  const redis = await server(t)
  const { ledger, connection } = await open(t, redis.port)
  redis.pause()
  const started = performance.now()
  t.equal(await ledger.stamp(), undefined)
  const first = performance.now() - started
  t.ok(first < 1000, `the first waits for its timeout: ${Math.round(first)} ms`)
  t.equal(connection.state, 'silent')
  const again = performance.now()
  for (let i = 0; i < 1000; i += 1) await ledger.read([a])
  t.ok(performance.now() - again < 150, 'a thousand more do not')
  redis.resume()
  t.ok(await until(() => ledger.stamp()))
  t.equal(ledger.status().folds, 0)
})

t.test('a read that was sent before a purge failed is not believed after it', async (t) => {
  const redis = await server(t)
  const { ledger, connection } = await open(t, redis.port)
  const stamp = (await ledger.stamp()) as Stamp
  const { send } = connection
  const gate = makeGate()
  connection.send = async (command) => {
    const reply = await send.call(connection, command)
    await gate.wait()
    return reply as never
  }
  const reading = ledger.read([a])
  await gate.arrived(1)
  connection.send = timeOut
  t.match(await ledger.purge([a], 'hard'), { kind: 'queued' })
  connection.send = send
  gate.open()
  t.equal(await reading, undefined)
  t.equal(await until(() => judged(ledger, stamp, [allLabel])), 'purged')
})

t.test('a read that is taken up after a later purge is no proof of a loss', async (t) => {
  const { port } = await server(t)
  const { ledger, connection, said } = await open(t, port)
  const before = (await ledger.stamp()) as Stamp
  const { send } = connection
  const gate = makeGate()
  connection.send = async (command) => {
    const reply = await send.call(connection, command)
    await gate.wait()
    return reply as never
  }
  const reading = ledger.read([a])
  connection.send = send
  await gate.arrived(1)
  await ledger.purge([a], 'hard')
  gate.open()
  t.equal((await reading)?.seq, before.number, 'what it said held when it was asked')
  t.equal((await ledger.stamp())?.epoch, before.epoch)
  t.equal(
    said.some(({ kind }) => kind === 'untrusted'),
    false,
  )
})

t.test('a purge that fails while all is on its way is not settled by it', async (t) => {
  const redis = await server(t)
  const { ledger, connection } = await open(t, redis.port)
  const { send } = connection
  const gate = makeGate()
  connection.send = timeOut
  await ledger.purge([a], 'hard')
  connection.send = async (command) => {
    const reply = await send.call(connection, command)
    await gate.wait()
    return reply as never
  }
  const recovering = ledger.recover()
  await gate.arrived(1)
  connection.send = timeOut
  t.match(await ledger.purge([a], 'hard'), { kind: 'queued', waiting: 2 })
  connection.send = send
  gate.open()
  await recovering
  t.equal((await ledger.stamp())?.number, 2, 'all was purged once more')
})

t.test('a start without Redis purges all first, for what an earlier process may have lost', async (t) => {
  const first = await server(t)
  const early = await open(t, first.port)
  const stamp = (await early.ledger.stamp()) as Stamp
  first.pause()
  const { ledger } = await open(t, first.port)
  t.equal(await ledger.stamp(), undefined)
  first.resume()
  t.equal(await until(() => judged(ledger, stamp, [allLabel])), 'purged')
  t.equal(await until(() => judged(early.ledger, stamp, [allLabel])), 'purged', 'under the same epoch')
})

t.test('SCRIPT FLUSH goes unnoticed', async (t) => {
  const { port } = await server(t)
  const { ledger } = await open(t, port)
  await outsider(t, port).script('FLUSH')
  t.match(await ledger.purge([a], 'hard'), { kind: 'done', number: 1 })
})

t.test('allkeys eviction of the ledger is a cold cache, never old data', async (t) => {
  const { port } = await server(t, ['--maxmemory', '4mb', '--maxmemory-policy', 'allkeys-random'])
  const { ledger } = await open(t, port)
  const stamp = (await ledger.stamp()) as Stamp
  await ledger.purge([a], 'hard')
  const other = outsider(t, port)
  for (let i = 0; (await other.exists(key)) === 1; i += 1) await other.set(`fill${i}`, Buffer.alloc(20_000))
  const verdict = await until(() => judged(ledger, stamp))
  t.equal(verdict, 'purged')
})

t.test('a full Redis takes purges', async (t) => {
  const { port } = await server(t, ['--maxmemory-policy', 'noeviction'])
  const { ledger } = await open(t, port)
  const other = outsider(t, port)
  await other.set('fill', Buffer.alloc(3_000_000))
  await other.config('SET', 'maxmemory', '1mb')
  await t.rejects(other.set('more', '1'), /OOM/)
  t.match(await ledger.purge([a], 'hard'), { kind: 'done' })
})

t.test('numbers up to 2^53 stay exact, and beyond there is a new epoch', async (t) => {
  const { port } = await server(t)
  const { ledger } = await open(t, port)
  const { epoch } = (await ledger.stamp()) as Stamp
  await outsider(t, port).zadd(key, String(2 ** 53 - 4), '#seq')
  const stamp = (await ledger.stamp()) as Stamp
  t.same(stamp, { epoch, number: 2 ** 53 - 4 })
  t.same(await ledger.purge([a], 'hard'), { kind: 'done', number: 2 ** 53 - 3, epoch, previous: 0 })
  t.equal(await judged(ledger, stamp), 'purged', 'one more is more')
  t.equal(await judged(ledger, { epoch, number: 2 ** 53 - 3 }), 'valid')
  await ledger.purge([a], 'hard')
  const last = await ledger.purge([a], 'hard')
  t.match(last, { kind: 'done', number: 1 })
  t.not(last.kind === 'done' && last.epoch, epoch)
})

t.test('what is not a ledger under its key is left alone and reported', async (t) => {
  const cases: Array<[string, (redis: ReturnType<typeof outsider>) => Promise<unknown>, RegExp]> = [
    ['a string', (redis) => redis.set(key, 'mine'), /WRONGTYPE/],
    ['another sorted set', (redis) => redis.zadd(key, 1, 'mine'), /FOREIGN/],
    ['a sorted set with our names and other meanings', (redis) => redis.zadd(key, 1, '#epoch', 1, '#seq'), /FOREIGN/],
  ]
  for (const [name, write, cause] of cases) {
    const { port } = await server(t)
    const other = outsider(t, port)
    await write(other)
    const { ledger, said } = await open(t, port)
    t.equal(await ledger.stamp(), undefined, name)
    t.match(await ledger.purge([a], 'hard'), { kind: 'queued' }, name)
    t.match(said[0], { kind: 'untrusted', cause }, name)
    t.equal(await other.exists(key), 1, `${name} is still there`)
    await other.del(key)
    t.ok(await until(() => ledger.stamp()), `${name} gone, the ledger heals`)
  }
})

t.test('a foreign type that appears later is noticed by a read', async (t) => {
  const { port } = await server(t)
  const { ledger, said } = await open(t, port)
  const other = outsider(t, port)
  await other.multi().del(key).set(key, 'mine').exec()
  t.equal(await ledger.read([a]), undefined)
  t.match(said.at(-1), { kind: 'untrusted', cause: /WRONGTYPE/ })
})

t.test('the ledger is one key without expiry, whatever is purged', async (t) => {
  const { port } = await server(t)
  const { ledger } = await open(t, port)
  await ledger.purge([a, keyLabel('b')], 'hard')
  await ledger.purge([a], 'soft')
  const other = outsider(t, port)
  t.same(await other.keys('*'), [key])
  t.equal(await other.ttl(key), -1)
  t.ok(await other.zscore(key, `${digestLabel(a)}~`))
})

t.test('labels purged longer ago than any entry can live are dropped in Redis, and nothing is folded', async (t) => {
  const { port } = await server(t)
  const { ledger, said } = await open(t, port, { bounds: () => ({ ...defaultBounds, labels: 11, longestLife: seconds(0.05) }) })
  const stamp = (await ledger.stamp()) as Stamp
  for (let i = 0; i < 10; i += 1) await ledger.purge([keyLabel(`old${i}`)], 'hard')
  // A label that is purged again and again leaves the others behind while time passes.
  const before = Date.now()
  await until(async () => {
    await ledger.purge([a], 'hard')
    return Date.now() - before > 150 ? true : undefined
  })
  for (let i = 0; i < 9; i += 1) await ledger.purge([keyLabel(`new${i}`)], 'soft')
  t.ok((ledger.status().labels ?? 99) <= 11, 'the bound holds')
  t.equal(ledger.status().folds, 0)
  t.equal(
    said.some(({ kind }) => kind === 'folded'),
    false,
  )
  t.equal(await judged(ledger, stamp, [keyLabel('never'), allLabel]), 'valid', 'an entry that was never purged is spared')
})

t.test('a ledger far above its bound shrinks a bounded step at a time', async (t) => {
  const { port } = await server(t)
  let labels = 5000
  const { ledger } = await open(t, port, { bounds: () => ({ ...defaultBounds, labels }) })
  const stamp = (await ledger.stamp()) as Stamp
  for (let i = 0; i < 16; i += 1) {
    await ledger.purge(
      Array.from({ length: 256 }, (_, j) => keyLabel(`${i}:${j}`)),
      'soft',
    )
  }
  labels = 100
  await ledger.purge([a], 'hard')
  t.equal(ledger.status().labels, 4096 + 1 + 1 - 1024, 'labels, the one purged now and all, less what one step takes')
  t.equal(await judged(ledger, stamp, [keyLabel('0:0'), allLabel]), 'purged', 'what was folded counts for all')
  for (let i = 0; i < 4; i += 1) await ledger.purge([a], 'hard')
  t.ok((ledger.status().labels ?? 0) <= 101)
  t.ok((await outsider(t, port).zcard(key)) < 300, 'the times went with the numbers')
})

t.test('a closed ledger asks nothing more', async (t) => {
  const { port } = await server(t)
  const { ledger, connection } = await open(t, port)
  await ledger.close()
  connection.close()
  t.equal(await ledger.stamp(), undefined)
  t.match(await ledger.purge([a], 'hard'), { kind: 'queued' })
})

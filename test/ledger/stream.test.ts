import t from 'tap'
import type { Stamp } from '../../src/cache/validity.ts'
import type { StreamRecord } from '../../src/ledger/record.ts'
import { readMissing, readStream } from '../../src/ledger/stream.ts'
import { systemClock } from '../../src/time.ts'
import { startRedis } from '../fixtures/redis.ts'
import { connect, outsider, until } from '../redis/fixture.ts'

const key = 'test:{ledger}:stream'
const numberOf = (record: StreamRecord): number => (record.kind === 'purge' ? record.purge.number : record.number)

t.test('the stream: from the number on that is wanted, as it comes, over a lost connection, until it is stopped', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { connection } = await connect(t, redis.port, { use: 'stream' })
  const other = outsider(t, redis.port)
  const add = (number: number): Promise<unknown> => other.xadd(key, `${number}-0`, 'v', '9')
  await add(1)
  await add(2)
  const numbers: number[] = []
  let from: Stamp | undefined
  const reader = readStream({
    connection,
    key,
    clock: systemClock,
    from: () => from,
    take: (records) => {
      numbers.push(...records.map(numberOf))
      from = { epoch: '1', number: numbers.at(-1) ?? 1 }
    },
  })
  from = { epoch: '1', number: 1 }
  await until(async () => (numbers.length === 1 ? true : undefined))
  await add(3)
  await until(async () => (numbers.length === 2 ? true : undefined))
  await other.call('CLIENT', 'KILL', 'TYPE', 'normal')
  await until(() => add(4).catch(() => undefined))
  await until(async () => (numbers.length === 3 ? true : undefined))
  t.same(numbers, [2, 3, 4])
  reader.stop()
  await add(5)
  t.same((await readMissing(connection, key, 3)).map(numberOf), [4, 5], 'and what is missing can be asked for')
  t.same(numbers, [2, 3, 4])
})

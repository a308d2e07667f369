import t, { type Test } from 'tap'
import { RedisStore } from '../../src/store/redis.ts'
import { RedisTurns, type Taking, type Turn } from '../../src/store/turns.ts'
import { milliseconds } from '../../src/time.ts'
import { makeClock } from '../fixtures/clock.ts'
import { startRedis } from '../fixtures/redis.ts'
import { connect, outsider, until } from '../redis/fixture.ts'

const stamp = { epoch: 'e', number: 7 }

/** Two instances over one Redis, and a hand on it. */
async function open(t: Test) {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const clock = makeClock()
  const { connection } = await connect(t, server.port)
  const make = (): RedisTurns => new RedisTurns({ connection, prefix: 'p', clock, longest: milliseconds(10_000) })
  const other = outsider(t, server.port)
  const key = async (): Promise<string> => (await other.keys('*'))[0] as string
  return { server, clock, connection, other, key, one: make(), two: make() }
}

function turnOf(taking: Taking): Turn {
  if (taking.kind !== 'mine') throw new Error(taking.kind)
  return taking.turn
}

t.test('one of two takes the turn; the other hears of its stamp, and takes it once it is released', async (t) => {
  const { one, two, clock, other } = await open(t)
  t.equal(await two.isTaken('n'), false)
  const turn = turnOf(await one.take('n', stamp))
  t.match(await two.take('n', { epoch: 'e', number: 9 }), { kind: 'taken', holder: { stamp } })
  t.equal((await two.take('another', stamp)).kind, 'mine')
  t.equal(await two.isTaken('n'), true)
  await turn.release()
  t.equal(await two.isTaken('n'), false)
  t.equal((await two.take('n', stamp)).kind, 'mine')
  await turn.release()
  t.equal(await one.isTaken('n'), true, 'what is released is the own turn alone')
  for (const name of await other.keys('*')) t.match(name, /^p:lease:[\w-]{43}$/)
  t.equal(clock.pending(), 2)
})

t.test('of many that ask at once one gets it', async (t) => {
  const { one, two } = await open(t)
  const takings = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? one : two).take('n', stamp)))
  const kinds = (of: number): Set<string> => new Set(takings.filter((_, i) => i % 2 === of).map(({ kind }) => kind))
  t.same([kinds(0), kinds(1)], [new Set(['mine']), new Set(['taken'])], 'for its own process it is free')
})

t.test('a turn lapses by itself, and is renewed while it is held', async (t) => {
  const { one, two, clock, other, key } = await open(t)
  const turn = turnOf(await one.take('n', stamp))
  const left = await other.pttl(await key())
  t.ok(left > 2000 && left <= 3000, `${left}`)
  await other.pexpire(await key(), 1500)
  clock.advance(1000)
  await until(async () => ((await other.pttl(await key())) > 1500 ? true : undefined))
  // Its holder was paused.
  await other.del(await key())
  const second = turnOf(await two.take('n', stamp))
  await turn.release()
  t.equal(await one.isTaken('n'), true)
  await second.release()
  t.equal(clock.pending(), 0)
})

t.test('a turn that is another’s by now is not renewed', async (t) => {
  const { one, two, clock, other, key } = await open(t)
  await one.take('n', stamp)
  await other.del(await key())
  await two.take('n', stamp)
  await other.pexpire(await key(), 100_000)
  t.equal(clock.pending(), 2)
  clock.advance(1000)
  await until(async () => ((await other.pttl(await key())) <= 3000 && clock.pending() === 1 ? true : undefined))
})

t.test('it is not renewed for longer than a fetch may take', async (t) => {
  const { one, clock } = await open(t)
  await one.take('n', stamp)
  for (let i = 0; i < 10; i++) {
    await until(async () => (clock.pending() === 1 ? true : undefined))
    clock.advance(1000)
  }
  t.equal(clock.pending(), 0)
})

t.test('it is taken over where the holder is the one that was seen', async (t) => {
  const { one, two } = await open(t)
  await one.take('n', stamp)
  const seen = await two.take('n', stamp)
  if (seen.kind !== 'taken') throw new Error(seen.kind)
  await one.take('n', { epoch: 'e', number: 8 })
  t.match(await two.take('n', stamp, seen.holder), { kind: 'taken', holder: { stamp: { number: 8 } } }, 'another fetch by now')
  const again = await two.take('n', stamp)
  if (again.kind !== 'taken') throw new Error(again.kind)
  t.equal((await two.take('n', stamp, again.holder)).kind, 'mine')
})

t.test('what lies there and is not ours is no error', async (t) => {
  const { one, other, key, connection } = await open(t)
  const turn = turnOf(await one.take('n', stamp))
  t.same((await new RedisStore({ connection }).list('p:*', '0', 100)).keys, [], 'no entry to whoever lists')
  const name = await key()
  await other.del(name)
  await other.hset(name, 'owner', 'of another version')
  t.same(await one.take('n', stamp), { kind: 'taken', holder: { owner: 'of another version', stamp: undefined } })
  await other.hset(name, 'epoch', 'e', 'number', '1e9')
  t.match(await one.take('n', stamp), { kind: 'taken', holder: { stamp: undefined } })
  await other.set(name, 'text')
  t.same(await one.take('n', stamp), { kind: 'unknown' })
  await turn.release()
  t.equal(await other.get(name), 'text')
})

t.test('a Redis that is silent or away says nothing, in time', async (t) => {
  const { one, server, connection } = await open(t)
  const turn = turnOf(await one.take('n', stamp))
  server.pause()
  t.same(await one.take('n', stamp), { kind: 'unknown' })
  t.equal(connection.state, 'silent')
  t.equal(await one.isTaken('n'), false)
  await turn.release()
  server.resume()
})

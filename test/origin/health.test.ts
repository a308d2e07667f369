import t from 'tap'
import { createHealth, type Health } from '../../src/origin/health.ts'
import { milliseconds } from '../../src/time.ts'
import { makeClock, type TestClock } from '../fixtures/clock.ts'

function bench(...addresses: string[]): { clock: TestClock; health: Health; fail(url: string, times: number): void } {
  const clock = makeClock()
  const settings = { consecutiveFailures: 2, coolDown: milliseconds(1000), jitter: 0.2, random: () => 0.5 }
  const health = createHealth(addresses, settings, clock)
  return {
    clock,
    health,
    fail(url, times) {
      const others = new Set<ReturnType<Health['choose']>>()
      let address = health.choose(others)
      while (address.url !== url) address = health.choose(others.add(address))
      for (let i = 0; i < times; i++) health.failed(address)
    },
  }
}

function take(health: Health, times: number): string {
  return Array.from({ length: times }, () => health.choose().url).join('')
}

t.test('choose: goes round', async (t) => {
  const { health } = bench('a', 'b', 'c')
  t.equal(take(health, 6), 'abcabc')
})

t.test('choose: leaves out what failed often enough in a row', async (t) => {
  const { health, fail } = bench('a', 'b')
  fail('a', 1)
  t.match(take(health, 4), 'a')
  fail('a', 1)
  t.equal(take(health, 4), 'bbbb')
  t.strictSame(health.list(), [
    { url: 'a', isUp: false },
    { url: 'b', isUp: true },
  ])
})

t.test('choose: one probe after the cool-down and its jitter, and no second one while it runs', async (t) => {
  const { health, fail, clock } = bench('a', 'b')
  fail('a', 2)
  clock.advance(1099)
  t.equal(take(health, 2), 'bb')
  clock.advance(1)
  t.equal(take(health, 4).replaceAll('b', ''), 'a')
})

t.test('succeeded: the probe brings the address back', async (t) => {
  const { health, fail, clock } = bench('a', 'b')
  fail('a', 2)
  clock.advance(1100)
  let address = health.choose()
  while (address.url !== 'a') address = health.choose()
  health.succeeded(address)
  t.equal(take(health, 4).replaceAll('b', ''), 'aa')
})

t.test('failed: a probe that fails starts the cool-down anew', async (t) => {
  const { health, fail, clock } = bench('a', 'b')
  fail('a', 2)
  clock.advance(1100)
  let address = health.choose()
  while (address.url !== 'a') address = health.choose()
  health.failed(address)
  t.equal(take(health, 4), 'bbbb')
})

t.test('abandoned: a probe whose caller left is made again', async (t) => {
  const { health, fail, clock } = bench('a', 'b')
  fail('a', 2)
  clock.advance(1100)
  let address = health.choose()
  while (address.url !== 'a') address = health.choose()
  health.abandoned(address)
  t.equal(take(health, 4).replaceAll('b', ''), 'a')
})

t.test('choose: not one that was tried, and with all of them down the one that rests the shortest', async (t) => {
  const { health, fail, clock } = bench('a', 'b')
  fail('b', 2)
  clock.advance(100)
  fail('a', 2)
  t.equal(health.choose().url, 'b')
  const tried = new Set([health.choose()])
  t.equal(health.choose(tried).url, 'a')
})

t.test('isFailingEverywhere: not while one address answers', async (t) => {
  const { health, fail } = bench('a', 'b')
  fail('a', 1)
  t.notOk(health.isFailingEverywhere())
  fail('b', 1)
  t.ok(health.isFailingEverywhere())
})

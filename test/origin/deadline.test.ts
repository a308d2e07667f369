import t from 'tap'
import { type Deadline, startDeadline } from '../../src/origin/deadline.ts'
import { milliseconds } from '../../src/time.ts'
import { makeClock, type TestClock } from '../fixtures/clock.ts'

function bench(limit: number): { clock: TestClock; deadline: Deadline; expired(): number } {
  const clock = makeClock()
  let times = 0
  const deadline = startDeadline(clock, milliseconds(limit), () => times++)
  return { clock, deadline, expired: () => times }
}

t.test('expires once, at its limit', async (t) => {
  const { clock, expired } = bench(100)
  clock.advance(99)
  t.equal(expired(), 0)
  clock.advance(1000)
  t.equal(expired(), 1)
})

t.test('restart: counts from then, with a single timer', async (t) => {
  const { clock, deadline, expired } = bench(100)
  for (let i = 0; i < 50; i++) {
    clock.advance(60)
    deadline.restart()
    t.ok(clock.pending() <= 1)
  }
  t.equal(expired(), 0)
  clock.advance(100)
  t.equal(expired(), 1)
})

t.test('pause: the time until resume does not count', async (t) => {
  const { clock, deadline, expired } = bench(100)
  clock.advance(90)
  deadline.pause()
  clock.advance(10_000)
  deadline.resume()
  clock.advance(9)
  t.equal(expired(), 0)
  clock.advance(1)
  t.equal(expired(), 1)
})

t.test('cancel: for good, whatever comes after', async (t) => {
  const { clock, deadline, expired } = bench(100)
  deadline.cancel()
  deadline.pause()
  deadline.resume()
  deadline.restart()
  clock.advance(1000)
  t.equal(expired(), 0)
  t.equal(clock.pending(), 0)
})

t.test('a limit of 0 is none', async (t) => {
  const { clock, expired } = bench(0)
  clock.advance(1e9)
  t.equal(expired(), 0)
  t.equal(clock.pending(), 0)
})

import t from 'tap'
import { type Breaker, createBreaker, type Outcome } from '../../src/origin/breaker.ts'
import { milliseconds } from '../../src/time.ts'
import { makeClock, type TestClock } from '../fixtures/clock.ts'
import { defaultOriginSettings } from '../fixtures/origin-settings.ts'

const settings = {
  ...defaultOriginSettings.breaker,
  consecutiveFailures: 3,
  failingFor: milliseconds(0),
  failureRatio: 0.5,
  minimumExchanges: 10,
  window: milliseconds(1000),
  openFor: milliseconds(500),
}

function bench(changes: Partial<typeof settings> = {}): {
  clock: TestClock
  breaker: Breaker
  settle(...outcomes: Outcome[]): void
} {
  const clock = makeClock()
  const breaker = createBreaker({ ...settings, ...changes }, clock)
  return {
    clock,
    breaker,
    settle(...outcomes) {
      for (const outcome of outcomes) breaker.enter()?.settle(outcome)
    },
  }
}

t.test('opens on failures in a row, and a success in between starts the count again', async (t) => {
  const { breaker, settle } = bench()
  settle('failure', 'failure', 'success', 'failure', 'failure')
  t.equal(breaker.circuit, 'closed')
  settle('failure')
  t.equal(breaker.circuit, 'open')
  t.notOk(breaker.mayEnter())
  t.equal(breaker.enter(), undefined)
})

t.test('a burst of failures opens only when nothing succeeds for a while', async (t) => {
  const { breaker, settle, clock } = bench({ failingFor: milliseconds(400), minimumExchanges: 100 })
  settle('failure', 'failure', 'failure', 'failure')
  t.equal(breaker.circuit, 'closed', 'one endpoint may have failed them all at once')
  clock.advance(399)
  settle('success', 'failure', 'failure', 'failure')
  clock.advance(399)
  settle('failure')
  t.equal(breaker.circuit, 'closed', 'the time starts again with the count')
  clock.advance(1)
  settle('failure')
  t.equal(breaker.circuit, 'open')
})

t.test('opens on the ratio within one window, not before enough were seen', async (t) => {
  const { breaker, settle } = bench()
  for (let i = 0; i < 4; i++) settle('success', 'failure')
  t.equal(breaker.circuit, 'closed', 'eight exchanges are too few')
  settle('success', 'failure')
  t.equal(breaker.circuit, 'open')
})

t.test('a new window forgets the failures of the last', async (t) => {
  const { breaker, settle, clock } = bench()
  for (let i = 0; i < 4; i++) settle('success', 'failure')
  clock.advance(1000)
  settle('success', 'failure')
  t.equal(breaker.circuit, 'closed')
})

t.test('an exchange without a verdict counts for nothing', async (t) => {
  const { breaker, settle } = bench()
  settle('failure', 'unknown', 'failure', 'unknown', 'failure')
  t.equal(breaker.circuit, 'open')
})

t.test('half-open after a while: one goes through, and its success closes', async (t) => {
  const { breaker, settle, clock } = bench()
  settle('failure', 'failure', 'failure')
  clock.advance(499)
  t.equal(breaker.circuit, 'open')
  clock.advance(1)
  t.equal(breaker.circuit, 'half-open')
  const probe = breaker.enter()
  t.ok(probe)
  t.equal(breaker.enter(), undefined, 'the second is refused')
  probe?.settle('success')
  t.equal(breaker.circuit, 'closed')
})

t.test('half-open: a failing probe opens again for the whole time', async (t) => {
  const { breaker, settle, clock } = bench()
  settle('failure', 'failure', 'failure')
  clock.advance(500)
  settle('failure')
  t.equal(breaker.circuit, 'open')
  clock.advance(499)
  t.notOk(breaker.mayEnter())
})

t.test('half-open: a probe whose caller left makes room for the next', async (t) => {
  const { breaker, settle, clock } = bench()
  settle('failure', 'failure', 'failure')
  clock.advance(500)
  settle('unknown')
  t.equal(breaker.circuit, 'half-open')
  t.ok(breaker.mayEnter())
})

t.test('an exchange from before the opening says nothing about the time after', async (t) => {
  const { breaker, settle, clock } = bench()
  const old = breaker.enter()
  settle('failure', 'failure', 'failure')
  old?.settle('success')
  t.equal(breaker.circuit, 'open')
  clock.advance(500)
  t.equal(breaker.circuit, 'half-open')
  old?.settle('failure')
  t.equal(breaker.circuit, 'half-open')
})

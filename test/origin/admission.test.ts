import t from 'tap'
import { type Admission, createAdmission } from '../../src/origin/admission.ts'
import { type Leash, startLeash } from '../../src/origin/leash.ts'
import { milliseconds } from '../../src/time.ts'
import { makeClock, type TestClock } from '../fixtures/clock.ts'
import { failureOf } from './failure.ts'

interface Bench {
  readonly clock: TestClock
  readonly admission: Admission
  leash(signal?: AbortSignal): Leash
}

function bench(maxConnections: number, maxQueue: number): Bench {
  const clock = makeClock()
  return {
    clock,
    admission: createAdmission({ maxConnections, maxQueue, queueTimeout: milliseconds(1000) }, clock),
    leash: (signal) => startLeash({ clock, totalTimeout: milliseconds(0), signal }),
  }
}

t.test('enter: admits up to the bound at once, the rest in the order they came', async (t) => {
  const { admission, leash } = bench(2, 10)
  const first = await admission.enter(leash(), false)
  await admission.enter(leash(), false)
  const order: string[] = []
  const enter = async (name: string) => {
    const slot = await admission.enter(leash(), false)
    order.push(name)
    return slot
  }
  const third = enter('third')
  const fourth = enter('fourth')
  t.match(admission, { inFlight: 2, queued: 2 })
  first.release()
  ;(await third).release()
  await fourth
  t.strictSame(order, ['third', 'fourth'])
  t.match(admission, { inFlight: 2, queued: 0 })
})

t.test('enter: a full queue refuses at once', async (t) => {
  const { admission, leash } = bench(1, 1)
  await admission.enter(leash(), false)
  admission.enter(leash(), false).catch(() => {})
  t.match(await failureOf(admission.enter(leash(), false)), { failure: 'origin-overloaded', isSent: false })
})

t.test('enter: background work never queues', async (t) => {
  const { admission, leash } = bench(1, 10)
  await admission.enter(leash(), true)
  t.match(await failureOf(admission.enter(leash(), true)), { failure: 'origin-overloaded' })
  t.equal(admission.queued, 0)
})

t.test('enter: a wait that is too long is refused and leaves the queue', async (t) => {
  const { admission, leash, clock } = bench(1, 10)
  const held = await admission.enter(leash(), false)
  const waiting = admission.enter(leash(), false)
  clock.advance(999)
  t.equal(admission.queued, 1)
  clock.advance(1)
  t.match(await failureOf(waiting), { failure: 'origin-overloaded', isSent: false })
  t.equal(admission.queued, 0)
  held.release()
  t.equal(admission.inFlight, 0)
})

t.test('enter: whoever aborts leaves the queue at once, from the middle too', async (t) => {
  const { admission, leash, clock } = bench(1, 10)
  const held = await admission.enter(leash(), false)
  const caller = new AbortController()
  const before = admission.enter(leash(), false)
  const leaving = admission.enter(leash(caller.signal), false)
  const after = admission.enter(leash(), false)
  caller.abort()
  t.equal(admission.queued, 2)
  t.match(await failureOf(leaving), { failure: 'aborted', isSent: false })
  held.release()
  ;(await before).release()
  ;(await after).release()
  t.match(admission, { inFlight: 0, queued: 0 })
  t.equal(clock.pending(), 0, 'no deadline is left behind')
})

t.test('enter: a caller that left before is not admitted', async (t) => {
  const { admission, leash } = bench(1, 10)
  t.match(await failureOf(admission.enter(leash(AbortSignal.abort()), false)), { failure: 'aborted' })
  t.equal(admission.inFlight, 0)
})

t.test('release: twice is once', async (t) => {
  const { admission, leash } = bench(2, 10)
  const slot = await admission.enter(leash(), false)
  await admission.enter(leash(), false)
  slot.release()
  slot.release()
  t.equal(admission.inFlight, 1)
})

t.test('idle: resolves when the last slot is released', async (t) => {
  const { admission, leash } = bench(1, 10)
  await admission.idle()
  const first = await admission.enter(leash(), false)
  const second = admission.enter(leash(), false)
  let isIdle = false
  const idle = admission.idle().then(() => {
    isIdle = true
  })
  first.release()
  const slot = await second
  t.notOk(isIdle)
  slot.release()
  await idle
})

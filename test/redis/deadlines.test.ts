import t from 'tap'
import { Deadlines } from '../../src/redis/deadlines.ts'
import { milliseconds } from '../../src/time.ts'
import { makeClock, type TestClock } from '../fixtures/clock.ts'

interface Asking {
  readonly answer: PromiseWithResolvers<string>
  /** How it ended, once it did. */
  readonly outcome: { text: string | undefined }
}

function open(): { clock: TestClock; ask(): Asking; settled(): Promise<void> } {
  const clock = makeClock()
  const deadlines = new Deadlines(milliseconds(100), clock)
  return {
    clock,
    ask() {
      const answer = Promise.withResolvers<string>()
      const outcome: Asking['outcome'] = { text: undefined }
      deadlines
        .within(() => answer.promise)
        .then(
          (text) => {
            outcome.text = text
          },
          ({ message }: Error) => {
            outcome.text = message
          },
        )
      return { answer, outcome }
    },
    settled: () => new Promise((resolve) => setImmediate(resolve)),
  }
}

t.test('Deadlines: each has its own patience, whatever came of those before it', async (t) => {
  const { clock, ask, settled } = open()
  const first = ask()
  clock.advance(30)
  const second = ask()
  const third = ask()
  clock.advance(30)
  const fourth = ask()
  second.answer.resolve('second')
  await settled()
  clock.advance(39)
  await settled()
  const texts = (): unknown[] => [first, second, third, fourth].map(({ outcome }) => outcome.text)
  t.same(texts(), [undefined, 'second', undefined, undefined], 'not a moment too early')
  clock.advance(1)
  await settled()
  t.same(texts(), ['Command timed out', 'second', undefined, undefined])
  clock.advance(29)
  await settled()
  t.equal(third.outcome.text, undefined)
  clock.advance(1)
  await settled()
  t.same(texts(), ['Command timed out', 'second', 'Command timed out', undefined])
  fourth.answer.reject(new Error('refused'))
  await settled()
  t.equal(fourth.outcome.text, 'refused')
})

t.test('Deadlines: an answer that comes too late is for nobody', async (t) => {
  const { clock, ask, settled } = open()
  const [answered, failed] = [ask(), ask()]
  clock.advance(100)
  await settled()
  answered.answer.resolve('late')
  failed.answer.reject(new Error('late'))
  await settled()
  t.same([answered.outcome.text, failed.outcome.text], ['Command timed out', 'Command timed out'])
})

t.test('Deadlines: one timer for all of them, and none when nobody has waited for a while', async (t) => {
  const { clock, ask, settled } = open()
  for (let i = 0; i < 50; i += 1) {
    const { answer, outcome } = ask()
    answer.resolve('in time')
    await settled()
    t.equal(outcome.text, 'in time')
    t.equal(clock.pending(), 1)
    clock.advance(10)
  }
  clock.advance(100)
  t.equal(clock.pending(), 0)
  const late = ask()
  clock.advance(100)
  await settled()
  t.equal(late.outcome.text, 'Command timed out', 'and it comes back')
})

t.test('Deadlines: what throws before it is asked rejects', async (t) => {
  const clock = makeClock()
  const deadlines = new Deadlines(milliseconds(100), clock)
  const broken = (): Promise<never> => {
    throw new Error('broken')
  }
  await t.rejects(deadlines.within(broken), new Error('broken'))
  clock.advance(100)
  t.equal(clock.pending(), 0)
})

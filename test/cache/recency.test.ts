import t from 'tap'
import { type Dated, isOutdone, recency } from '../../src/cache/recency.ts'
import { at, httpDate } from './builders.ts'

const answer = (date: string | undefined, requested: number, came: number): Dated => ({
  fields: date === undefined ? [] : ['Date', date],
  requestTime: at(requested),
  responseTime: at(came),
})

t.test('recency goes by Date, and by arrival where one says none', async (t) => {
  t.equal(recency(answer(httpDate(5), 0, 0), answer(httpDate(2), 9, 9)), 3)
  t.equal(recency(answer(httpDate(2), 9, 9), answer(httpDate(5), 0, 0)), -3)
  t.equal(recency(answer(undefined, 0, 1), answer(httpDate(5), 9, 9)), -8)
  t.equal(recency(answer('yesterday', 0, 9), answer(httpDate(5), 0, 1)), 8)
})

t.test('isOutdone wants both: asked for later, and no older', async (t) => {
  const late = answer(httpDate(5), 0, 9)
  const cases: ReadonlyArray<readonly [says: string, stored: Dated, boolean]> = [
    ['asked for later, newer', answer(httpDate(6), 1, 2), true],
    ['asked for later, of the same second', answer(httpDate(5), 1, 2), true],
    ['asked for later, older', answer(httpDate(4), 1, 2), false],
    ['asked for before, newer', answer(httpDate(6), -1, 2), false],
    ['asked for at once', answer(httpDate(6), 0, 2), false],
    ['asked for later, undated, came later', answer(undefined, 1, 10), true],
    ['asked for later, undated, came before', answer(undefined, 1, 8), false],
  ]
  for (const [says, stored, expected] of cases) t.equal(isOutdone(late, stored), expected, says)
})

import t from 'tap'
import { neverPurged, type Raising, raised } from '../../src/ledger/raise.ts'
import { instant, seconds } from '../../src/time.ts'

const longestWindow = seconds(60)
const soft = (number: number, second: number): Raising => ({ kind: 'soft', number, at: instant(second * 1000), longestWindow })
const hard = (number: number): Raising => ({ kind: 'hard', number, at: instant(0), longestWindow })

t.test(
  'raised: numbers only grow, a soft purge keeps the older time, and past the longest window it is a hard one',
  async (t) => {
    const cases: ReadonlyArray<readonly [name: string, steps: readonly Raising[], expected: readonly [number, number, number]]> =
      [
        ['hard', [hard(3)], [3, 0, 0]],
        ['hard, out of order', [hard(5), hard(3)], [5, 0, 0]],
        ['soft', [soft(3, 1)], [0, 3, 1000]],
        ['soft again in the window', [soft(3, 1), soft(4, 50)], [0, 4, 1000]],
        ['soft again beyond it', [soft(3, 1), soft(4, 62)], [3, 4, 62_000]],
        ['soft, then hard', [soft(3, 1), hard(4)], [4, 0, 0]],
        ['a hard one that comes late', [soft(4, 1), hard(3)], [3, 4, 1000]],
        ['a soft one that comes late', [hard(4), soft(3, 1)], [4, 0, 0]],
        ['on a clock that went back', [soft(3, 9), soft(4, 1)], [0, 4, 1000]],
      ]
    for (const [name, steps, [expectedHard, expectedSoft, softAt]] of cases) {
      const last = steps.reduce(raised, neverPurged)
      t.same(last, { hard: expectedHard, soft: expectedSoft, softAt }, name)
    }
  },
)

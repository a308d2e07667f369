import t from 'tap'
import { keyLabel } from '../../src/cache/label.ts'
import { defaultBounds } from '../../src/ledger/bounds.ts'
import { SoloLedger } from '../../src/ledger/solo.ts'
import { milliseconds } from '../../src/time.ts'
import { makeClock } from '../fixtures/clock.ts'

const a = keyLabel('a')

t.test('SoloLedger: believed for a while, then another begins, and what the last one knew is void', async (t) => {
  const clock = makeClock()
  const solo = new SoloLedger({ clock, bounds: () => defaultBounds, believedFor: milliseconds(2000) })
  const first = solo.stampNow()
  t.same(solo.judgeNow(first, [a]), { kind: 'valid' })
  clock.advance(1999)
  t.equal(solo.stampNow().epoch, first.epoch)
  await solo.purge([a], 'hard')
  t.same(solo.judgeNow(first, [a]), { kind: 'purged' })
  const second = solo.stampNow()
  t.same(solo.judgeNow(second, [a]), { kind: 'valid' })
  clock.advance(1)
  t.same(solo.judgeNow(second, [a]), { kind: 'purged' }, 'before anybody has asked for a stamp')
  const third = solo.stampNow()
  t.not(third.epoch, first.epoch)
  t.same(solo.judgeNow(second, [a]), { kind: 'purged' })
  solo.end()
  t.same(solo.judgeNow(third, [a]), { kind: 'purged' })
  t.not(solo.stampNow().epoch, third.epoch)
})

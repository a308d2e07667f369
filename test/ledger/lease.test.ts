import t from 'tap'
import { Lease } from '../../src/ledger/lease.ts'
import { milliseconds } from '../../src/time.ts'
import { makeClock } from '../fixtures/clock.ts'

t.test('Lease: holds until its time, is given up at once, and says so once each way', async (t) => {
  const clock = makeClock()
  const said: string[] = []
  const lease = new Lease(clock, (change, cause) => said.push(`${change} ${cause}`.trim()))
  t.notOk(lease.holds)
  lease.renew(milliseconds(2000))
  t.ok(lease.holds)
  t.same(said, [], 'the first one is what a start is for')
  clock.advance(1999)
  t.ok(lease.holds)
  clock.advance(1)
  t.notOk(lease.holds, 'at its end, whether or not anybody looked')
  lease.sayWhetherItHolds('no answer')
  lease.sayWhetherItHolds('still none')
  lease.renew(milliseconds(1000))
  t.notOk(lease.holds, 'what would be over already is no lease')
  lease.renew(milliseconds(5000))
  const { losses } = lease
  lease.giveUp('another ledger')
  t.notOk(lease.holds)
  t.equal(lease.losses, losses + 1)
  t.same(said, ['detached no answer', 'attached', 'detached another ledger'])
})

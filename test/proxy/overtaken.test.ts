import t from 'tap'
import { isOvertaken } from '../../src/proxy/overtaken.ts'
import { makeParts } from '../fixtures/parts.ts'
import { makeOrigin } from './fake-origin.ts'

t.test('isOvertaken: by a purge of any label, softly or not, by other rules, and by a ledger that was lost', async (t) => {
  const rules = 'rules:\n  - { name: page, match: GET /page, cache: { scope: public, key: page, ttl: 1m } }\n'
  for (const isRemote of [false, true]) {
    const { parts, ledger, enforce } = makeParts({ rules, origin: makeOrigin(), isRemote })
    const fetched = { stamp: ledger.stampNow(), labels: ['k:page', parts.inForce().label] }
    t.equal(isOvertaken(parts, fetched), false)
    await ledger.purge(['k:other'], 'hard')
    t.equal(isOvertaken(parts, fetched), false, 'of another label')
    t.equal(isOvertaken(parts, { ...fetched, stamp: { ...fetched.stamp, epoch: 'another' } }), true)
    for (const kind of ['soft', 'hard'] as const) {
      const before = { ...fetched, stamp: ledger.stampNow() }
      await ledger.purge(['k:page'], kind)
      t.equal(isOvertaken(parts, before), true, kind)
    }
    const now = { ...fetched, stamp: ledger.stampNow() }
    t.equal(isOvertaken(parts, now), false)
    enforce(rules.replace('key: page', 'key: other'))
    t.equal(isOvertaken(parts, now), true)
  }
})

import t from 'tap'
import { type Outcome, outcomeOf, type Reason, reasons } from '../../src/observe/reasons.ts'
import type { OriginFailure } from '../../src/origin/origin.ts'

const rows = Object.entries(reasons) as Array<[Reason, { outcome: Outcome; help: string }]>

t.test('reasons are tokens of one spelling, each explained in one short sentence', async (t) => {
  for (const [token, { help }] of rows) {
    t.match(token, /^[a-z]+(-[a-z]+)*$/)
    t.match(help, /^[A-Z].{10,105}\.$/, token)
  }
})

t.test('outcomeOf follows from the reason alone', async (t) => {
  t.equal(outcomeOf('fresh'), 'hit')
  t.equal(outcomeOf('stale-if-error'), 'stale')
  t.equal(outcomeOf('uri-miss'), 'miss')
  t.equal(outcomeOf('hit-for-miss'), 'bypass')
  t.equal(outcomeOf('origin-timeout'), 'error')
  t.equal(outcomeOf('bad-framing'), 'refused')
  t.equal(outcomeOf('upgrade'), 'tunnel')
  const outcomes: Outcome[] = ['hit', 'stale', 'miss', 'bypass', 'error', 'refused', 'tunnel']
  for (const outcome of outcomes)
    t.ok(
      rows.some((row) => row[1].outcome === outcome),
      outcome,
    )
})

t.test("every failure of the origin is a reason of its own, with outcome 'error'", async (t) => {
  const failures: Record<OriginFailure, Reason> = {
    'origin-unreachable': 'origin-unreachable',
    'origin-overloaded': 'origin-overloaded',
    'origin-circuit-open': 'origin-circuit-open',
    'origin-timeout': 'origin-timeout',
    'origin-broken': 'origin-broken',
    'origin-request-refused': 'origin-request-refused',
    aborted: 'aborted',
  }
  for (const [failure, reason] of Object.entries(failures)) {
    t.equal(reason, failure)
    t.equal(outcomeOf(reason), 'error')
  }
})

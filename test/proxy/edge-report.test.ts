import t from 'tap'
import { reportRefusal, reportUpgrade } from '../../src/proxy/edge-report.ts'
import { makeParts } from '../fixtures/parts.ts'
import { makeOrigin } from './fake-origin.ts'

t.test('reportRefusal: its status and reason, under no rule, and no method', async (t) => {
  const { parts, observed } = makeParts({ origin: makeOrigin() })
  reportRefusal(parts, { reason: 'bad-host', status: 400 })
  t.match(observed.reports, [{ rule: '(unmatched)', reason: 'bad-host', status: 400, method: undefined, duration: 0 }])
})

t.test('reportUpgrade: open, not accepted, or left by the client, and how long that took', async (t) => {
  const { parts, clock, observed } = makeParts({ origin: makeOrigin() })
  const startedAt = clock.monotonic()
  clock.advance(30)
  for (const status of [101, 403, 502, undefined]) reportUpgrade(parts, startedAt, status)
  t.match(observed.reports, [
    { rule: '(unmatched)', reason: 'upgrade', status: 101, duration: 30 },
    { reason: 'upgrade-failed', status: 403 },
    { reason: 'upgrade-failed', status: 502 },
    { reason: 'aborted', status: 499 },
  ])
})

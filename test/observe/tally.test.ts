import t from 'tap'
import { RuleTally } from '../../src/observe/tally.ts'

t.test('RuleTally counts an answer by reason and tier, and its duration by outcome', async (t) => {
  const tally = new RuleTally('badges')
  tally.answered('fresh', 'memory', 0.001)
  tally.answered('fresh', 'redis', 0.002)
  tally.answered('stale-if-error', 'memory', 1)
  t.equal(tally.answers.memory.fresh, 1)
  t.equal(tally.answers.redis.fresh, 1)
  t.equal(tally.count('fresh'), 2)
  t.equal(tally.total('hit'), 2)
  t.equal(tally.total('stale'), 1)
  t.equal(tally.total('miss'), 0)
  t.equal(tally.durations.hit.sum, 0.003)
  t.equal(tally.durations.stale.count, 1)
})

t.test('RuleTally.reset takes every number back to zero', async (t) => {
  const tally = new RuleTally('badges')
  const untouched = JSON.stringify(new RuleTally('badges'))
  tally.answered('uri-miss', 'none', 0.1)
  tally.sets.redis += 1
  tally.purges.widened += 1
  tally.troubles['store-unavailable'] += 1
  tally.deletes += 3
  tally.collapsed += 1
  t.not(JSON.stringify(tally), untouched)
  tally.reset()
  t.equal(JSON.stringify(tally), untouched)
})

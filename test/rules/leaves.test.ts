import t from 'tap'
import * as leaves from '../../src/rules/leaves.ts'

t.test('every kind of text is read into what the rules compute with', async (t) => {
  t.equal(leaves.durationLeaf().parse('1h30m'), 5400)
  t.equal(leaves.durationLeaf().parse('0s'), 0)
  t.equal(leaves.lifetimeLeaf().parse('250ms'), 0.25)
  t.same([leaves.settleLeaf().parse('1500ms'), leaves.settleLeaf().parse('1h')], [1.5, 3600])
  t.same(leaves.ttlLeaf().parse('5m'), { kind: 'fixed', duration: 300 })
  t.same(leaves.ttlLeaf().parse('origin'), { kind: 'origin' })
  t.same(leaves.ttlLeaf().parse('forever'), { kind: 'forever' })
  t.same(leaves.refreshAheadLeaf().parse('20%'), { share: 0.2 })
  t.same(leaves.refreshAheadLeaf().parse('30s'), { duration: 30 })
  t.equal(leaves.sizeLeaf().parse('256KiB'), 262_144)
  t.same(leaves.statusesLeaf().parse('2xx|304'), ['2xx', '304'])
  t.same(leaves.statusesLeaf().parse(202), ['202'])
  t.same(leaves.statusesLeaf().parse([202, '3xx']), ['202', '3xx'])
  t.equal(leaves.fieldNameLeaf().parse('Accept-Language'), 'accept-language')
  t.same(leaves.identitySourceLeaf().parse('header.X-Api-Key'), { kind: 'header', name: 'x-api-key' })
  t.same(leaves.identitySourceLeaf().parse('jwt.https://example/claim'), { kind: 'jwt', claim: 'https://example/claim' })
  t.equal(leaves.parameterLeaf().parse('utm_*'), 'utm_*')
  t.equal(leaves.negativeStatusLeaf().parse('5xx'), '5xx')
})

t.test('conditionLeaf: the braces of a condition may be left out', async (t) => {
  const bare = leaves.conditionLeaf().parse('response.json.unlocked[*]')
  const braced = leaves.conditionLeaf().parse('{response.json.unlocked[*]}')
  t.same(bare.parts, braced.parts)
  t.equal(bare.source, 'response.json.unlocked[*]')
})

import t from 'tap'
import { madeLabel } from '../../src/cache/label.ts'
import { gather, joinLabels, labelsOf, lookupNow } from '../../src/proxy/lookup.ts'
import { route } from '../../src/proxy/route.ts'
import type { Sought } from '../../src/proxy/sought.ts'
import type { Read } from '../../src/proxy/way.ts'
import { type Asked, makeRequest } from '../fixtures/exchange.ts'
import { makeParts, type TestParts } from '../fixtures/parts.ts'
import { makeOrigin, reply } from './fake-origin.ts'

const rules = `
rules:
  - { name: list, match: GET /list, cache: { scope: public, key: "list:{query.page|1}", ttl: 1h, tags: [lists, "item:{response.json.items[*].id}"] } }
  - { name: page, match: GET /page, cache: { scope: public, key: page, ttl: 1h } }
`

function open(fields: string[] = [], body = 'x'): TestParts & { sought(asked: Asked): Sought } {
  const kit = makeParts({ rules, origin: makeOrigin(() => reply({ fields, body })) })
  const sought = (asked: Asked): Sought => {
    const request = makeRequest(asked)
    const inForce = kit.parts.inForce()
    const now = kit.clock.now()
    const read = route({ request, hasBody: false, inForce, originHost: 'keep', facts: {}, now }) as Read
    return { read, fields: request.fields, inForce, now }
  }
  return { ...kit, sought }
}

t.test('lookupNow and gather: find the same; here it is judged, and a fill is stamped with what was seen', async (t) => {
  const kit = open()
  const target = '/page'
  for (const step of ['nothing', 'stored', 'purged softly', 'purged', 'other rules'] as const) {
    if (step === 'stored') await kit.ask({ target })
    if (step === 'purged softly') await kit.ledger.purge(['k:page'], 'soft')
    if (step === 'purged') await kit.ledger.purge(['r:page'], 'hard')
    if (step === 'other rules') kit.enforce(rules.replace('key: page', 'key: page, tags: [pages]'))
    const sought = kit.sought({ target })
    const now = lookupNow(kit.parts, sought)
    const { reading, key, ...gathered } = await gather(kit.parts, sought)
    const { validity, stamp, reading: none, ...here } = now
    t.same({ ...gathered, tier: 'memory' }, here, step)
    t.same([stamp, none], [kit.ledger.stampNow(), undefined])
    t.same([reading?.seq, key], [stamp?.number, 'springhouse:page|h=shop.example'])
    const expected = { nothing: 'valid', stored: 'valid', 'purged softly': 'expired', purged: 'purged', 'other rules': 'valid' }
    t.equal(validity.kind, expected[step])
    t.equal(now.entry !== undefined, step !== 'nothing' && step !== 'other rules', step)
  }
})

t.test(
  'lookupNow and gather: of several variants that match the newest is found, under the newest field set is the flight',
  async (t) => {
    const kit = open(['Vary', 'X-A'])
    const asked: Asked = { target: '/page', fields: ['X-A', '1', 'X-B', '1'] }
    await kit.ask(asked)
    const { selectors } = kit.parts.memory
    for (const isRemembered of [true, false]) {
      if (!isRemembered) selectors.clear()
      const now = lookupNow(kit.parts, kit.sought(asked))
      const found = await gather(kit.parts, kit.sought(asked))
      t.match(now, { flightKey: /\|v=x-a=/, miss: 'vary-miss' })
      t.same([found.flightKey, found.entry, found.miss], [now.flightKey, now.entry, now.miss])
      t.ok(now.entry)
    }
    const other = lookupNow(kit.parts, kit.sought({ target: '/page', fields: ['X-A', '2'] }))
    t.same([other.entry, other.miss], [undefined, 'vary-miss'])
  },
)

t.test('joinLabels: where the answer makes tags, any that it could make counts', async (t) => {
  const kit = open()
  const { read, inForce } = kit.sought({ target: '/list' })
  t.ok(joinLabels(read, inForce).includes(madeLabel('list')))
  t.ok(labelsOf(read, inForce).includes('t:lists'), 'those known already are among them')
  const page = kit.sought({ target: '/page' })
  t.notOk(joinLabels(page.read, page.inForce).some((label) => label.startsWith('m:')))
})

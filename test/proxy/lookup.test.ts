import t from 'tap'
import { madeLabel } from '../../src/cache/label.ts'
import { joinLabels, labelsOf, lookup, lookupNow, type Sought } from '../../src/proxy/lookup.ts'
import { route } from '../../src/proxy/route.ts'
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

t.test('lookup and lookupNow: find the same, judge the same, and stamp a fill with what they saw', async (t) => {
  const kit = open()
  const target = '/page'
  for (const step of ['nothing', 'stored', 'purged softly', 'purged', 'other rules'] as const) {
    if (step === 'stored') await kit.ask({ target })
    if (step === 'purged softly') await kit.ledger.purge(['k:page'], 'soft')
    if (step === 'purged') await kit.ledger.purge(['r:page'], 'hard')
    if (step === 'other rules') kit.enforce(rules.replace('key: page', 'key: page, tags: [pages]'))
    const sought = kit.sought({ target })
    const now = lookupNow(kit.parts, sought)
    const { reading, ...asked } = await lookup({ ...kit.parts, local: undefined }, sought)
    t.same({ ...asked, tier: 'memory', reading: undefined }, now, step)
    t.same(asked.stamp, kit.ledger.stampNow())
    t.ok(reading)
    const expected = { nothing: 'valid', stored: 'valid', 'purged softly': 'expired', purged: 'purged', 'other rules': 'valid' }
    t.equal(now.validity.kind, expected[step])
    t.equal(now.entry !== undefined, step !== 'nothing' && step !== 'other rules', step)
  }
})

t.test('lookup: without the ledger nothing is found, and no fill is stamped', async (t) => {
  const kit = open()
  await kit.ask({ target: '/page' })
  const ledger = Object.assign(Object.create(kit.ledger), { read: async () => undefined })
  const found = await lookup({ ...kit.parts, ledger, local: undefined }, kit.sought({ target: '/page' }))
  t.match(found, { entry: undefined, stamp: undefined })
})

t.test('lookup: labels that only the entry knows are asked for as well', async (t) => {
  const kit = open(['Content-Type', 'application/json'], '{"items":[{"id":7}]}')
  await kit.ask({ target: '/list' })
  const remote = { ...kit.parts, local: undefined }
  t.equal((await lookup(remote, kit.sought({ target: '/list' }))).validity.kind, 'valid')
  await kit.ledger.purge(['t:item:7'], 'hard')
  t.equal((await lookup(remote, kit.sought({ target: '/list' }))).validity.kind, 'purged')
})

t.test('lookup: of several variants that match the newest is found, under the newest field set is the flight', async (t) => {
  const kit = open(['Vary', 'X-A'])
  const asked: Asked = { target: '/page', fields: ['X-A', '1', 'X-B', '1'] }
  await kit.ask(asked)
  const { selectors } = kit.parts.memory
  for (const isRemembered of [true, false]) {
    if (!isRemembered) selectors.clear()
    const now = lookupNow(kit.parts, kit.sought(asked))
    const found = await lookup({ ...kit.parts, local: undefined }, kit.sought(asked))
    t.match(now, { flightKey: /\|v=x-a=/, miss: 'vary-miss' })
    t.same([found.flightKey, found.entry, found.miss], [now.flightKey, now.entry, now.miss])
    t.ok(now.entry)
  }
  const other = lookupNow(kit.parts, kit.sought({ target: '/page', fields: ['X-A', '2'] }))
  t.same([other.entry, other.miss], [undefined, 'vary-miss'])
})

t.test('joinLabels: where the answer makes tags, any that it could make counts', async (t) => {
  const kit = open()
  const { read, inForce } = kit.sought({ target: '/list' })
  t.ok(joinLabels(read, inForce).includes(madeLabel('list')))
  t.ok(labelsOf(read, inForce).includes('t:lists'), 'those known already are among them')
  const page = kit.sought({ target: '/page' })
  t.notOk(joinLabels(page.read, page.inForce).some((label) => label.startsWith('m:')))
})

import t from 'tap'
import { look } from '../../src/proxy/look.ts'
import type { Copy } from '../../src/proxy/lookup.ts'
import { type Promotable, promote } from '../../src/proxy/promote.ts'
import { route } from '../../src/proxy/route.ts'
import type { Read } from '../../src/proxy/way.ts'
import { later, seconds } from '../../src/time.ts'
import { makeRequest } from '../fixtures/exchange.ts'
import { makeTiered, type Tiered } from '../fixtures/tiered.ts'
import { makeOrigin, reply } from './fake-origin.ts'

const rules = 'rules:\n  - { name: page, match: GET /page, cache: { scope: public, key: page, ttl: 1m, l1: 5s } }\n'
const key = 'springhouse:page|h=shop.example'

/** What was found in the shared store alone, and is on its way into memory. */
async function open(): Promise<{ kit: Tiered; promotable: Promotable }> {
  const kit = makeTiered({ rules, origin: makeOrigin(() => reply({ body: 'first' })) })
  await kit.ask({ target: '/page' })
  await kit.memory.delete(key)
  const inForce = kit.parts.inForce()
  const request = makeRequest({ target: '/page' })
  const now = kit.clock.now()
  const read = route({ request, hasBody: false, inForce, originHost: 'keep', facts: {}, now }) as Read
  const found = await look(kit.parts, { read, fields: request.fields, inForce, now }, () => false)
  return { kit, promotable: { read, inForce, copy: found.copy as Copy } }
}

t.test('promote: the copy lies in memory when the call returns, and for the time that the rule gives it', async (t) => {
  const { kit, promotable } = await open()
  promote(kit.parts, promotable)
  t.same(kit.memory.peek(key), { kind: 'entry', entry: promotable.copy.entry })
  kit.clock.advance(5000)
  t.equal(kit.memory.peek(key), undefined)
})

t.test('promote: nothing of an epoch that has ended here meanwhile', async (t) => {
  for (const end of [
    (kit: Tiered) => kit.fleet.detach(),
    (kit: Tiered) => {
      kit.fleet.flush()
      kit.fleet.adopt()
    },
  ]) {
    const { kit, promotable } = await open()
    end(kit)
    promote(kit.parts, promotable)
    t.equal(kit.memory.peek(key), undefined)
  }
})

t.test('promote: what is newer stays, unless it was purged', async (t) => {
  const { kit, promotable } = await open()
  const { entry } = promotable.copy
  const newer = { ...entry, status: 201, responseTime: later(entry.responseTime, seconds(1)) }
  await kit.memory.put(key, { kind: 'entry', entry: newer }, seconds(60))
  promote(kit.parts, promotable)
  t.match(kit.memory.peek(key), { entry: { status: 201 } })
  await kit.memory.put(key, { kind: 'entry', entry: { ...newer, stamp: { epoch: 'another', number: 9 } } }, seconds(60))
  promote(kit.parts, promotable)
  t.match(kit.memory.peek(key), { entry: { status: 200 } })
})

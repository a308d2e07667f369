import t from 'tap'
import type { Stored } from '../../src/cache/entry.ts'
import { Landings } from '../../src/proxy/landing.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { makeClock } from '../fixtures/clock.ts'
import { makeParts } from '../fixtures/parts.ts'
import { makeOrigin, reply } from './fake-origin.ts'

t.test('Landings: found until it lies there, whatever becomes of it', async (t) => {
  const landings = new Landings()
  const first = Promise.withResolvers<string>()
  const second = Promise.withResolvers<string>()
  const owned = landings.own('k', first.promise)
  const failing = landings.own('k', second.promise)
  const found = landings.find('k')
  t.ok(found)
  t.equal(landings.find('other'), undefined)
  first.resolve('there')
  t.equal(await owned, 'there')
  t.ok(landings.find('k'), 'the other is still on its way')
  second.reject(new Error('nothing came of it'))
  await t.rejects(failing)
  await found
  t.equal(landings.find('k'), undefined, 'and nothing is kept')
})

t.test('a variant that is whole and not stored yet is waited for by a request that it answers too', async (t) => {
  const clock = makeClock()
  const inner = new MemoryStore({ clock, limit: 1_000_000 })
  const gate = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  const store = {
    get: (key: string) => inner.get(key),
    async put(key: string, stored: Stored, keepFor: Parameters<typeof inner.put>[2]) {
      reached.resolve()
      await gate.promise
      return inner.put(key, stored, keepFor)
    },
    renew: (...args: Parameters<typeof inner.renew>) => inner.renew(...args),
    delete: (key: string) => inner.delete(key),
    list: (...args: Parameters<typeof inner.list>) => inner.list(...args),
    status: () => inner.status(),
    close: () => inner.close(),
  }
  const origin = makeOrigin(() =>
    reply({ fields: ['Cache-Control', 'max-age=60', 'Vary', 'Accept-Language', 'Content-Language', 'de'], body: 'Hallo' }),
  )
  const kit = makeParts({ rules: 'unmatched: rfc\nrules: []\n', origin, clock, store, isRemote: true })
  const first = kit.send({ target: '/page', fields: ['Accept-Language', 'fr;q=0.5, de'] })
  await first.over
  await reached.promise
  const second = kit.send({ target: '/page', fields: ['Accept-Language', 'de'] })
  gate.resolve()
  await second.over
  await kit.idle()
  t.equal(second.text, 'Hallo')
  t.equal(second.cacheStatus[0], 'hit')
  t.equal(origin.requests.length, 1, 'and the origin is not asked again')
})

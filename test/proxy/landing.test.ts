import t from 'tap'
import { Landings } from '../../src/proxy/landing.ts'
import { makeGate } from '../fixtures/gate.ts'
import { makeTiered } from '../fixtures/tiered.ts'
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
  const gate = makeGate()
  const origin = makeOrigin(() =>
    reply({ fields: ['Cache-Control', 'max-age=60', 'Vary', 'Accept-Language', 'Content-Language', 'de'], body: 'Hallo' }),
  )
  const kit = makeTiered({ rules: 'unmatched: rfc\nrules: []\n', origin })
  kit.gates.beforePut = () => gate.wait()
  const first = kit.send({ target: '/page', fields: ['Accept-Language', 'fr;q=0.5, de'] })
  await first.over
  await gate.arrived(1)
  const second = kit.send({ target: '/page', fields: ['Accept-Language', 'de'] })
  // It has looked, and found nothing.
  await new Promise(setImmediate)
  gate.open()
  await second.over
  await kit.idle()
  t.equal(second.text, 'Hallo')
  t.equal(second.cacheStatus[0], 'hit')
  t.equal(origin.requests.length, 1, 'and the origin is not asked again')
})

/** Of two answers to one key the most recent is used, in whatever order they come (RFC 9111 §4). */
import t from 'tap'
import { makeGate } from '../fixtures/gate.ts'
import { onEachStore, openScene } from '../fixtures/scene.ts'

const rules =
  'unmatched: rfc\nrules:\n  - { name: page, match: GET /page, cache: { scope: public, key: page, ttl: 1h, collapse: false } }'

for (const part of ['head', 'body'] as const) {
  onEachStore(t, `an answer whose ${part} is slow does not take the place of a newer one`, async (t, redis) => {
    const { house, origin, clock, settled, ask } = await openScene(t, { rules, redis })
    const gate = makeGate()
    const date = new Date(clock.now()).toUTCString()
    origin.script(async ({ response }) => {
      if (part === 'head') await gate.wait()
      response.writeHead(200, ['Date', date])
      response.write('late ')
      await gate.wait()
      response.end('one')
    })
    const late = house.ask('/page')
    await gate.arrived(1)
    clock.advance(2000)
    origin.script(({ reply }) => reply({ headers: ['Date', new Date(clock.now()).toUTCString()], body: 'newer' }))
    t.equal((await house.ask('/page')).text, 'newer')
    gate.open()
    t.match(await late, { status: 200, text: 'late one' })
    await settled()
    t.match(await ask('/page'), { text: 'newer', cacheStatus: /^hit/ })
    t.equal(origin.count(), 2)
  })
}

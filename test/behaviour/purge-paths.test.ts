/**
 * Paths that an origin may take for another than they seem. A write by such a path purges all the same; a read by one that can be read in two
 * ways is neither stored nor answered from the store.
 */
import { connect } from 'node:net'
import t from 'tap'
import type { House } from '../fixtures/house.ts'
import { onEachStore, openScene } from '../fixtures/scene.ts'

const rules = `defaults: { ttl: 1h }
rules:
  - { name: things, match: GET /api/things/:id, cache: { scope: public, key: "thing:{params.id}" } }
  - { name: places, match: GET /api/places, cache: { scope: public, key: "places" } }
  - { name: plain, match: GET /plain, cache: { scope: public, key: "plain" } }
  - { name: changed, match: POST /api/Things/:id, purge: { keys: ["thing:{params.id}"] } }
  - { name: booked, match: POST /api/bookings, purge: { keys: [places] } }`

const reads = ['/api/things/1', '/api/things/2', '/api/places', '/plain']
const changed = ['/api/things/1']
const places = ['/api/places']
const all = ['/api/things/1', '/api/things/2', '/api/places']

const writes: ReadonlyArray<readonly [target: string, reaches: readonly string[]]> = [
  ['/api/things/1', changed],
  ['/api/things/1/', changed],
  ['/API/THINGS/1', changed],
  ['/api/things/%31', changed],
  ['/api/%74hings/1', changed],
  ['/api/%54hings/1', changed],
  ['/api/things/1?x=/api/things/2', changed],
  ['/api/bookings', places],
  ['/api/bookings/', places],
  ['/API/Bookings', places],
  ['/api/%62ookings', places],
  ['/api/%42ookings/', places],
  ['/api/bookings/1', []],
  ['/elsewhere', []],
  // Read in two ways: everything that any write's rule can reach.
  ...[
    ...['//api/bookings', '/api//bookings', '/api/bookings//', '/api/./bookings', '/api/x/../bookings', '/api/%2e%2e/api/bookings'],
    ...['/api%2fbookings', '/api%2Fthings%2F1', '/api/things/..;/bookings', '/api\\bookings', '/api%5cbookings', '/api/bookings%00'],
    ...['/api/things/1%0a', '/api/bookings/%', '/api/bookings/%zz', '//evil.example/api/bookings'],
  ].map((target) => [target, all] as const),
] // biome-ignore format: one write, one line

const ambiguous = [
  ...['//plain', '/plain//', '/./plain', '/x/../plain', '/x/%2e%2e/plain', '/x/..;a=b/plain', '/%2fplain', '/plain%2f', '/\\plain'],
  ...['/plain%00', '/plain%0a', '//evil.example/plain'],
] // biome-ignore format: as above

/** The target's bytes as they stand, which no client library leaves alone. */
async function send(house: House, method: string, target: string): Promise<string> {
  const { hostname, port, host } = new URL(house.url)
  const socket = connect(Number(port), hostname)
  socket.write(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
  return Buffer.concat(await socket.toArray()).toString('latin1')
}

onEachStore(t, 'a write purges by whichever path it comes', async (t, redis) => {
  const { ask, house, origin, settled } = await openScene(t, { rules, redis })
  const fresh = async (): Promise<string[]> => {
    const found: string[] = []
    for (const read of reads) if ((await ask(read)).cacheStatus.startsWith('hit')) found.push(read)
    return found
  }
  await fresh()
  for (const [target, reaches] of writes) {
    await t.test(target, async (t) => {
      t.same(await fresh(), reads)
      t.match(await send(house, 'POST', target), /^HTTP\/1\.1 200 /)
      await settled()
      t.equal(origin.requests.at(-1)?.target, target, 'the origin gets the same bytes')
      t.same(
        await fresh(),
        reads.filter((read) => !reaches.includes(read)),
      )
    })
  }
})

onEachStore(t, 'a read by an ambiguous path passes by the store', async (t, redis) => {
  const { ask, house, origin } = await openScene(t, { rules, redis })
  await ask('/api/places')
  for (const target of [
    '//api/places',
    '/api//places',
    '/api/./places',
    '/api%2fplaces',
    '/api/x/../places',
    '/api\\places',
    '/api/places%00',
  ]) {
    const count = origin.count()
    for (const round of [1, 2]) {
      const answer = await send(house, 'GET', target)
      t.match(answer, /\r\ncache-status: springhouse; fwd=bypass; .*detail=path-ambiguous\r\n/i, target)
      t.equal(origin.count(), count + round)
    }
  }
  for (const target of ['/api/places/', '/api/%70laces', '/API/places']) {
    const before = await ask('/api/places')
    t.match(before, { cacheStatus: /^hit/ })
    t.not((await ask(target)).text, before.text, `${target} has an entry of its own, or none`)
  }
})

onEachStore(t, 'a write by an ambiguous path invalidates the URI that the origin may have read in it', async (t, redis) => {
  const { ask, house, settled } = await openScene(t, { rules, redis })
  for (const target of ambiguous) {
    await ask('/plain')
    t.match(await ask('/plain'), { cacheStatus: /^hit/ })
    t.match(await send(house, 'POST', target), /^HTTP\/1\.1 200 /)
    await settled()
    t.match(await ask('/plain'), { cacheStatus: /detail=purged$/ }, target)
  }
})

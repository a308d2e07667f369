/** Groups of answers (RFC 9875): a write names a group, and every answer that says it belongs there is old, on this host and on no other. */
import t from 'tap'
import { onEachStore, openScene } from '../fixtures/scene.ts'

const rules = 'unmatched: rfc\nrules:\n  - { name: ruled, match: GET /ruled, cache: { key: ruled, ttl: 1h } }'
const fresh = { 'Cache-Control': 'max-age=600' }

// biome-ignore format: one case, one line
const cases = [
  { says: 'the group', groups: '"a", "b"', target: '/page', method: 'POST', invalidation: '"b"', isOld: true },
  { says: 'one of several groups', groups: '"a"', target: '/page', method: 'POST', invalidation: '"x", "a"', isOld: true },
  { says: 'an answer of a rule', groups: '"a"', target: '/ruled', method: 'POST', invalidation: '"a"', isOld: true },
  { says: 'an unknown method', groups: '"a"', target: '/page', method: 'M-SEARCH', invalidation: '"a"', isOld: true },
  { says: 'a redirect', groups: '"a"', target: '/page', method: 'POST', status: 303, invalidation: '"a"', isOld: true },
  { says: 'another group', groups: '"a"', target: '/page', method: 'POST', invalidation: '"A"', isOld: false },
  { says: 'a token, which is no group', groups: '"a"', target: '/page', method: 'POST', invalidation: 'a', isOld: false },
  { says: 'a write that failed', groups: '"a"', target: '/page', method: 'POST', status: 409, invalidation: '"a"', isOld: false },
  { says: 'a safe method', groups: '"a"', target: '/page', method: 'GET', invalidation: '"a"', isOld: false },
  { says: 'another host', groups: '"a"', target: '/page', method: 'POST', invalidation: '"a"', host: 'other.example', isOld: false },
  { says: 'an answer of no group', groups: undefined, target: '/page', method: 'POST', invalidation: '"a"', isOld: false },
]
for (const { says, groups, target, method, status = 200, invalidation, host, isOld } of cases) {
  onEachStore(t, says, async (t, redis) => {
    const { ask, answer } = await openScene(t, { rules, redis })
    answer((request) =>
      request.target === '/write'
        ? { status, headers: { 'Cache-Group-Invalidation': invalidation } }
        : { headers: groups === undefined ? fresh : { ...fresh, 'Cache-Groups': groups } },
    )
    await ask(target)
    t.match((await ask(target)).cacheStatus, /^hit/)
    await ask('/write', { method, headers: host === undefined ? {} : { Host: host } })
    t.match(await ask(target), isOld ? { text: '#3', cacheStatus: /detail=purged/ } : { text: '#1', cacheStatus: /^hit/ })
  })
}

onEachStore(t, 'a HEAD that names another group adds it', async (t, redis) => {
  const { ask, answer } = await openScene(t, { rules, redis })
  const headers = { ...fresh, ETag: '"1"' }
  answer({ headers: { ...headers, 'Cache-Groups': '"a"' } })
  for (const group of ['a', 'b']) {
    await ask('/page')
    answer((request) =>
      request.target === '/write'
        ? { headers: { 'Cache-Group-Invalidation': `"${group}"` } }
        : { body: '', headers: { ...headers, 'Cache-Groups': '"b"', 'Content-Length': '2' } },
    )
    t.match((await ask('/page', { method: 'HEAD', headers: { 'Cache-Control': 'no-cache' } })).cacheStatus, /; stored/)
    t.match((await ask('/page')).cacheStatus, /^hit/)
    await ask('/write', { method: 'POST' })
    answer({ headers: { ...headers, 'Cache-Groups': '"a"' }, body: 'xy' })
    t.match((await ask('/page')).cacheStatus, /^fwd=miss; .*detail=purged/, group)
  }
})

onEachStore(t, 'a 304 that names another group adds it', async (t, redis) => {
  const { ask, answer, clock } = await openScene(t, { rules, redis })
  const headers = { ...fresh, ETag: '"1"' }
  answer({ headers: { ...headers, 'Cache-Groups': '"a"' } })
  await ask('/page')
  clock.advance(601_000)
  answer((request) =>
    request.target === '/write'
      ? { headers: { 'Cache-Group-Invalidation': '"b"' } }
      : { status: 304, body: '', headers: { ...headers, 'Cache-Groups': '"b"' } },
  )
  t.match((await ask('/page')).cacheStatus, /detail=revalidated/)
  await ask('/write', { method: 'POST' })
  answer({ headers: fresh })
  t.match(await ask('/page'), { text: '#4', cacheStatus: /detail=purged/ })
})

onEachStore(t, 'a fetch that a purge of its group overtakes is not stored, and not joined', async (t, redis) => {
  const { house, origin, settled, dated } = await openScene(t, { rules, redis })
  const held = Promise.withResolvers<void>()
  origin.script(async ({ request, reply }) => {
    const number = origin.count('/page')
    if (request.target === '/write') return reply(dated({ headers: { 'Cache-Group-Invalidation': '"a"' } }))
    if (number === 1) await held.promise
    reply(dated({ body: `#${number}`, headers: { ...fresh, 'Cache-Groups': '"a"' } }))
  })
  const first = house.ask('/page')
  await origin.received(1, '/page')
  await house.ask('/write', { method: 'POST' })
  t.match(await house.ask('/page'), { text: '#2' }, 'whoever asks after the write does not get what was fetched before it')
  held.resolve()
  t.match(await first, { text: '#1' })
  await settled()
  t.match((await house.ask('/page')).text, /#[23]/)
})

onEachStore(t, 'an answer of more groups than an entry may carry is not stored', async (t, redis) => {
  const { ask, answer } = await openScene(t, { rules, redis })
  const groups = (count: number): string => Array.from({ length: count }, (_, i) => `"g${i}"`).join(', ')
  answer({ headers: { ...fresh, 'Cache-Groups': groups(129) } })
  await ask('/many')
  t.match(await ask('/many'), { text: '#2' })
  answer((request) =>
    request.method === 'POST'
      ? { headers: { 'Cache-Group-Invalidation': groups(129) } }
      : { headers: { ...fresh, 'Cache-Groups': groups(128) } },
  )
  await ask('/page')
  t.match((await ask('/page')).cacheStatus, /^hit/)
  await ask('/write', { method: 'POST' })
  t.match((await ask('/page')).cacheStatus, /detail=purged/, 'more groups than a purge names are all there is')
})

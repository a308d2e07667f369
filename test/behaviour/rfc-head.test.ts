/** A HEAD that is forwarded renews the stored answer to GET, or makes it go. */
import t from 'tap'
import { fieldValue } from '../../src/http/fields.ts'
import { onEachStore, openScene } from '../fixtures/scene.ts'

const rules = 'unmatched: rfc\nrules: []'
const leftToOrigin = 'rules:\n  - { name: pages, match: GET /page, cache: { scope: public, key: page, ttl: origin } }'
const fresh = { 'Cache-Control': 'max-age=60' }

// biome-ignore format: one case, one line
const cases: readonly { says: string; stored?: Record<string, string>; status?: number; head: Record<string, string>; becomes: 'renewed' | 'gone' | 'left as it is' }[] = [
  { says: 'the same ETag', stored: { ETag: '"a"' }, head: { ETag: '"a"' }, becomes: 'renewed' },
  { says: 'the same ETag and length', stored: { ETag: '"a"' }, head: { ETag: '"a"', 'Content-Length': '2' }, becomes: 'renewed' },
  { says: 'the same date', stored: { 'Last-Modified': 'Mon, 02 Jan 2006 15:04:05 GMT' }, head: { 'Last-Modified': 'Mon, 02 Jan 2006 15:04:05 GMT' }, becomes: 'renewed' },
  { says: 'the same length', head: { 'Content-Length': '2' }, becomes: 'renewed' },
  { says: 'another ETag', stored: { ETag: '"a"' }, head: { ETag: '"b"' }, becomes: 'gone' },
  { says: 'an ETag where there was none', head: { ETag: '"b"', 'Content-Length': '2' }, becomes: 'gone' },
  { says: 'another length', stored: { ETag: '"a"' }, head: { ETag: '"a"', 'Content-Length': '3' }, becomes: 'gone' },
  { says: 'another date', stored: { 'Last-Modified': 'Mon, 02 Jan 2006 15:04:05 GMT' }, head: { 'Last-Modified': 'Mon, 02 Jan 2006 15:04:06 GMT' }, becomes: 'gone' },
  { says: 'an answer that may not be stored any more', stored: { ETag: '"a"' }, head: { ETag: '"a"', 'Cache-Control': 'no-store' }, becomes: 'gone' },
  { says: 'neither validator nor length', stored: { ETag: '"a"' }, head: {}, becomes: 'left as it is' },
  { says: 'another status', stored: { ETag: '"a"' }, status: 404, head: {}, becomes: 'left as it is' },
]
const governed = [
  ['without a rule', rules],
  ['under ttl: origin', leftToOrigin],
] as const
const headCases = cases.flatMap((each) => governed.map(([where, text]) => ({ ...each, where, text })))
for (const { says, stored = {}, status = 200, head, becomes, where, text } of headCases) {
  onEachStore(t, `${says}: ${becomes}, ${where}`, async (t, redis) => {
    const { ask, answer, origin, clock, dated } = await openScene(t, { rules: text, redis })
    answer({ headers: { ...fresh, ...stored, 'X-Kept': 'yes', 'X-Seen': 'by GET' } })
    await ask('/page')
    clock.advance(30_000)
    origin.script(({ request, response, reply }) => {
      if (request.method === 'GET') return reply(dated({ headers: fresh }))
      const framing = 'Content-Length' in head ? {} : { 'Transfer-Encoding': 'chunked' }
      const { headers } = dated({ headers: { ...fresh, 'X-Seen': 'by HEAD', ...framing, ...head } })
      response.writeHead(status, headers as string[])
      response.end()
    })
    const answered = await ask('/page', { method: 'HEAD', headers: { 'Cache-Control': 'no-cache' } })
    t.match([answered.status, answered.text, answered.field('x-seen')], [status, '', 'by HEAD'])
    const stamped = becomes === 'renewed' ? 'stored; ' : ''
    t.equal(answered.cacheStatus, `fwd=request; fwd-status=${status}; ${stamped}detail=request-directive`)
    clock.advance(5000)
    const after = await ask('/page')
    if (becomes === 'gone') return void t.match(after, { text: '#3', cacheStatus: /^fwd=uri-miss/ })
    t.match(after, { text: '#1', cacheStatus: /^hit/, age: becomes === 'renewed' ? '5' : '35' })
    t.match([after.field('x-seen'), after.field('x-kept')], [becomes === 'renewed' ? 'by HEAD' : 'by GET', 'yes'])
  })
}

onEachStore(t, 'it renews the variant that it selects, and answers conditions from it', async (t, redis) => {
  const { ask, answer, clock } = await openScene(t, { rules, redis })
  answer((request) => ({ headers: { ...fresh, Vary: 'X-Plan', ETag: '"a"' }, body: request.method === 'GET' ? 'ab' : '' }))
  await ask('/page', { headers: { 'X-Plan': 'free' } })
  await ask('/page', { headers: { 'X-Plan': 'paid' } })
  clock.advance(61_000)
  answer({ headers: { ...fresh, Vary: 'X-Plan', ETag: '"a"', 'Content-Length': '2' } })
  const asked = { 'X-Plan': 'paid', 'If-None-Match': '"a"' }
  t.match(await ask('/page', { method: 'HEAD', headers: asked }), { status: 304 })
  t.match(await ask('/page', { headers: { 'X-Plan': 'paid' } }), { text: 'ab', cacheStatus: /^hit/ })
  answer({ headers: fresh })
  t.match((await ask('/page', { headers: { 'X-Plan': 'free' } })).cacheStatus, /^fwd=stale/)
})

onEachStore(t, 'it renews nothing that was purged', async (t, redis) => {
  const { ask, answer } = await openScene(t, { rules, redis })
  answer((request) => ({ headers: { ...fresh, ETag: '"a"', ...(request.method === 'HEAD' ? { 'Content-Length': '2' } : {}) } }))
  await ask('/page')
  await ask('/page', { method: 'DELETE' })
  t.match((await ask('/page', { method: 'HEAD' })).cacheStatus, /^fwd=miss/)
  t.match(await ask('/page'), { text: '#4', cacheStatus: /^fwd=miss/ })
})

onEachStore(t, 'a stored answer saves a HEAD from an origin that fails', async (t, redis) => {
  const { ask, answer, origin, clock } = await openScene(t, { rules, redis })
  answer({ headers: { 'Cache-Control': 'max-age=60, stale-if-error=600' } })
  await ask('/page')
  clock.advance(61_000)
  answer({ status: 503 })
  t.match(await ask('/page', { method: 'HEAD' }), {
    status: 200,
    cacheStatus: /^fwd=stale; fwd-status=503; .*detail=stale-if-error/,
  })
  origin.script(({ reset }) => reset())
  t.match(await ask('/page', { method: 'HEAD' }), { status: 200, cacheStatus: /^fwd=stale; .*detail=stale-if-error/ })
})

// biome-ignore format: one case, one line
const passed: readonly { readonly says: string; readonly cache: string; readonly headers?: Record<string, string> }[] = [
  { says: 'a rule with a lifetime of its own', cache: '{ scope: public, key: page, ttl: 1m }' },
  { says: 'tags that the answer makes', cache: '{ scope: public, key: page, ttl: origin, tags: ["{response.json.id|none}"] }' },
  { says: 'a rule in shadow', cache: '{ scope: public, key: page, ttl: origin, mode: shadow }' },
  { says: 'credentials that a fetch goes without', cache: '{ scope: public, key: page, ttl: origin }', headers: { Authorization: 'Basic eDp5' } },
]
for (const { says, cache, headers = {} } of passed) {
  onEachStore(t, `a HEAD passes as it came, and renews nothing: ${says}`, async (t, redis) => {
    const { ask, answer, origin, clock } = await openScene(t, {
      rules: `rules:\n  - { name: pages, match: GET /page, cache: ${cache} }`,
      redis,
    })
    answer({ headers: { ...fresh, ETag: '"a"', 'Content-Type': 'application/json' }, body: '12' })
    await ask('/page')
    clock.advance(61_000)
    answer({ headers: { ...fresh, ETag: '"a"', 'Content-Length': '2' }, body: '' })
    const reply = await ask('/page', { method: 'HEAD', headers })
    t.match([reply.status, reply.cacheStatus.includes('stored')], [200, false])
    t.equal(fieldValue(origin.requests[1]?.rawHeaders ?? [], 'authorization'), headers['Authorization'])
    answer({ status: 304, headers: { ETag: '"a"' } })
    t.match((await ask('/page')).cacheStatus, /^fwd=stale/)
  })
}

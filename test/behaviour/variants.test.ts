/** Answers to one key that differ by request fields: each is kept beside the others, and nobody gets another's. */
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { fieldValue } from '../../src/http/fields.ts'
import { onEachStore, openScene } from '../fixtures/scene.ts'
import type { RecordedRequest } from '../fixtures/scripted-origin.ts'

const pages = (cache = ''): string =>
  `rules:\n  - name: pages\n    match: GET /page\n    cache: { key: page, ttl: 1h${cache === '' ? '' : `, ${cache}`} }`

const seen = (request: RecordedRequest, name: string): string => fieldValue(request.rawHeaders, name) ?? 'none'

onEachStore(t, 'several variants stand side by side', async (t, redis) => {
  const { ask, answer, origin, clock } = await openScene(t, { rules: pages(), redis })
  answer((request) => ({
    body: `${seen(request, 'accept-language')} ${seen(request, 'x-plan')}`,
    headers: ['Vary', 'Accept-Language', 'Vary', 'X-Plan'],
  }))
  const clients = [
    { 'Accept-Language': 'es', 'X-Plan': 'free' },
    { 'Accept-Language': 'en', 'X-Plan': 'free' },
    { 'Accept-Language': 'es', 'X-Plan': 'paid' },
    { 'Accept-Language': 'es' },
    {},
  ]
  for (const [i, headers] of clients.entries()) {
    const { cacheStatus } = await ask('/page', { headers })
    t.match(cacheStatus, i === 0 ? /^fwd=uri-miss; stored/ : /^fwd=vary-miss; stored; detail=vary-miss/)
    clock.advance(1000)
  }
  for (const headers of clients) {
    const { text, cacheStatus } = await ask('/page', { headers })
    t.equal(text, `${headers['Accept-Language'] ?? 'none'} ${headers['X-Plan'] ?? 'none'}`)
    t.match(cacheStatus, /^hit/)
  }
  t.equal(origin.count(), clients.length)
})

onEachStore(t, 'an answer that begins to vary answers nobody else', async (t, redis) => {
  const { ask, answer, clock } = await openScene(t, { rules: pages('override: [max-age]'), redis })
  await ask('/page', { headers: { 'X-Plan': 'free' } })
  clock.advance(3_600_000)
  answer((request) => ({ body: seen(request, 'x-plan'), headers: { Vary: 'X-Plan' } }))
  t.equal((await ask('/page', { headers: { 'X-Plan': 'free' } })).text, 'free')
  t.equal((await ask('/page', { headers: { 'X-Plan': 'paid' } })).text, 'paid')
  t.match(await ask('/page', { headers: { 'X-Plan': 'free' } }), { text: 'free', cacheStatus: /^hit/ })
  t.match(await ask('/page', { headers: { 'X-Plan': 'paid' } }), { text: 'paid', cacheStatus: /^hit/ })
})

t.test('fields that mean the same are one variant', async (t) => {
  // biome-ignore format: one case, one line
  const cases = [
    { name: 'Accept-Encoding', one: 'gzip, deflate, br', other: 'br;q=1.0, gzip;q=0.8', shared: true },
    { name: 'Accept-Encoding', one: 'gzip', other: 'br', shared: false },
    { name: 'Accept-Encoding', one: 'gzip', other: 'gzip, identity;q=0', shared: false },
    { name: 'Accept-Encoding', one: 'identity', other: '', shared: true },
    { name: 'Accept-Language', one: 'es, en;q=0.5', other: 'en;q=0.5,es;q=1', shared: true },
    { name: 'Accept-Language', one: 'es, en;q=0.5', other: 'es, en;q=0.6', shared: false },
    { name: 'X-Plan', one: 'a, b', other: 'a,b', shared: true },
    { name: 'X-Plan', one: 'a', other: 'A', shared: false },
    { name: 'X-Plan', one: 'a,b', other: '"a,b"', shared: false },
  ]
  for (const { name, one, other, shared } of cases) {
    const { ask, answer } = await openScene(t, { rules: pages() })
    answer({ headers: { Vary: name } })
    await ask('/page', { headers: { [name]: one } })
    t.match((await ask('/page', { headers: { [name]: other } })).text, shared ? '#1' : '#2', `${name}: ${one} and ${other}`)
  }
})

onEachStore(t, 'nobody gets a coding he did not ask for, also where the origin forgets Vary', async (t, redis) => {
  const page = Buffer.from('a page')
  const clients = ['gzip, deflate', undefined, 'identity', 'gzip;q=0', 'br', 'gzip']
  for (const first of clients) {
    for (const vary of [{}, { Vary: 'Accept-Encoding' }]) {
      const { ask, answer, origin } = await openScene(t, { rules: pages(), redis })
      answer((request) => {
        const isGzip = seen(request, 'accept-encoding').includes('gzip')
        return isGzip ? { body: gzipSync(page), headers: { ...vary, 'Content-Encoding': 'gzip' } } : { body: page, headers: vary }
      })
      for (const coding of [first, ...clients, ...clients]) {
        const reply = await ask('/page', { headers: coding === undefined ? {} : { 'Accept-Encoding': coding } })
        const isCoded = reply.field('content-encoding') === 'gzip'
        const says = `${coding}, after ${first}, ${'Vary' in vary ? 'with' : 'without'} Vary`
        t.equal(isCoded ? gunzipSync(reply.body).toString() : reply.text, 'a page', says)
        t.notOk(isCoded && (coding === undefined || !/gzip(?!;q=0)/.test(coding)), says)
        if ('Vary' in vary) t.equal(isCoded, coding !== undefined && /gzip(?!;q=0)/.test(coding), says)
      }
      const forwarded = origin.requests.map((request) => seen(request, 'accept-encoding'))
      t.ok(
        forwarded.every((value) => ['gzip', 'br', 'none'].includes(value)),
        'the origin sees what is keyed',
      )
      t.equal(new Set(forwarded).size, forwarded.length, 'each is asked for once')
    }
  }
})

t.test('a rule says how fields are told apart', async (t) => {
  // biome-ignore format: one case, one line
  const cases = [
    { says: 'ignore: one answer, and the origin sees nothing of it', rule: 'user-agent: ignore', name: 'User-Agent', one: 'a', other: 'b', shared: true, sent: 'none' },
    { says: 'a list: its best value is keyed and sent', rule: 'accept-language: [es, en]', name: 'Accept-Language', one: 'es-MX, en;q=0.5', other: 'fr, es;q=0.1', shared: true, sent: 'es' },
    { says: 'a list tells its values apart', rule: 'accept-language: [es, en]', name: 'Accept-Language', one: 'es', other: 'en-GB', shared: false, sent: 'es' },
    { says: 'a list has its first value for none', rule: 'accept-language: [es, en]', name: 'Accept-Language', one: 'fr', other: 'es', shared: true, sent: 'es' },
    { says: 'exact: byte for byte', rule: 'accept-language: exact', name: 'Accept-Language', one: 'es, en', other: 'es,en', shared: false, sent: 'es, en' },
  ]
  for (const { says, rule, name, one, other, shared, sent } of cases) {
    await t.test(says, async (t) => {
      const { ask, answer, origin } = await openScene(t, { rules: pages(`vary: { ${rule} }`) })
      answer({ headers: { Vary: name } })
      t.equal((await ask('/page', { headers: { [name]: one } })).text, '#1')
      t.equal((await ask('/page', { headers: { [name]: other } })).text, shared ? '#1' : '#2')
      t.equal((await ask('/page', { headers: { [name]: one } })).text, '#1')
      t.equal(fieldValue(origin.requests[0]?.rawHeaders ?? [], name.toLowerCase()) ?? 'none', sent)
    })
  }
})

t.test('Vary: * fits no second request', async (t) => {
  const { ask, answer } = await openScene(t, { rules: pages() })
  for (const vary of ['*', 'Accept, *', 'no field name']) {
    answer({ headers: { Vary: vary } })
    t.match(await ask('/page'), { cacheStatus: /detail=(vary-any|hit-for-miss)$/ }, vary)
  }
  t.equal((await ask('/page')).text, '#4')
})

onEachStore(
  t,
  'an answer that is open to one web origin is not shown to another, even without Vary: Origin',
  async (t, redis) => {
    const { ask, answer, house } = await openScene(t, { rules: pages(), redis })
    answer((request) => ({ headers: { 'Access-Control-Allow-Origin': seen(request, 'origin') } }))
    for (const round of ['#1', '#2']) {
      const [a, b] = ['https://a.example', 'https://b.example']
      t.equal((await ask('/page', { headers: { Origin: a } })).field('access-control-allow-origin'), a, round)
      t.equal((await ask('/page', { headers: { Origin: b } })).field('access-control-allow-origin'), b, round)
    }
    await house.reloaded(pages('vary: { origin: exact }'))
    answer({ headers: { 'Access-Control-Allow-Origin': '*' } })
    const first = await ask('/page', { headers: { Origin: 'https://a.example' } })
    t.equal((await ask('/page', { headers: { Origin: 'https://b.example' } })).text, first.text, 'open to all is one answer')
  },
)

/**
 * Asking the origin about variants that the request does not select (RFC 9111 §4.1, §4.3.1, §4.3.4): which tags go along, and what a 304 that names
 * one makes of it. Whatever it says, nobody gets bytes that the origin did not name.
 */
import t, { type Test } from 'tap'
import { fieldValue } from '../../src/http/fields.ts'
import type { Reply } from '../fixtures/house.ts'
import { onEachStore, openScene, type Scene } from '../fixtures/scene.ts'
import type { Answer, RecordedRequest } from '../fixtures/scripted-origin.ts'

const byRfc = 'unmatched: rfc\nrules: []'
const byRule = (more = ''): string =>
  `unmatched: rfc\nrules:\n  - { name: page, match: GET /page, cache: { scope: public, key: page, ttl: 1m${more} } }`
const confirmed = 'fwd=vary-miss; fwd-status=304; stored; detail=revalidated'

const sentTags = ({ rawHeaders }: RecordedRequest): string | undefined => fieldValue(rawHeaders, 'if-none-match')
const lastSent = ({ origin }: Scene): string | undefined => sentTags(origin.requests.at(-1) as RecordedRequest)

interface Site extends Scene {
  /** Asks for the page in a plan. */
  plan(plan: string, fields?: Readonly<Record<string, string>>): Promise<Reply>
  /** What a plan's page is; its tag is its text in quotes. */
  readonly texts: Map<string, string>
  /** Fields of the next answers, after those that are always there. */
  more: string[]
}

/** An origin as it should be: a page for each plan, and a 304 where it is among those that were asked about. */
async function openSite(t: Test, options: Parameters<typeof openScene>[1]): Promise<Site> {
  const scene = await openScene(t, options)
  const site: Site = {
    ...scene,
    texts: new Map([
      ['a', 'one'],
      ['b', 'two'],
    ]),
    more: [],
    plan: (plan, fields = {}) => scene.ask('/page', { headers: { 'X-Plan': plan, ...fields } }),
  }
  scene.answer((request): Answer => {
    const text = site.texts.get(fieldValue(request.rawHeaders, 'x-plan') ?? '') ?? 'other'
    const headers = ['Cache-Control', 'max-age=60', 'Vary', 'X-Plan', 'ETag', `"${text}"`, ...site.more]
    const isNamed = sentTags(request)?.includes(`"${text}"`) === true
    return isNamed ? { status: 304, headers } : { headers, body: text }
  })
  return site
}

for (const [name, rules] of [
  ['the RFC', byRfc],
  ['a rule', byRule()],
] as const) {
  onEachStore(t, `under ${name}, a 304 that names another variant answers with it, and keeps it here too`, async (t, redis) => {
    const site = await openSite(t, { rules, redis })
    await site.plan('a')
    t.match(await site.plan('b'), { text: 'two', cacheStatus: /^fwd=vary-miss; stored/ })
    t.equal(lastSent(site), '"one"')
    site.texts.set('c', 'one')
    site.clock.advance(10_000)
    t.match(await site.plan('c'), { status: 200, text: 'one', age: '0', cacheStatus: confirmed })
    t.equal(lastSent(site), '"two", "one"', 'newest first')
    t.match(await site.plan('c'), { text: 'one', cacheStatus: 'hit; ttl=60; detail=fresh' })
    t.match(await site.plan('a'), { text: 'one', cacheStatus: 'hit; ttl=50; detail=fresh' })
    t.equal(site.origin.count(), 3)
  })
}

onEachStore(t, 'a stale variant is asked about with the others', async (t, redis) => {
  const site = await openSite(t, { rules: byRfc, redis })
  const dated = ['Last-Modified', 'Mon, 01 Jan 2024 00:00:00 GMT']
  site.more = dated
  await site.plan('a')
  await site.plan('b')
  site.clock.advance(61_000)
  t.match(await site.plan('b'), { text: 'two', cacheStatus: 'fwd=stale; fwd-status=304; stored; detail=revalidated' })
  t.equal(lastSent(site), '"two", "one"')
  t.equal(fieldValue(site.origin.requests.at(-1)?.rawHeaders ?? [], 'if-modified-since'), undefined)
  site.texts.set('b', 'one')
  site.clock.advance(61_000)
  t.match(await site.plan('b'), { text: 'one', cacheStatus: 'fwd=stale; fwd-status=304; stored; detail=revalidated' })
  t.match(await site.plan('b'), { text: 'one', cacheStatus: 'hit; ttl=60; detail=fresh' })
  t.equal(site.origin.count(), 4)
})

onEachStore(t, 'at most eight go along, the newest', async (t, redis) => {
  const site = await openSite(t, { rules: byRfc, redis })
  for (let i = 1; i <= 10; i += 1) {
    site.texts.set(`p${i}`, `text ${i}`)
    await site.plan(`p${i}`)
  }
  await site.plan('other')
  t.equal(lastSent(site), [10, 9, 8, 7, 6, 5, 4, 3].map((i) => `"text ${i}"`).join(', '))
})

const unnamed = [
  { says: 'without an ETag', fields: [] },
  { says: 'with an ETag that nothing here has', fields: ['ETag', '"three"'] },
  { says: 'with a weak ETag that a strong one resembles', fields: ['ETag', 'W/"one"'] },
]
for (const { says, fields } of unnamed) {
  onEachStore(t, `a 304 ${says} names none: it is asked again, with nothing`, async (t, redis) => {
    const site = await openSite(t, { rules: byRfc, redis })
    await site.plan('a')
    await site.plan('b')
    const vary = ['Cache-Control', 'max-age=60', 'Vary', 'X-Plan']
    site.answer((request) =>
      sentTags(request) === undefined ? { headers: vary, body: 'whole' } : { status: 304, headers: [...vary, ...fields] },
    )
    t.match(await site.plan('c'), { status: 200, text: 'whole', cacheStatus: /^fwd=vary-miss; stored/ })
    t.same(site.origin.requests.slice(2).map(sentTags), ['"two", "one"', undefined])
    t.match(await site.plan('c'), { text: 'whole', cacheStatus: /^hit/ })
  })
}

const kept: ReadonlyArray<{ says: string; fields: string[]; first?: Record<string, string>; again?: Record<string, string> }> = [
  { says: 'a weak ETag', fields: ['ETag', 'W/"one"'] },
  {
    says: 'an answer made for another coding',
    fields: ['ETag', '"one"', 'Vary', 'Accept-Encoding', 'Content-Encoding', 'gzip'],
    first: { 'Accept-Encoding': 'gzip' },
  },
  {
    says: 'an answer made for another web origin',
    fields: ['ETag', '"one"', 'Access-Control-Allow-Origin', 'https://a.example'],
    first: { Origin: 'https://a.example' },
    again: { Origin: 'https://b.example' },
  },
  {
    says: 'an answer made for somebody else',
    fields: ['ETag', '"one"', 'Vary', 'Cookie', 'Cache-Control', 'public, s-maxage=60'],
    first: { Cookie: 'user=ana' },
    again: { Cookie: 'user=eva' },
  },
]
for (const { says, fields, first = {}, again = {} } of kept) {
  onEachStore(t, `${says} lends nothing`, async (t, redis) => {
    const site = await openSite(t, { rules: byRfc, redis })
    site.answer({ headers: ['Cache-Control', 'max-age=60', 'Vary', 'X-Plan', ...fields] })
    await site.plan('a', first)
    t.match(await site.plan('a', first), { cacheStatus: /^hit/ }, 'it is stored')
    t.match(await site.plan('b', again), { text: '#2', cacheStatus: /^fwd=vary-miss/ })
    t.equal(lastSent(site), undefined)
  })
}

onEachStore(t, 'what was purged lends nothing; after a soft purge a strong ETag still proves the bytes', async (t, redis) => {
  const { origin, answer, ask, ...site } = await openSite(t, { rules: byRule(', tags: ["{response.header.x-tag|none}"]'), redis })
  await site.plan('a')
  await site.house.app.parts.ledger.purge(['k:page'], 'soft')
  site.texts.set('b', 'one')
  t.match(await site.plan('b'), { text: 'one', cacheStatus: confirmed })
  await site.house.app.parts.ledger.purge(['k:page'], 'hard')
  t.match(await site.plan('c'), { text: 'other', cacheStatus: /^fwd=vary-miss; stored/ })
  t.equal(sentTags(origin.requests.at(-1) as RecordedRequest), undefined)
})

onEachStore(t, 'a variant that answers two requests is purged by the labels of both', async (t, redis) => {
  for (const purged of ['t:plan-a', 't:plan-b']) {
    const site = await openSite(t, { rules: byRule(', tags: ["plan-{header.x-plan}"]'), redis })
    await site.plan('a')
    site.texts.set('b', 'one')
    t.match(await site.plan('b'), { text: 'one', cacheStatus: confirmed })
    t.match(await site.plan('b'), { cacheStatus: /^hit/ })
    await site.house.app.parts.ledger.purge([purged], 'hard')
    t.match(await site.plan('b'), { cacheStatus: /^fwd=miss/ }, purged)
    await site.house.app.parts.ledger.purge(['all'], 'hard')
  }
})

onEachStore(t, 'a 304 for a variant that was purged by its own tag meanwhile makes nobody get it', async (t, redis) => {
  const site = await openSite(t, { rules: byRule(', tags: ["plan-{header.x-plan}"]'), redis })
  await site.plan('a')
  await site.house.app.parts.ledger.purge(['t:plan-a'], 'hard')
  site.texts.set('b', 'one')
  t.match(await site.plan('b'), { text: 'one', cacheStatus: /^fwd=vary-miss; stored/ })
  t.same(site.origin.requests.map(sentTags), [undefined, '"one"', undefined])
})

onEachStore(t, 'other rules lend nothing of what they made', async (t, redis) => {
  const site = await openSite(t, { rules: byRule(), redis })
  await site.plan('a')
  await site.house.reloaded(byRule(', tags: [pages]'))
  site.texts.set('b', 'one')
  t.match(await site.plan('b'), { text: 'one', cacheStatus: /^fwd=vary-miss; stored/ })
  t.equal(lastSent(site), undefined)
})

/** How long an answer is used, by whose word, and what a client sees of it: Age and the ttl in Cache-Status. */
import t from 'tap'
import { onEachStore, openScene } from '../fixtures/scene.ts'

const things = (cache: string): string => `rules:\n  - name: things\n    match: GET /things/:id\n    cache: { ${cache} }`

onEachStore(t, 'an answer is used for its ttl, and its age is told', async (t, redis) => {
  const { ask, clock, origin } = await openScene(t, { rules: things('key: "thing:{params.id}", ttl: 1m'), redis })
  const first = await ask('/things/1')
  t.match(first, { status: 200, text: '#1', age: undefined, cacheStatus: 'fwd=uri-miss; stored; detail=uri-miss' })
  clock.advance(1500)
  t.match(await ask('/things/1'), { status: 200, text: '#1', age: '1', cacheStatus: 'hit; ttl=58; detail=fresh' })
  clock.advance(58_400)
  t.match(await ask('/things/1'), { text: '#1', age: '59', cacheStatus: 'hit; ttl=0; detail=fresh' })
  clock.advance(100)
  t.match(await ask('/things/1'), { text: '#2', age: undefined, cacheStatus: /^fwd=(stale|uri-miss); stored; detail=\1$/ })
  t.match(await ask('/things/1'), { text: '#2', age: '0', cacheStatus: 'hit; ttl=60; detail=fresh' })
  t.equal(origin.count(), 2)
})

t.test('the age an answer has when it comes counts', async (t) => {
  const { ask, answer, clock } = await openScene(t, { rules: things('ttl: 1m') })
  const cases = [
    { says: 'Age', headers: { Age: '20' }, age: '20' },
    { says: 'Age, cut at its first value', headers: ['Age', '20, 30'], age: '20' },
    { says: 'an Age that is none', headers: { Age: 'old' }, age: '0' },
  ]
  for (const [i, { says, headers, age }] of cases.entries()) {
    answer({ headers })
    await ask(`/things/${i}`)
    t.match(await ask(`/things/${i}`), { age, cacheStatus: `hit; ttl=${60 - Number(age)}; detail=fresh` }, says)
  }
  answer({ headers: { Age: '60' } })
  await ask('/things/spent')
  t.match(await ask('/things/spent'), { text: '#5' }, 'what came with its life spent is not used')
  clock.advance(30_000)
  answer({})
  t.equal((await ask('/things/now')).age, undefined, 'an answer that was made for this request has no Age of ours')
})

t.test('an answer is used for as long as its rule or its origin says', async (t) => {
  // biome-ignore format: one case, one line
  const cases: Array<{ says: string; cache: string; status?: number; headers?: Record<string, string>; seconds: number }> = [
    { says: "the rule's ttl, where the origin is silent", cache: 'ttl: 1m', seconds: 60 },
    { says: 'the default, where the rule is silent', cache: 'scope: public', seconds: 120 },
    { says: "the origin's max-age, before the rule's", cache: 'ttl: 1m', headers: { 'Cache-Control': 'max-age=10' }, seconds: 10 },
    { says: 'the rule, when it overrides max-age', cache: 'ttl: 1m, override: [max-age]', headers: { 'Cache-Control': 'max-age=10' }, seconds: 60 },
    { says: 'the rule over Expires likewise', cache: 'ttl: 1m, override: [max-age]', headers: { Expires: '0' }, seconds: 60 },
    { says: 's-maxage before max-age', cache: 'ttl: 1m', headers: { 'Cache-Control': 'max-age=10, s-maxage=5' }, seconds: 5 },
    { says: 'a targeted field before both', cache: 'ttl: 1m', headers: { 'CDN-Cache-Control': 'max-age=7', 'Cache-Control': 's-maxage=90' }, seconds: 7 },
    { says: 'a longer lifetime of the origin as well', cache: 'ttl: 1m', headers: { 'Cache-Control': 'max-age=90' }, seconds: 90 },
    { says: "only the origin's word under ttl: origin", cache: 'ttl: origin', headers: { 'Cache-Control': 'max-age=30' }, seconds: 30 },
    { says: 'not at all where it has none', cache: 'ttl: origin', seconds: 0 },
    { says: 'a 404 without negative: not', cache: 'ttl: 1m', status: 404, seconds: 0 },
    { says: 'a 404 with a lifetime of its own', cache: 'ttl: 1m', status: 404, headers: { 'Cache-Control': 'max-age=9' }, seconds: 9 },
    { says: 'a 404 by its status', cache: 'ttl: 1m, negative: { 404: 10s, 4xx: 5s }', status: 404, seconds: 10 },
    { says: 'a 410 by its class', cache: 'ttl: 1m, negative: { 404: 10s, 4xx: 5s }', status: 410, seconds: 5 },
    { says: 'a 503 by its class', cache: 'ttl: 1m, negative: { 5xx: 2s }', status: 503, seconds: 2 },
    { says: 'a 301 as a 200', cache: 'ttl: 1m', status: 301, headers: { Location: '/' }, seconds: 60 },
    { says: 'a 302: not', cache: 'ttl: 1m', status: 302, headers: { Location: '/' }, seconds: 0 },
  ]
  for (const { says, cache, status = 200, headers = {}, seconds } of cases) {
    await t.test(says, async (t) => {
      const { ask, answer, clock, origin } = await openScene(t, { rules: `defaults: { ttl: 2m }\n${things(cache)}` })
      answer({ status, headers })
      t.match(await ask('/things/1'), { status, text: '#1' })
      if (seconds === 0) {
        t.match(await ask('/things/1'), { status, text: '#2' })
        return
      }
      clock.advance(seconds * 1000 - 1)
      t.match(await ask('/things/1'), { status, text: '#1', cacheStatus: 'hit; ttl=0; detail=fresh' })
      clock.advance(1)
      t.match(await ask('/things/1'), { status, text: '#2' })
      t.equal(origin.count(), 2)
    })
  }
})

t.test('Expires counts from Date', async (t) => {
  const { ask, answer, clock } = await openScene(t, { rules: things('ttl: 1m') })
  answer({ headers: { Expires: new Date(clock.now() + 15_000).toUTCString() } })
  await ask('/things/1')
  t.match(await ask('/things/1'), { text: '#1', cacheStatus: 'hit; ttl=15; detail=fresh' })
})

onEachStore(t, 'forever is until purged', async (t, redis) => {
  const { ask, clock } = await openScene(t, { rules: things('ttl: forever'), redis })
  await ask('/things/1')
  clock.advance(20 * 86_400_000)
  t.match(await ask('/things/1'), { text: '#1', age: String(20 * 86_400), cacheStatus: /^hit/ })
  await ask('/things/1', { method: 'DELETE' })
  t.equal((await ask('/things/1')).text, '#3')
})

t.test('a ttl that is not used is said in the log, once', async (t) => {
  const { ask, answer, house } = await openScene(t, { rules: things('ttl: 1m') })
  answer({ headers: { 'Cache-Control': 'max-age=0' } })
  for (const id of [1, 2, 3]) await ask(`/things/${id}`)
  const advice = house.lines.filter(({ msg }) => msg === 'advice')
  t.match(advice, [{ level: 40, message: /^Rule "things": its ttl is not used.*max-age.*override: \[max-age\]/ }])
  t.equal(advice.length, 1)
})

t.test('what the origin forbids is overruled by name alone', async (t) => {
  const cases = [
    { name: 'no-store', headers: { 'Cache-Control': 'no-store' }, refusal: 'no-store' },
    { name: 'private', headers: { 'Cache-Control': 'private' }, refusal: 'private' },
    { name: 'no-cache', headers: { 'Cache-Control': 'no-cache' }, refusal: 'no-cache' },
    { name: 'set-cookie', headers: { 'Set-Cookie': 'sid=1' }, refusal: 'set-cookie' },
    { name: 'vary', headers: { Vary: '*' }, refusal: 'vary-any' },
  ]
  const others = (name: string): string => cases.flatMap((other) => (other.name === name ? [] : [other.name])).join(', ')
  for (const { name, headers, refusal } of cases) {
    await t.test(name, async (t) => {
      const { ask, answer, house } = await openScene(t, { rules: things(`ttl: 1m, override: [max-age, ${others(name)}]`) })
      answer({ headers })
      t.match(await ask('/things/1'), { text: '#1', cacheStatus: `fwd=uri-miss; fwd-status=200; detail=${refusal}` })
      t.match(await ask('/things/1'), { text: '#2', cacheStatus: 'fwd=bypass; fwd-status=200; detail=hit-for-miss' })
      await house.reloaded(things(`ttl: 1m, override: [${name}]`))
      const fetched = await ask('/things/2')
      t.equal(fetched.text, '#3')
      t.match(await ask('/things/2'), { text: '#3', cacheStatus: 'hit; ttl=60; detail=fresh' })
      t.equal(fetched.field('set-cookie'), undefined, 'who caused the fetch gets no cookie that others do not get')
      t.equal((await ask('/things/2')).field('set-cookie'), undefined)
    })
  }
})

t.test("the origin's Connection takes nothing away that forbids storing", async (t) => {
  const { ask, answer } = await openScene(t, { rules: things('ttl: 1m') })
  for (const [name, value] of [
    ['Cache-Control', 'private'],
    ['Set-Cookie', 'sid=1'],
    ['Vary', '*'],
  ] as const) {
    answer({ headers: ['Connection', `close, ${name}`, name, value] })
    const replies = [await ask(`/things/${name}`), await ask(`/things/${name}`)]
    t.not(replies[0]?.text, replies[1]?.text, name)
    t.equal(replies[0]?.field(name.toLowerCase()), value, name)
  }
})

t.test('what no rule matches follows the origin alone, or passes', async (t) => {
  const rules = 'defaults: { ttl: 1m, stale_if_error: 10m, stale_while_revalidate: 10m }\nrules: []'
  const { ask, answer, house, clock } = await openScene(t, { rules: `unmatched: rfc\n${rules}` })
  t.match([await ask('/silent'), await ask('/silent')], [{ text: '#1' }, { text: '#2' }], 'no default lifetime')
  answer({ headers: { 'Cache-Control': 'max-age=10' } })
  t.match([await ask('/spoken'), await ask('/spoken')], [{ text: '#3' }, { text: '#3', cacheStatus: /^hit; ttl=10/ }])
  clock.advance(10_000)
  t.match(await ask('/spoken'), { text: '#4' }, 'no default window')
  answer({ headers: { 'Cache-Control': 'max-age=10, stale-while-revalidate=5' } })
  await ask('/windowed')
  clock.advance(12_000)
  t.match(
    await ask('/windowed'),
    { text: '#5', cacheStatus: 'hit; ttl=-2; detail=stale-while-revalidate' },
    "the origin's window",
  )
  await house.reloaded(`unmatched: pass\n${rules}`)
  answer({ headers: { 'Cache-Control': 'max-age=10' } })
  const passed = [await ask('/passed'), await ask('/passed')]
  t.match(passed, [{ text: '#7', cacheStatus: 'fwd=bypass; fwd-status=200; detail=unmatched' }, { text: '#8' }])
})

onEachStore(t, 'an edited ttl holds at once for what is stored', async (t, redis) => {
  const { ask, clock, house } = await openScene(t, { rules: things('ttl: 1m'), redis })
  await ask('/things/1')
  clock.advance(30_000)
  await house.reloaded(things('ttl: 10m'))
  t.match(await ask('/things/1'), { text: '#1', age: '30', cacheStatus: 'hit; ttl=570; detail=fresh' })
  await house.reloaded(things('ttl: 10s'))
  t.match(await ask('/things/1'), { text: '#2', cacheStatus: /^fwd=stale; stored/ })
  await house.reloaded(things('ttl: origin'))
  t.match(await ask('/things/1'), { text: '#3' }, 'a lifetime that was taken away')
})

onEachStore(t, 'after a reload with other keys nothing answers what it was not made for', async (t, redis) => {
  const rule = (path: string, more = ''): string =>
    `rules:\n  - { name: things, match: GET ${path}, cache: { key: "thing:{params.id}", ttl: 1h${more} } }`
  const { ask, answer, house } = await openScene(t, { rules: rule('/a/:id'), redis })
  answer(({ target }) => ({ body: target }))
  const reloads = [
    { rules: rule('/a/:id'), target: '/a/1', says: 'as it began' },
    { rules: rule('/b/:id'), target: '/b/1', says: 'another path under the same key' },
    { rules: rule('/b/:id', ', query: { only: [] }'), target: '/b/1?q=2', says: 'parameters dropped', body: '/b/1' },
    { rules: rule('/b/:id'), target: '/b/1?q=2', says: 'parameters counted again' },
    { rules: rule('/:id/1'), target: '/a/1', says: 'another segment' },
    { rules: rule('/:id/1'), target: '/b/1', says: 'another segment' },
  ]
  for (const { rules, target, says, body } of reloads) {
    await house.reloaded(rules)
    t.equal((await ask(target)).text, body ?? target, says)
    t.match(await ask(target), { text: body ?? target, cacheStatus: /^hit/ }, says)
  }
})

/** Variants where the RFC alone rules: side by side, the newest that matches, and by the language that a client prefers. */
import t from 'tap'
import { fieldValue } from '../../src/http/fields.ts'
import type { Asked } from '../fixtures/house.ts'
import { onEachStore, openScene } from '../fixtures/scene.ts'
import { onBothStores } from './rfc-case.ts'

const rules = 'unmatched: rfc\nrules: []'
const fresh = { 'Cache-Control': 'max-age=600' }

// biome-ignore format: one case, one line
const cases = [
  { says: 'the same', one: 'en, de', other: 'en, de', language: undefined, shared: true },
  { says: 'another order', one: 'en, de', other: 'de, en', language: undefined, shared: true },
  { says: 'another case', one: 'en, de', other: 'eN, De', language: undefined, shared: true },
  { says: 'other whitespace', one: 'en, de', other: ' en ,   de', language: undefined, shared: true },
  { says: 'a weight that says nothing', one: 'en, de;q=1.0', other: 'de, en;q=1.000', language: undefined, shared: true },
  { says: 'another weight', one: 'en, de;q=0.5', other: 'en, de;q=0.6', language: undefined, shared: false },
  { says: 'in the language that is preferred', one: 'en, de', other: 'fr;q=0.5, de;q=1.0', language: 'de', shared: true },
  { says: 'in the language that is preferred, in another case', one: 'en, de', other: 'DE, fr;q=0.9', language: 'De', shared: true },
  { says: 'in the only language', one: 'en, de', other: 'de', language: 'de', shared: true },
  { says: 'in a language that is preferred less', one: 'en, de', other: 'fr, de;q=0.5', language: 'de', shared: false },
  { says: 'in one of two that are preferred', one: 'en, de', other: 'fr, de', language: 'de', shared: false },
  { says: 'in a relative of the language', one: 'en, de', other: 'de-AT', language: 'de', shared: false },
  { says: 'in a dialect of the language', one: 'en, de', other: 'de', language: 'de-AT', shared: false },
  { says: 'in a language that is refused', one: 'en, de', other: 'de;q=0', language: 'de', shared: false },
  { says: 'in two languages', one: 'en, de', other: 'de', language: 'de, en', shared: false },
  { says: 'for whoever takes any', one: 'en, de', other: '*', language: 'de', shared: false },
  { says: 'for whoever says nothing', one: 'en, de', other: undefined, language: 'de', shared: false },
]
for (const { says, one, other, language, shared } of cases) {
  onEachStore(t, `Accept-Language: ${says}`, async (t, redis) => {
    const { ask, answer } = await openScene(t, { rules, redis })
    const spoken = language === undefined ? {} : { 'Content-Language': language }
    answer({ headers: { ...fresh, Vary: 'Accept-Language', ...spoken } })
    await ask('/page', { headers: { 'Accept-Language': one } })
    const reply = await ask('/page', { headers: other === undefined ? {} : { 'Accept-Language': other } })
    t.match([reply.text, reply.cacheStatus], shared ? ['#1', /^hit/] : ['#2', /^fwd=vary-miss; stored/])
  })
}

const varied = (vary: string): readonly string[] => ['Cache-Control', 'max-age=600', 'Vary', vary]
const planned = (value: string): Asked => ({ headers: { 'X-Plan': value } })

onBothStores(t, 'Vary', [
  { says: 'the same', fields: varied('X-Plan'), asked: planned('a'), gives: 'one' },
  { says: 'whatever the case of its name', fields: varied('x-PLAN'), asked: planned('a'), gives: 'one' },
  { says: 'another', fields: varied('X-Plan'), asked: planned('a'), again: planned('b'), gives: 'two' },
  { says: 'another case', fields: varied('X-Plan'), asked: planned('a'), again: planned('A'), gives: 'two' },
  { says: 'other whitespace', fields: varied('X-Plan'), asked: planned('a, b'), again: planned(' a ,b '), gives: 'one' },
  { says: 'another order', fields: varied('X-Plan'), asked: planned('a, b'), again: planned('b, a'), gives: 'two' },
  { says: 'absent, then there', fields: varied('X-Plan'), again: planned('a'), gives: 'two' },
  { says: 'there, then absent', fields: varied('X-Plan'), asked: planned('a'), again: {}, gives: 'two' },
  { says: 'absent both times', fields: varied('X-Plan'), gives: 'one' },
  { says: 'a field that it does not name', fields: varied('X-Other'), asked: planned('a'), again: planned('b'), gives: 'one' },
  {
    says: 'one of several fields',
    fields: varied('X-Plan, X-Other'),
    asked: planned('a'),
    again: { headers: { 'X-Plan': 'a', 'X-Other': '1' } },
    gives: 'two',
  },
  {
    says: 'in another line',
    fields: [...varied('X-Other'), 'Vary', 'X-Plan'],
    asked: planned('a'),
    again: planned('b'),
    gives: 'two',
  },
  { says: 'any', fields: varied('*'), gives: 'two' },
  { says: 'any, among others', fields: varied('X-Plan, *'), gives: 'two' },
  { says: 'nothing', fields: varied(''), asked: planned('a'), again: planned('b'), gives: 'one' },
])

onEachStore(t, 'a language is chosen among answers that are the same in all else', async (t, redis) => {
  const { ask, answer, clock } = await openScene(t, { rules, redis })
  answer((request) => ({
    headers: { ...fresh, Vary: 'Accept-Language, X-Plan', 'Content-Language': 'de' },
    body: fieldValue(request.rawHeaders, 'x-plan') ?? 'none',
  }))
  await ask('/page', { headers: { 'Accept-Language': 'de, en', 'X-Plan': 'paid' } })
  clock.advance(1000)
  t.match(await ask('/page', { headers: { 'Accept-Language': 'de', 'X-Plan': 'free' } }), {
    text: 'free',
    cacheStatus: /^fwd=vary-miss/,
  })
  clock.advance(1000)
  t.match(await ask('/page', { headers: { 'Accept-Language': 'de, fr;q=0.1', 'X-Plan': 'paid' } }), {
    text: 'paid',
    cacheStatus: /^hit/,
  })
})

onEachStore(t, 'of several that match, the newest', async (t, redis) => {
  const { ask, answer, clock } = await openScene(t, { rules, redis })
  answer({ headers: { ...fresh, Vary: 'Accept-Language', 'Content-Language': 'de' } })
  await ask('/page', { headers: { 'Accept-Language': 'de' } })
  clock.advance(1000)
  await ask('/page', { headers: { 'Accept-Language': 'de, en' } })
  t.match(await ask('/page', { headers: { 'Accept-Language': 'de' } }), { text: '#2', cacheStatus: /^hit/ })
  answer({ headers: { ...fresh, Vary: 'X-Plan' } })
  clock.advance(1000)
  await ask('/page', { headers: { 'Accept-Language': 'fr', 'X-Plan': 'a' } })
  t.match(await ask('/page', { headers: { 'Accept-Language': 'de', 'X-Plan': 'a' } }), { text: '#3', cacheStatus: /^hit/ })
  t.match(await ask('/page', { headers: { 'Accept-Language': 'de' } }), { text: '#2', cacheStatus: /^hit/ })
})

onEachStore(t, 'of several that match, the one with the later Date, in whatever order they came', async (t, redis) => {
  const { ask, origin, clock } = await openScene(t, { rules, redis })
  const answering = (body: string, vary: string, seconds: number): void => {
    const date = new Date(clock.now() + seconds * 1000).toUTCString()
    origin.script(({ reply }) => reply({ headers: { ...fresh, Date: date, Vary: vary }, body }))
  }
  answering('newer', 'X-Plan', 0)
  await ask('/page', { headers: { 'X-Plan': 'a', 'X-Shop': 'a' } })
  clock.advance(1000)
  answering('older', 'X-Shop', -30)
  t.equal((await ask('/page', { headers: { 'X-Plan': 'b', 'X-Shop': 'b' } })).text, 'older')
  t.match(await ask('/page', { headers: { 'X-Plan': 'a', 'X-Shop': 'b' } }), { text: 'newer', cacheStatus: /^hit/ })
})

onEachStore(t, 'a purge reaches every variant, however it is found', async (t, redis) => {
  const { ask, answer } = await openScene(t, { rules, redis })
  answer({ headers: { ...fresh, Vary: 'Accept-Language', 'Content-Language': 'de' } })
  await ask('/page', { headers: { 'Accept-Language': 'en, de' } })
  await ask('/page', { method: 'DELETE' })
  t.match(await ask('/page', { headers: { 'Accept-Language': 'de' } }), { text: '#3', cacheStatus: /^fwd=(vary-)?miss/ })
})

onEachStore(t, 'a rule with a lifetime of its own chooses by what the request says, and by no more', async (t, redis) => {
  const ruled = 'rules:\n  - { name: pages, match: GET /page, cache: { key: page, ttl: 1h } }'
  const { ask, answer } = await openScene(t, { rules: ruled, redis })
  answer({ headers: { Vary: 'Accept-Language', 'Content-Language': 'de' } })
  await ask('/page', { headers: { 'Accept-Language': 'en, de' } })
  t.match(await ask('/page', { headers: { 'Accept-Language': 'de' } }), { text: '#2', cacheStatus: /^fwd=vary-miss/ })
})

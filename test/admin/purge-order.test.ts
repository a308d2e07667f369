import t from 'tap'
import { labelsOfOrder, type PurgeOrder, readPurgeBody, warningsOfOrder } from '../../src/admin/purge-order.ts'
import { rulesOf } from '../fixtures/rules-text.ts'
import { fakeRules } from './fake-admin.ts'

const names = ['badges', 'detail', '(unmatched)']
const nothing: PurgeOrder = { keys: [], patterns: [], tags: [], rules: [], urls: [], isAll: false, kind: 'hard' }
const keep = { own: ['localhost:8080'], origin: 'keep' } as const

t.test('readPurgeBody says what to write for whatever cannot be meant', async (t) => {
  const cases: Array<[body: unknown, fix: RegExp]> = [
    [undefined, /Write an object/],
    [null, /Write an object/],
    [['tag'], /Write an object/],
    ['all', /Write an object/],
    [{}, /Write an object/],
    [{ all: false }, /Write an object/],
    [{ tga: 'x' }, /Write "tag"/],
    [{ everything: true }, /Write an object/],
    [{ tag: 7 }, /Write \{"tag": "…"\}/],
    [{ tag: '' }, /Write \{"tag": "…"\}/],
    [{ tag: ['a', null] }, /Write \{"tag": "…"\}/],
    [{ tag: '\ud800' }, /Write \{"tag": "…"\}/],
    [{ tag: 'x'.repeat(3000) }, /Write \{"tag": "…"\}/],
    [{ all: 'yes' }, /Write \{"all": true\}/],
    [{ tag: 'a', soft: 1 }, /Write \{"soft": true\}/],
    [{ tag: 'a', dryRun: 'true' }, /Write \{"dryRun": true\}/],
    [{ rule: 'badge' }, /Write "badges"/],
    [{ rule: 'something' }, /GET \/rules/],
    [{ url: 'badges' }, /begins with "\/"/],
    [{ url: 'ftp://a/b' }, /begins with "\/"/],
    [{ tags: Array.from({ length: 101 }, String) }, /at most 100/],
  ]
  for (const [body, fix] of cases)
    t.match(readPurgeBody(body, names), { error: /^[A-Z0-9"]/, fix }, JSON.stringify(body)?.slice(0, 60) ?? 'none')
})

t.test('readPurgeBody takes members of its own only', async (t) => {
  t.match(readPurgeBody(JSON.parse('{"__proto__": {"tag": "a"}}'), names), { fix: /Write an object/ })
  t.match(readPurgeBody(JSON.parse('{"constructor": "a"}'), names), { fix: /Write an object/ })
})

t.test('labelsOfOrder names what entries carry', async (t) => {
  const set = fakeRules()
  const labels = (order: Partial<PurgeOrder>) => labelsOfOrder({ ...nothing, ...order }, set, keep)
  t.ok(labels({ keys: ['badges:all|h=localhost%3A8080'] }).includes('k:badges:all'))
  t.same(labels({ patterns: ['thing:*'] }), ['p:thing:'])
  t.same(labels({ patterns: ['*:detail'] }), ['r:detail', 'r:(unmatched)'])
  t.ok(labels({ tags: ['badges'] }).includes('t:badges'))
  t.same(labels({ rules: ['detail'] }), ['r:detail'])
  t.same(labels({ isAll: true, tags: ['badges'] }), ['all'])
  t.same(
    labels({ keys: Array.from({ length: 100 }, (_, i) => `a,${i}|`), tags: Array.from({ length: 100 }, (_, i) => `t${i}`) }),
    ['all'],
  )
})

t.test('warningsOfOrder: a tag that some rule can give is none, whatever it takes it from', async (t) => {
  const tags = ['"experience:{params.id}"', 'über', '"{response.header.surrogate-key}"']
  const warned = (count: number, ...typed: string[]): string[] => {
    const cache = `{ ttl: 1m, tags: [${tags.slice(0, count).join(', ')}] }`
    const set = rulesOf(`version: 1\nrules:\n  - { name: a, match: GET /a/:id, cache: ${cache} }\n`)
    return warningsOfOrder({ ...nothing, tags: typed }, set)
  }
  t.same(warned(2, 'experience:7', 'über', '%C3%BCber'), [])
  t.same(warned(2, 'experience', 'experiences:7', 'übers'), [
    'No rule gives the tag "experience"',
    'No rule gives the tag "experiences:7"',
    'No rule gives the tag "übers": did you mean "über"?',
  ])
  t.same(warned(3, 'experience'), [], 'the origin may name anything')
})

t.test('labelsOfOrder finds a URL under every name of this proxy, or under the one that the origin is told', async (t) => {
  const set = fakeRules()
  const order = (url: string): PurgeOrder => ({ ...nothing, urls: [url] })
  const own = { own: ['localhost:8080', '127.0.0.1:8080'], origin: 'keep' } as const
  t.same(labelsOfOrder(order('/Badges?x'), set, own), ['u:localhost:8080/badges', 'u:127.0.0.1:8080/badges'])
  t.same(labelsOfOrder(order('https://shop.example/a'), set, own), ['u:shop.example/a'])
  const fixed = { ...own, origin: 'origin.example' }
  for (const url of ['/a', 'https://shop.example/a?b', 'http://shop.example:81/a'])
    t.same(labelsOfOrder(order(url), set, fixed), ['u:origin.example/a'], url)
  t.same(labelsOfOrder(order('http://shop.example'), set, fixed), ['u:origin.example/'])
})

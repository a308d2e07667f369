/** Where a purge takes its values from, and how it widens when one is missing: over-invalidating costs a request, the other way round the truth. */
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { type Asked, tokenOf } from '../fixtures/house.ts'
import { onEachStore, openScene } from '../fixtures/scene.ts'
import type { Answer } from '../fixtures/scripted-origin.ts'

const big = '12345678901234567890'
const things = ['/things/1', '/things/2', `/things/${big}`, '/things/42.0', '/things/a%3Ab%2A', '/things/%C3%B1', '/things/ann']
const others = ['/pages/1', '/plain']
const reads = [...things, ...others]

interface Case {
  readonly says: string
  readonly purge: string
  readonly target?: string
  readonly asked?: Asked
  readonly answer?: Answer
  readonly reaches: readonly string[]
  /** How many templates could not be filled. */
  readonly widened?: number
}

function json(body: string, headers: Record<string, string> = {}): { headers: Record<string, string>; body: string } {
  return { headers: { 'content-type': 'application/json', ...headers }, body }
}

const key = (value: string): string => `keys: ["thing:{${value}}:detail"]`
const tag = (value: string): string => `tags: ["about:{${value}}"]`
const whole = { reaches: things, widened: 1 } as const
const sent = key('request.json.id')
const got = key('response.json.id')

const cases: readonly Case[] = [
  { says: 'a text of the request', purge: sent, asked: json('{"id":"1"}'), reaches: ['/things/1'] },
  { says: 'a number of 64 bits', purge: sent, asked: json(`{"id":${big}}`), reaches: [`/things/${big}`] },
  { says: 'a number as it is written', purge: sent, asked: json('{"id":42.0}'), reaches: ['/things/42.0'] },
  { says: 'separators and globs, which are no such thing in a value', purge: sent, asked: json('{"id":"a:b*"}'), reaches: ['/things/a%3Ab%2A'] },
  { says: 'a letter beyond ASCII', purge: sent, asked: json('{"id":"\\u00f1"}'), reaches: ['/things/%C3%B1'] },
  { says: 'a vendor type of JSON', purge: sent, asked: json('{"id":"1"}', { 'content-type': 'application/vnd.x+json' }), reaches: ['/things/1'] },
  { says: 'a member of a member', purge: key('request.json.of.id'), asked: json('{"of":{"id":2}}'), reaches: ['/things/2'] },
  { says: 'members of a list', purge: key('request.json.of[*].id'), asked: json('{"of":[{"id":1},{"id":2}]}'), reaches: ['/things/1', '/things/2'] },
  { says: 'members of a list, as tags', purge: tag('request.json.of[*]'), asked: json('{"of":[1,2]}'), reaches: ['/things/1', '/things/2', '/pages/1'] },
  { says: 'an empty list', purge: tag('request.json.of[*]'), asked: json('{"of":[]}'), reaches: [] },
  { says: 'a default', purge: key('request.json.id|2'), asked: json('{}'), reaches: ['/things/2'] },
  { says: 'the answer', purge: got, answer: json('{"id":1}'), reaches: ['/things/1'] },
  { says: 'a compressed answer', purge: got, answer: { ...json('', { 'content-encoding': 'gzip' }), body: gzipSync('{"id":1}') }, reaches: ['/things/1'], asked: { headers: { 'accept-encoding': 'gzip' } } },
  { says: 'a field of the answer', purge: key('response.header.x-thing'), answer: { headers: { 'X-Thing': '2' } }, reaches: ['/things/2'] },
  { says: 'a list of tags in a field', purge: 'tags: ["{response.header.x-tags}"]', answer: { headers: { 'X-Tags': 'about:1 about:2' } }, reaches: ['/things/1', '/things/2', '/pages/1'] },
  { says: 'a parameter of the query', purge: key('query.id'), target: '?id=1&x=2', reaches: ['/things/1'] },
  { says: 'a parameter with a plus and an escape', purge: key('query.id'), target: '?id=%61%3Ab%2a', reaches: ['/things/a%3Ab%2A'] },
  { says: 'a segment of the path', purge: key('params.id'), target: '/1', reaches: ['/things/1'] },
  { says: 'an escaped segment', purge: key('params.id'), target: '/%61:b%2a', reaches: ['/things/a%3Ab%2A'] },
  { says: 'a field of the request', purge: key('header.x-thing'), asked: { headers: { 'x-thing': '1' } }, reaches: ['/things/1'] },
  { says: 'a cookie', purge: key('cookie.thing'), asked: { headers: { cookie: 'a=b; thing=2' } }, reaches: ['/things/2'] },
  { says: 'a claim', purge: key('jwt.thing'), asked: { headers: { authorization: `Bearer ${await tokenOf('ann', { thing: 1 })}` } }, reaches: ['/things/1'] },
  { says: 'the user', purge: key('user'), asked: { headers: { authorization: `Bearer ${await tokenOf('ann')}` } }, reaches: ['/things/ann'] },
  { says: 'the status', purge: key('status|'), answer: { status: 201 }, reaches: [] },

  { ...whole, says: 'no body', purge: sent },
  { ...whole, says: 'no such member', purge: sent, asked: json('{"ID":1}') },
  { ...whole, says: 'null', purge: sent, asked: json('{"id":null}') },
  { ...whole, says: 'an object where a text was meant', purge: sent, asked: json('{"id":{"a":1}}') },
  { ...whole, says: 'a body that is no JSON', purge: sent, asked: json('{"id":') },
  { ...whole, says: 'a member that came twice', purge: sent, asked: json('{"id":1,"id":2}') },
  { ...whole, says: 'a body that is no JSON, whatever the default', purge: key('request.json.id|2'), asked: json('id=1') },
  { ...whole, says: 'a body above the limit, whatever the default', purge: key('request.json.id|2'), asked: json(`{"id":1,"x":"${'x'.repeat(2000)}"}`) },
  { ...whole, says: 'an answer that cannot be read, whatever the default', purge: key('response.json.id|2'), answer: json('{"id":') },
  { ...whole, says: 'a body of another type', purge: sent, asked: json('{"id":1}', { 'content-type': 'text/plain' }) },
  { ...whole, says: 'a body above the limit', purge: sent, asked: json(`{"id":1,"x":"${'x'.repeat(2000)}"}`) },
  { ...whole, says: 'an inherited member', purge: key('request.json.constructor'), asked: json('{}') },
  { ...whole, says: 'a list with a member that lacks it', purge: key('request.json.of[*].id'), asked: json('{"of":[{"id":1},{}]}') },
  { ...whole, says: 'an answer without it', purge: got, answer: json('{}') },
  { ...whole, says: 'an answer that is cut short by the limit', purge: got, answer: json(`{"id":1,"x":"${'x'.repeat(99_999)}"}`) },
  { ...whole, says: 'a parameter that came twice', purge: key('query.id'), target: '?id=1&id=2' },
  { ...whole, says: 'a token that does not verify', purge: key('user'), asked: { headers: { authorization: 'Bearer no.such.token' } } },
  { ...whole, says: 'nobody', purge: key('user') },
  { says: 'a pattern without its value', purge: 'patterns: ["thing:{query.id}:*"]', reaches: things, widened: 1 },
  { says: 'a tag without its value: all rules that can carry it', purge: tag('query.id'), reaches: [...things, '/pages/1'], widened: 1 },
  { says: 'one of two', purge: `${sent}, tags: ["page:{query.page}"]`, asked: json('{"id":1}'), reaches: ['/things/1', '/pages/1'], widened: 1 },
] // biome-ignore format: one case, one line

const rules = `identity: { from: [jwt.sub], jwt: { secret_env: JWT_SECRET } }
defaults: { ttl: 1h }
rules:
  - { name: things, match: GET /things/:id, cache: { scope: public, key: "thing:{params.id}:detail", tags: ["about:{params.id}"] } }
  - { name: pages, match: GET /pages/:id, cache: { scope: public, key: "page/{params.id}", tags: ["page:{params.id}", "about:{response.json.about}"] } }
  - { name: plain, match: GET /plain, cache: { scope: public, key: plain } }
  - { name: tagged, match: GET /tagged, cache: { scope: public, key: tagged, tags: ["{response.header.x-tags}"] } }
${cases.map(({ purge, target }, i) => `  - { name: w${i}, match: POST /w${i}${target?.startsWith('/') ? '/:id' : ''}, purge: { ${purge} } }`).join('\n')}`

onEachStore(t, 'a purge takes its values from', async (t, redis) => {
  const { ask, answer, house, origin } = await openScene(t, {
    rules,
    redis,
    config: 'json_limit: 1KiB\nredis: { command_timeout: 10s, detached_ttl: 1m }',
  })
  const fresh = async (): Promise<string[]> => {
    const found: string[] = []
    for (const read of reads) if ((await ask(read)).cacheStatus.startsWith('hit')) found.push(read)
    return found
  }
  const about = json('{"about":1}')
  answer(about)
  await fresh()
  for (const [i, { says, target = '', asked, answer: answered, reaches, widened = 0 }] of cases.entries()) {
    await t.test(says, async (t) => {
      answer(({ method }) => (method === 'GET' ? about : (answered ?? {})))
      t.same(await fresh(), reads, 'all is stored')
      const count = origin.count()
      t.match(await ask(`/w${i}${target}`, { method: 'POST', ...asked }), { cacheStatus: /detail=write$/ })
      t.same(
        await fresh(),
        reads.filter((read) => !reaches.includes(read)),
      )
      t.equal(origin.count() - count - 1, reaches.length)
      const purged = house.lines.filter(({ msg, causes }) => msg === 'purged' && String(causes) === `w${i}`)
      t.match(purged, [{ kind: 'hard', widened }], 'and it is logged')
    })
  }
})

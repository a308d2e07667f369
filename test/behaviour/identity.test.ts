/** Who shares an entry with whom, under each scope, and which credentials the origin gets to see. */
import { hash } from 'node:crypto'
import t from 'tap'
import { fieldValue } from '../../src/http/fields.ts'
import { tokenOf } from '../fixtures/house.ts'
import { onEachStore, openScene } from '../fixtures/scene.ts'

type Headers = Readonly<Record<string, string>>

const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` })
const ann = bearer(await tokenOf('ann'))
const annAgain = bearer(await tokenOf('ann', { jti: '2' }))
const bob = bearer(await tokenOf('bob'))
const past = Math.floor(Date.now() / 1000) - 10
const expired = bearer(await tokenOf('ann', { exp: past }))
const early = bearer(await tokenOf('ann', { nbf: past + 3600 }))
const unsigned = bearer(`${encoded({ alg: 'none' })}.${encoded({ sub: 'ann', exp: past + 3600 })}.`)
const forged = bearer(`${(ann['authorization'] as string).slice(7, -6)}AAAAAA`)
const key: Headers = { 'x-api-key': 'k' }
const otherKey: Headers = { 'x-api-key': 'l' }
const mimic = bearer(await tokenOf(`@header.x-api-key:${hash('sha256', 'k', 'base64url')}`))
const cookie: Headers = { cookie: 'session=s' }

function encoded(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString('base64url')
}

/** Each request in turn for one target, and why it was answered as it was: "fresh" shares what came before. */
interface Case {
  readonly says: string
  readonly scope?: string
  readonly identity?: string
  readonly asked: ReadonlyArray<readonly [headers: Headers, detail: string]>
  /** What the origin saw of the last request that reached it; all of its credentials unless it is said. */
  readonly sees?: Headers
}

const miss = 'uri-miss'
const hit = 'fresh'
const no = 'identity-missing'
const bad = 'identity-invalid'
const user = { scope: 'scope: user, ' } as const
const everybody = { scope: 'scope: public, ' } as const
const members = { scope: 'scope: authenticated, ' } as const
const withCookie = 'from: [jwt.sub, header.x-api-key, cookie.session]'

const cases: readonly Case[] = [
  { ...user, says: 'one identity has its entry, another one has another', asked: [[ann, miss], [ann, hit], [bob, miss], [bob, hit], [ann, hit]] },
  { ...user, says: 'two tokens of one subject are one identity', asked: [[ann, miss], [annAgain, hit]] },
  { ...user, says: 'an API key is an identity', asked: [[key, miss], [key, hit], [otherKey, miss], [ann, miss]] },
  { ...user, says: 'no claim passes for an API key', asked: [[key, miss], [mimic, miss], [key, hit], [mimic, hit]] },
  { ...user, says: 'nobody bypasses', asked: [[{}, no], [{}, no]] },
  { ...user, says: 'a forged token bypasses', asked: [[ann, miss], [forged, bad], [forged, bad]] },
  { ...user, says: 'an expired token bypasses', asked: [[ann, miss], [expired, bad]] },
  { ...user, says: 'a token from the future bypasses', asked: [[ann, miss], [early, bad]] },
  { ...user, says: 'a token without signature bypasses', asked: [[ann, miss], [unsigned, bad]] },
  { ...user, says: 'what is no token bypasses', asked: [[bearer('ann'), bad], [{ authorization: 'Basic YW5uOmE=' }, bad], [{ authorization: 'ann' }, bad]] },
  { ...user, says: 'an invalid token beside an API key bypasses', asked: [[key, miss], [{ ...forged, ...key }, bad]], sees: { ...forged, ...key } },
  { ...user, says: 'a token without subject is nobody', asked: [[bearer(await tokenOf('')), no]] },
  { ...user, says: 'a token without subject leaves it to the API key', asked: [[key, miss], [{ ...bearer(await tokenOf('')), ...key }, hit]], sees: key },
  { ...user, says: 'the origin gets the token and no cookie', asked: [[{ ...ann, ...cookie }, miss]], sees: ann },
  { ...user, says: 'the origin gets the token and no API key', asked: [[{ ...ann, ...key }, miss], [ann, hit], [key, miss], [{ ...ann, ...key }, hit]], sees: key },
  { ...user, says: 'the origin gets the API key and no cookie', identity: withCookie, asked: [[{ ...key, ...cookie }, miss], [key, hit], [cookie, miss]], sees: cookie },
  { ...user, says: 'the cookie goes along where the rules say so', identity: 'from: [jwt.sub], forward: [cookie]', asked: [[{ ...ann, ...cookie }, miss]] },
  { ...user, says: 'a cookie is an identity', identity: withCookie, asked: [[cookie, miss], [{ cookie: 'a=b; session=s' }, hit], [{ cookie: 'session=t' }, miss]] },
  { ...user, says: 'a cookie that came twice is none', identity: withCookie, asked: [[cookie, miss], [{ cookie: 'session=s; session=t' }, no]] },

  { ...everybody, says: 'everybody shares, and the origin is told of nobody', asked: [[{ ...ann, ...key, ...cookie }, miss], [{}, hit], [bob, hit], [forged, hit]], sees: {} },

  { ...members, says: 'the verified share', asked: [[ann, miss], [bob, hit], [{ ...bob, ...cookie }, hit]] , sees: ann },
  { ...members, says: 'an API key is not verified', asked: [[ann, miss], [key, no]] },
  { ...members, says: 'strangers bypass', asked: [[ann, miss], [{}, no], [forged, bad], [expired, bad]] },
  { ...members, says: 'the origin gets the token alone', asked: [[{ ...ann, ...key, ...cookie }, miss]], sees: ann },

  { says: 'without a scope, only requests without credentials', asked: [[{}, miss], [{}, hit], [ann, 'credentials'], [cookie, 'credentials'], [key, 'credentials'], [forged, 'credentials'], [{}, hit]] },
] // biome-ignore format: one case, one line

function rulesOf(cases: readonly Case[], identity: string): string {
  const rules = cases.map(
    ({ scope = '' }, i) => `  - { name: r${i}, match: GET /r${i}, cache: { ${scope}key: "r${i}", ttl: 1m } }`,
  )
  return `identity: { ${identity}, jwt: { secret_env: JWT_SECRET } }\nrules:\n${rules.join('\n')}`
}

function credentialsOf(rawHeaders: readonly string[]): Headers {
  const names = ['authorization', 'x-api-key', 'cookie']
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = fieldValue(rawHeaders, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

onEachStore(t, 'scopes', async (t, redis) => {
  const { ask, house, origin } = await openScene(t, { rules: 'rules: []', redis })
  for (const [i, { says, identity = 'from: [jwt.sub, header.x-api-key]', asked, sees }] of cases.entries()) {
    await t.test(says, async (t) => {
      await house.reloaded(rulesOf(cases, identity))
      const bodies = new Set<string>()
      for (const [headers, detail] of asked) {
        const { text, cacheStatus } = await ask(`/r${i}`, { headers })
        t.equal(/detail=(.*)$/.exec(cacheStatus)?.[1], detail)
        t.equal(bodies.has(text), detail === hit, 'shared, or not')
        bodies.add(text)
      }
      t.equal(origin.count(`/r${i}`), bodies.size)
      const seen = origin.requests.filter(({ target }) => target === `/r${i}`).at(-1)
      t.same(credentialsOf(seen?.rawHeaders ?? []), sees ?? asked.findLast(([, detail]) => detail !== hit)?.[0])
    })
  }
})

onEachStore(t, 'a token is believed until it expires, and no longer', async (t, redis) => {
  const { ask, clock } = await openScene(t, {
    rules: rulesOf([{ ...user, says: '', asked: [] }], 'from: [jwt.sub]').replace('ttl: 1m', 'ttl: 1d'),
    redis,
  })
  await ask('/r0', { headers: ann })
  clock.advance(3_500_000)
  t.match(await ask('/r0', { headers: ann }), { cacheStatus: /detail=fresh$/ })
  clock.advance(200_000)
  t.match(await ask('/r0', { headers: ann }), { cacheStatus: /detail=identity-invalid$/ })
})

onEachStore(t, 'what the origin refuses without credentials is asked for with them, and shared with nobody', async (t, redis) => {
  const { ask, house, origin, dated, clock } = await openScene(t, {
    rules: rulesOf([{ ...everybody, says: '', asked: [] }], 'from: [jwt.sub]'),
    redis,
  })
  for (const status of [401, 403]) {
    origin.script(({ request, reply }) => {
      const seen = fieldValue(request.rawHeaders, 'authorization')
      reply(dated(seen === undefined ? { status } : { body: seen }))
    })
    const count = origin.count()
    t.match(await ask('/r0', { headers: ann }), {
      status: 200,
      text: ann['authorization'],
      cacheStatus: /detail=credentials-needed$/,
    })
    t.equal(origin.count(), count + 2, 'once without, once with')
    t.match(await ask('/r0', { headers: bob }), {
      text: bob['authorization'],
      cacheStatus: /^fwd=bypass; .*detail=credentials-needed$/,
    })
    t.equal(origin.count(), count + 3, 'and from then on only with')
    t.match(await ask('/r0'), { status }, 'who has none gets the refusal')
    t.match(await ask('/r0'), { status, cacheStatus: /^fwd/ }, 'which is not stored')
    clock.advance(60_001)
  }
  t.equal(
    house.lines.filter(({ message }) => String(message).includes('scope: authenticated')).length,
    1,
    'the operator is told, once',
  )
})

onEachStore(t, 'where no rule matches, an identity is as personal as Authorization', async (t, redis) => {
  const { ask, answer } = await openScene(t, {
    rules: rulesOf([], 'from: [jwt.sub, header.x-api-key]').replace('rules:\n', 'rules: []'),
    redis,
  })
  const permitted = ['public, max-age=60', 's-maxage=60']
  const rounds: ReadonlyArray<readonly [headers: Headers, control: string, detail: string]> = [
    ...[ann, key, cookie].flatMap((headers) => permitted.map((control) => [headers, control, hit] as const)),
    ...[ann, key].map((headers) => [headers, 'max-age=60, must-revalidate', hit] as const),
    [ann, 'max-age=60', 'authorization'],
    [key, 'max-age=60', 'authorization'],
    [cookie, 'max-age=60', 'cookie'],
    [cookie, 'max-age=60, must-revalidate', 'cookie'],
    [{ ...ann, ...cookie }, 'max-age=60, must-revalidate', 'cookie'],
  ]
  for (const [i, [headers, control, detail]] of rounds.entries()) {
    answer({ headers: { 'Cache-Control': control } })
    const target = `/plain/${i}`
    const first = await ask(target, { headers })
    const second = await ask(target, { headers })
    if (detail === hit) t.match(second, { text: first.text, cacheStatus: /detail=fresh$/ })
    else {
      t.match(first, { cacheStatus: new RegExp(`detail=${detail}$`) }, `${Object.keys(headers)}: ${control}`)
      t.not(second.text, first.text)
    }
  }
})

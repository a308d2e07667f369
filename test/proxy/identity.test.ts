import { SignJWT } from 'jose'
import t from 'tap'
import { cookieValue, type Identified, Identities } from '../../src/proxy/identity.ts'
import type { Identity } from '../../src/rules/rule.ts'
import { type Instant, instant } from '../../src/time.ts'
import { secret } from '../fixtures/parts.ts'

const now: Instant = instant(Date.UTC(2030, 0, 1))
const seconds = now / 1000

function sign(claims: Record<string, unknown>, key = secret): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(key))
}

function makeIdentities(from: Identity['from'], changes: Partial<NonNullable<Identity['jwt']>> = {}): Identities {
  const usesTokens = from.some(({ kind }) => kind === 'jwt')
  const jwt: Identity['jwt'] = {
    keys: { kind: 'secret', env: 'SECRET' },
    issuer: undefined,
    audience: undefined,
    algorithms: ['HS256'],
    ...changes,
  }
  return new Identities({ from, jwt: usesTokens ? jwt : undefined, forward: new Set() }, () => secret)
}

const bySub: Identity['from'] = [
  { kind: 'jwt', claim: 'sub' },
  { kind: 'header', name: 'x-api-key' },
]
const bearer = (token: string): string[] => ['Authorization', `Bearer ${token}`]
const userOf = (identified: Identified | undefined): string | undefined =>
  identified?.kind === 'somebody' ? identified.user : undefined

t.test('Identities: a token is verified once, then known without a promise until it expires', async (t) => {
  const identities = makeIdentities(bySub)
  const fields = bearer(await sign({ sub: 'ana', exp: seconds + 60 }))
  t.equal(identities.identifyNow(fields, now), undefined, 'the first sight takes a promise')
  t.match(await identities.identify(fields, now), { kind: 'somebody', user: 'ana', isVerified: true, claims: { sub: 'ana' } })
  t.equal(userOf(identities.identifyNow(fields, instant(now + 59_999))), 'ana')
  t.equal(identities.identifyNow(fields, instant(now + 60_000)), undefined)
  t.same(await identities.identify(fields, instant(now + 60_000)), { kind: 'invalid' })
})

t.test('Identities: a token that does not verify is nobody, whatever stands beside it, and is remembered', async (t) => {
  const wrong: Array<[why: string, token: string, changes?: Parameters<typeof makeIdentities>[1]]> = [
    ['another key', await sign({ sub: 'ana' }, 'another secret that is long enough')],
    ['expired', await sign({ sub: 'ana', exp: seconds - 1 })],
    ['not yet', await sign({ sub: 'ana', nbf: seconds + 60 })],
    [
      'no algorithm',
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"ana"}').toString('base64url')}.`,
    ],
    ['another issuer', await sign({ sub: 'ana', iss: 'b' }), { issuer: 'a' }],
    ['another audience', await sign({ sub: 'ana', aud: 'b' }), { audience: 'a' }],
    ['not a token', 'nonsense'],
  ]
  for (const [why, token, changes] of wrong) {
    const identities = makeIdentities(bySub, changes)
    const fields = [...bearer(token), 'X-Api-Key', 'k']
    t.same(await identities.identify(fields, now), { kind: 'invalid' }, why)
    t.same(identities.identifyNow(fields, now), { kind: 'invalid' }, `${why}, again`)
  }
  for (const authorization of ['Basic YTpi', 'Bearer', 'Bearer a b', 'Bearer a, Bearer b'])
    t.same(makeIdentities(bySub).identifyNow(['Authorization', authorization], now), { kind: 'invalid' }, authorization)
})

t.test('Identities: the first source that is there counts, and its text is nobody else’s', async (t) => {
  const identities = makeIdentities([...bySub, { kind: 'cookie', name: 'sid' }])
  const texts = new Set<string | undefined>()
  const ways: string[][] = [
    bearer(await sign({ sub: 'ana' })),
    bearer(await sign({ sub: '@ana' })),
    bearer(await sign({ sub: '@header.x-api-key:k' })),
    [...bearer(await sign({ other: 'ana' })), 'X-Api-Key', 'ana'],
    ['X-Api-Key', 'k'],
    ['Cookie', 'sid=k'],
    bearer(await sign({ sub: 7 })),
  ]
  for (const fields of ways) texts.add(userOf(await identities.identify(fields, now)))
  t.equal(texts.size, ways.length)
  t.notOk(texts.has(undefined))
  const both = userOf(await identities.identify([...bearer(await sign({ sub: 'ana' })), 'X-Api-Key', 'k'], now))
  t.equal(both, 'ana')
  const shown = userOf(await identities.identify(['X-Api-Key', 'topsecret'], now))
  t.notOk(shown?.includes('topsecret'), 'a credential is never shown')
})

t.test('Identities: a claim that tells nobody apart is no identity', async (t) => {
  const identities = makeIdentities([{ kind: 'jwt', claim: 'sub' }])
  for (const sub of [undefined, '', null, true, 2 ** 53, 1.5, ['ana'], { id: 1 }])
    t.same(await identities.identify(bearer(await sign({ sub })), now), { kind: 'nobody' }, JSON.stringify(sub))
  t.same(identities.identifyNow([], now), { kind: 'nobody' })
})

t.test('Identities: what cannot be verified stands for itself and is not verified', async (t) => {
  const identities = makeIdentities([{ kind: 'header', name: 'authorization' }])
  const one = identities.identifyNow(['Authorization', 'Basic YTpi'], now)
  const other = identities.identifyNow(['Authorization', 'Basic YTpj'], now)
  t.match(one, { kind: 'somebody', isVerified: false, claims: undefined })
  t.not(userOf(one), userOf(other))
})

t.test('cookieValue: exactly once, by its exact name', async (t) => {
  const cases: Array<[fields: string[], expected: string | undefined]> = [
    [['Cookie', 'a=1; sid=2; b=3'], '2'],
    [['Cookie', 'a=1', 'Cookie', 'sid=x=y'], 'x=y'],
    [['Cookie', 'sid=1; sid=2'], undefined],
    [['Cookie', 'sid=1', 'Cookie', 'sid=1'], undefined],
    [['Cookie', 'xsid=1; SID=2; sid'], undefined],
    [[], undefined],
  ]
  for (const [fields, expected] of cases) t.equal(cookieValue(fields, 'sid'), expected, fields.join())
})

import fc from 'fast-check'
import { SignJWT } from 'jose'
import t from 'tap'
import { enforce, type InForce } from '../../src/proxy/in-force.ts'
import { route } from '../../src/proxy/route.ts'
import type { Facts, Read, Wanting, Way } from '../../src/proxy/way.ts'
import { parseJson } from '../../src/rules/json.ts'
import { instant } from '../../src/time.ts'
import { type Asked, makeRequest } from '../fixtures/exchange.ts'
import { makeRules, secret } from '../fixtures/parts.ts'

const now = instant(Date.UTC(2030, 0, 1))
const rules = `
identity: { from: [jwt.sub, header.x-api-key], jwt: { secret_env: SECRET } }
rules:
  - { name: item, match: GET /items/:id, cache: { scope: public, key: "item:{params.id}", query: { only: [lang] }, ttl: 1m } }
  - { name: anybody, match: GET /anybody, cache: { key: anybody, ttl: 1m } }
  - { name: mine, match: GET /mine, cache: { scope: user, key: "user:{user}:mine", ttl: 1m } }
  - { name: ours, match: GET /ours, cache: { scope: user, key: ours, ttl: 1m } }
  - { name: members, match: GET /members, cache: { scope: authenticated, key: members, ttl: 1m } }
  - { name: search, match: POST /search, cache: { scope: public, key: "search:{request.json.q|none}", ttl: 1m } }
  - { name: needs, match: GET /needs, cache: { scope: public, key: "needs:{query.q}", ttl: 1m } }
  - { name: off, match: GET /off, cache: { scope: public, key: off, ttl: 1m, mode: off } }
  - { name: both, match: GET /both, cache: { scope: public, key: both, ttl: 1m }, purge: { keys: [anybody] } }
  - { name: change, match: PUT /items/:id, purge: { keys: ["item:{params.id}"] } }
  - { name: mine-changed, match: PUT /mine, purge: { keys: ["user:{user}:mine"] } }
`

const put = (yaml = rules): InForce => enforce(makeRules(yaml), { paths: 'lenient', secret: () => secret })

interface Given extends Asked {
  readonly inForce?: InForce
  readonly hasBody?: boolean
  readonly facts?: Facts
  readonly originHost?: string
}

function go(given: Given): Way | Wanting {
  const { inForce = put(), hasBody = false, facts = {}, originHost = 'keep' } = given
  return route({ request: makeRequest(given), hasBody, inForce, originHost, facts, now })
}

const somebody = (user: string): Facts => ({
  identified: { kind: 'somebody', user, isVerified: true, field: 'authorization', claims: { sub: user } },
})
const told = (way: Way | Wanting): string => {
  if (way.kind === 'wanting') return `wanting ${way.what}`
  if (way.kind === 'pass') return `pass ${way.reason}`
  return way.kind === 'read' ? `read ${way.primaryKey}` : `write ${way.purges.map(({ rule }) => rule.name)}`
}

t.test('route: which way each request goes', async (t) => {
  const cases: Array<[given: Given, expected: string]> = [
    [{ target: '/items/1' }, 'read springhouse:item:1|h=shop.example'],
    [{ target: '/items/1', method: 'HEAD' }, 'read springhouse:item:1|h=shop.example'],
    [{ target: '/items/1?lang=es&utm=x' }, 'read springhouse:item:1|q=lang%3Des|h=shop.example'],
    [{ target: '/items/1', scheme: 'https' }, 'read springhouse:item:1|h=https%3A%2F%2Fshop.example'],
    [{ target: '/items/1', originHost: 'inner' }, 'read springhouse:item:1'],
    [{ target: '/items/1', fields: ['Cookie', 'a=b'] }, 'read springhouse:item:1|h=shop.example'],
    [{ target: '/items/1', fields: ['If-Match', '"a"'] }, 'pass precondition'],
    [{ target: '/items/1', hasBody: true }, 'pass body-not-keyed'],
    [{ target: '/anybody' }, 'read springhouse:anybody|h=shop.example'],
    [{ target: '/anybody', fields: ['Cookie', 'a=b'] }, 'pass credentials'],
    [{ target: '/anybody', fields: ['Authorization', 'Basic YTpi'] }, 'pass credentials'],
    [{ target: '/anybody', fields: ['X-Api-Key', 'k'] }, 'pass credentials'],
    [{ target: '/mine' }, 'pass identity-missing'],
    [{ target: '/mine', facts: { identified: { kind: 'invalid' } } }, 'pass identity-invalid'],
    [{ target: '/mine', facts: somebody('ana') }, 'read springhouse:user:ana:mine|h=shop.example'],
    [{ target: '/ours', facts: somebody('ana') }, 'read springhouse:ours|h=shop.example|i=ana'],
    [{ target: '/members', facts: somebody('ana') }, 'read springhouse:members|h=shop.example'],
    [{ target: '/members', fields: ['X-Api-Key', 'k'] }, 'pass identity-missing'],
    [{ target: '/needs' }, 'pass key-incomplete'],
    [{ target: '/off' }, 'pass mode-off'],
    [{ target: '/both', fields: ['If-Match', '"a"'] }, 'write both'],
    [{ target: '/items/1', method: 'PUT' }, 'write change'],
    [{ target: '/ITEMS/1/', method: 'PUT' }, 'write change'],
    [{ target: '/elsewhere', method: 'DELETE' }, 'write '],
    [{ target: '/elsewhere' }, 'read springhouse:uri:%2Felsewhere|h=shop.example'],
    [{ target: '/elsewhere?' }, 'read springhouse:uri:%2Felsewhere|q=|h=shop.example'],
    [{ target: '/elsewhere', method: 'OPTIONS' }, 'pass method'],
    [{ target: '/elsewhere', hasBody: true }, 'pass body-not-keyed'],
    [{ target: '/elsewhere', fields: ['If-Unmodified-Since', 'x'] }, 'pass precondition'],
    [{ target: '/items/../mine' }, 'write both'],
    [{ target: '/items/../mine', method: 'OPTIONS' }, 'pass path-ambiguous'],
    [{ target: '/items%2f1', method: 'DELETE' }, 'write change,mine-changed,both'],
    [{ target: '/search', method: 'POST', hasBody: true }, 'wanting body'],
    [
      { target: '/search', method: 'POST', hasBody: true, facts: { read: { body: undefined, json: undefined } } },
      'pass body-not-keyed',
    ],
  ]
  for (const [given, expected] of cases) {
    const actual = told(go(given))
    const what = `${given.method ?? 'GET'} ${given.target} ${given.fields ?? ''}`
    if (expected.startsWith('write ')) t.same(actual.slice(6).split(',').sort(), expected.slice(6).split(',').sort(), what)
    else t.equal(actual, expected, what)
  }
})

t.test('route: unmatched: pass keeps the store out of it, and §4.4 in', async (t) => {
  const inForce = put('unmatched: pass\nrules: []')
  t.equal(told(go({ inForce, target: '/a' })), 'pass unmatched')
  t.equal(told(go({ inForce, target: '/a', method: 'DELETE' })), 'write ')
})

t.test('route: an identity is asked for where it is needed, and nowhere else', async (t) => {
  const token = await new SignJWT({ sub: 'ana' }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret))
  const fields = ['Authorization', `Bearer ${token}`]
  for (const target of ['/mine', '/ours', '/members']) t.equal(told(go({ target, fields })), 'wanting identity', target)
  t.equal(told(go({ target: '/mine', method: 'PUT', fields })), 'wanting identity')
  t.match(told(go({ target: '/items/1', fields })), /^read /)
  t.match(told(go({ target: '/items/1', method: 'PUT', fields })), /^write /)
})

t.test('route: what is left of the request for the origin', async (t) => {
  const read = go({ target: '/items/a%20b?utm=1&lang=es&x=2' }) as Read
  t.equal(read.forwardTarget, '/items/a%20b?lang=es')
  t.equal(read.credentials, 'stripped')
  t.equal((go({ target: '/mine', facts: somebody('ana') }) as Read).credentials, 'identity-only')
  t.equal((go({ target: '/anybody' }) as Read).credentials, 'none-allowed')
  t.equal((go({ target: '/else' }) as Read).credentials, 'forwarded')
})

t.test('route: what is remembered for a target answers for it alone', async (t) => {
  const inForce = put()
  const first = go({ inForce, target: '/items/1' })
  t.equal(go({ inForce, target: '/items/1' }), first, 'the very same')
  t.not(go({ inForce, target: '/items/1', host: 'other.example' }), first)
  t.not(go({ inForce, target: '/items/1', scheme: 'https' }), first)
  t.equal(told(go({ inForce, target: '/items/1', fields: ['If-Match', 'a'] })), 'pass precondition')
  t.equal(told(go({ inForce, target: '/items/1', method: 'PUT' })), 'write change')
  go({ inForce, target: '/anybody' })
  t.equal(told(go({ inForce, target: '/anybody', fields: ['Cookie', 'a=b'] })), 'pass credentials')
  go({ inForce, target: '/mine', facts: somebody('ana') })
  t.equal(told(go({ inForce, target: '/mine', facts: somebody('eva') })), 'read springhouse:user:eva:mine|h=shop.example')
  t.notOk(
    [...inForce.remembered.values()].some(({ values }) => values.request.fields.length > 0),
    'without anybody’s fields',
  )
})

t.test('route: a long target is not remembered: clients choose them, and there are many', async (t) => {
  const inForce = put()
  const long = `/items/1?${'a&'.repeat(4000)}`
  t.not(go({ inForce, target: long }), go({ inForce, target: long }))
  t.equal(inForce.remembered.size, 0)
})

t.test('route: a purge behind HEAD alone is not forgotten because of GET', async (t) => {
  const inForce = put(`
rules:
  - { name: page, match: GET /a, cache: { scope: public, key: page, ttl: 1m } }
  - { name: probe, match: HEAD /a, purge: { keys: [page] } }
`)
  t.equal((go({ inForce, target: '/a' }) as Read).purges.length, 0)
  t.equal((go({ inForce, target: '/a', method: 'HEAD' }) as Read).purges.length, 1)
})

t.test('route: a purge behind some reads of a target is not forgotten because of the others', async (t) => {
  const inForce = put(`
rules:
  - { name: page, match: GET /a, cache: { scope: public, key: page, ttl: 1m } }
  - { name: again, match: { methods: [GET], path: /a, headers: { x-again: "*" } }, purge: { keys: [page] } }
`)
  t.equal((go({ inForce, target: '/a' }) as Read).purges.length, 0)
  t.equal((go({ inForce, target: '/a', fields: ['X-Again', '1'] }) as Read).purges.length, 1)
})

t.test('route: bodies that differ have keys that differ', async (t) => {
  const inForce = put()
  const keyOf = (body: string, type: string): string => {
    const facts: Facts = { read: { body: Buffer.from(body), json: type.includes('json') ? parseJson(body) : undefined } }
    return told(go({ inForce, method: 'POST', target: '/search', hasBody: true, fields: ['Content-Type', type], facts }))
  }
  const bodyArb = fc.oneof(
    fc.json(),
    fc.string(),
    fc.record({ q: fc.string(), n: fc.nat() }).map((value) => JSON.stringify(value)),
  )
  const typeArb = fc.constantFrom('application/json', 'application/vnd.api+json', 'text/plain', '')
  fc.assert(
    fc.property(bodyArb, typeArb, bodyArb, typeArb, (body, type, otherBody, otherType) => {
      const isSame = body === otherBody && type === otherType
      return (keyOf(body, type) === keyOf(otherBody, otherType)) === isSame
    }),
  )
  t.pass()
})

t.test('route: two users never have one key, whatever their names', async (t) => {
  const inForce = put()
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      fc.string({ minLength: 1 }),
      fc.constantFrom('/mine', '/ours'),
      (one, other, target) => {
        const keys = [one, other].map((user) => told(go({ inForce, target, facts: somebody(user) })))
        return (keys[0] === keys[1]) === (one === other)
      },
    ),
  )
  t.pass()
})

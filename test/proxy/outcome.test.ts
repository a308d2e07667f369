import fc from 'fast-check'
import t from 'tap'
import type { Label } from '../../src/cache/label.ts'
import { enforce, type InForce } from '../../src/proxy/in-force.ts'
import { joinLabels, labelsOf } from '../../src/proxy/lookup.ts'
import { labelsMadeOld, type Occasion, type Outcome } from '../../src/proxy/outcome.ts'
import { route } from '../../src/proxy/route.ts'
import type { Facts, Read, Write } from '../../src/proxy/way.ts'
import { fromParsed, type Json } from '../../src/rules/json.ts'
import { instant } from '../../src/time.ts'
import { type Asked, makeRequest } from '../fixtures/exchange.ts'
import { makeRules } from '../fixtures/parts.ts'

const rules = `
identity: { from: [header.x-api-key] }
rules:
  - { name: thing, match: GET /things/:id, cache: { scope: public, key: "thing:{params.id}:detail", tags: ["owner:{response.json.owner}", "kind:{query.kind|none}"] } }
  - { name: list, match: GET /things, cache: { scope: public, key: "things:{query.page|1}", tags: [things, "{response.header.surrogate-key}"] } }
  - { name: mine, match: GET /mine, cache: { scope: user, key: "user:{user}:things" } }
  - { name: plain, match: GET /plain, cache: { scope: public, key: plain } }
  - { name: by-key, match: PUT /things/:id, purge: { keys: ["thing:{request.json.id}:detail", "user:{user}:things"] } }
  - { name: by-tag, match: ANY /gifts, purge: { tags: ["owner:{response.json.owner}"], soft: true, status: [201, 4xx] } }
  - { name: by-list, match: POST /lists, purge: { tags: ["kind:{request.json.kinds[*]}"], when: response.json.paid } }
  - { name: by-pattern, match: POST /pages, purge: { patterns: ["things:{response.json.page|2}*"], keys: ["{request.json.key}"] } }
  - { name: by-default, match: PATCH /things/:id, purge: { keys: ["things:{request.json.page|2}"] } }
  - { name: by-rule, match: DELETE /things/:id, purge: { rules: [plain] } }
`

const inForce: InForce = enforce(makeRules(rules), { paths: 'lenient', secret: () => '' })
const user = { kind: 'somebody', user: 'u', claims: undefined, isVerified: false, field: 'x-api-key' } as const

function wayOf(asked: Asked): Read | Write {
  const facts: Facts = { identified: user }
  const way = route({ request: makeRequest(asked), hasBody: false, inForce, originHost: 'keep', facts, now: instant(0) })
  if (way.kind !== 'read' && way.kind !== 'write') throw new Error(`${asked.target} is neither read nor written`)
  return way
}

/** The labels of what may be stored, and of a fetch for it whose answer is not known yet. */
const carried: ReadonlyArray<readonly Label[]> = [
  ...[1, 2].flatMap((id) =>
    ['a', 'b'].map((owner) => ({ target: `/things/${id}?kind=${owner}`, tags: [`owner:${owner}`, `kind:${owner}`] })),
  ),
  { target: '/things', tags: ['things', 'owner:a'] },
  { target: '/things?page=2', tags: ['things'] },
  { target: '/mine', tags: [] },
  { target: '/plain', tags: [] },
].flatMap(({ target, tags }) => {
  const read = wayOf({ target, fields: ['X-Api-Key', 'k'] }) as Read
  return [labelsOf(read, inForce, tags), joinLabels(read, inForce)]
})

const text = fc.constantFrom('a', 'b', '1', '2', 'plain', 'things:1')
const document = fc.option(
  fc.record(
    { id: text, owner: text, key: text, page: text, paid: fc.boolean(), kinds: fc.array(text, { maxLength: 3 }) },
    { requiredKeys: [] },
  ),
  { nil: undefined },
)
const json = document.map((value): Json | undefined => fromParsed(value))
const outcome = fc.record({
  kind: fc.constantFrom('answered' as const, 'server-error' as const, 'unknown' as const),
  request: fc.constant(undefined),
  head: fc.constantFrom(200, 201, 204, 302, 404, 409).map((status) => ({ status, reasonPhrase: '', fields: [] })),
  json,
  requestJson: json,
})
const writes = fc.record({
  method: fc.constantFrom('PUT', 'POST', 'DELETE', 'PATCH'),
  target: fc.constantFrom('/things/1', '/Things/2/', '/gifts', '/lists', '/pages', '/things/..%2f1', '/plain', '/elsewhere'),
})

t.test('labelsMadeOld: whatever a purge reaches, the intent reached that was written before its outcome was known', async (t) => {
  let reached = 0
  fc.assert(
    fc.property(writes, outcome, (asked, ended) => {
      const occasion: Occasion = { request: makeRequest(asked), inForce, originHost: 'keep' }
      const way = { ...(wayOf(asked) as Write), identified: user, isUriInvalidated: true } as const
      const labelsAfter = (told: Outcome & { requestJson: Json | undefined }): Set<Label> => {
        const { hard, soft } = labelsMadeOld(occasion, way, told)
        return new Set([...hard, ...soft])
      }
      const intent = labelsAfter({ kind: 'unknown', request: undefined, requestJson: undefined })
      const purged = labelsAfter(ended)
      for (const labels of carried) {
        if (!labels.some((label) => purged.has(label))) continue
        reached++
        if (!labels.some((label) => intent.has(label))) return false
      }
      return true
    }),
    { numRuns: 2000 },
  )
  t.ok(reached > 1000, `${reached} entries were reached`)
})

/**
 * The second promise as a property: whatever is read, written, held at the origin and let go, in whatever order, who asks after a write was
 * answered never gets what was there before it. And the first: nobody gets another item, language or user.
 */
import fc from 'fast-check'
import t from 'tap'
import { fieldValue } from '../../src/http/fields.ts'
import type { OriginResponse } from '../../src/origin/origin.ts'
import type { FakeClient } from '../fixtures/exchange.ts'
import { makeParts } from '../fixtures/parts.ts'
import { failure, makeOrigin, reply } from './fake-origin.ts'

const rules = `
identity: { from: [header.x-api-key] }
rules:
  - { name: item, match: GET /items/:id, cache: { scope: public, key: "item:{params.id}", ttl: 20s, stale_while_revalidate: 0s, stale_if_error: 1m, tags: ["made:{response.json.id}"] } }
  - { name: mine, match: GET /mine/:id, cache: { scope: user, key: "mine:{params.id}", ttl: 20s, refresh_ahead: 50% } }
  - { name: by-key, match: POST /by-key/:id, purge: { keys: ["item:{params.id}", "mine:{params.id}"] } }
  - { name: by-tag, match: POST /by-tag/:id, purge: { tags: ["made:{params.id}"], patterns: ["mine:*"] } }
`

type Step =
  | { readonly kind: 'read'; readonly path: 'items' | 'mine'; readonly id: number; readonly who: string; readonly etag: boolean }
  | { readonly kind: 'write'; readonly path: 'by-key' | 'by-tag'; readonly id: number }
  | { readonly kind: 'answer'; readonly index: number; readonly isFailing: boolean }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'leave'; readonly index: number }

const id = fc.nat({ max: 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      path: fc.constantFrom('items' as const, 'mine' as const),
      id,
      who: fc.constantFrom('ana', 'eva'),
      etag: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      path: fc.constantFrom('by-key' as const, 'by-tag' as const),
      id,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('answer' as const), index: fc.nat({ max: 9 }), isFailing: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(5, 11, 30) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), index: fc.nat({ max: 9 }) }) },
)

interface Reader {
  readonly client: FakeClient
  readonly expected: { readonly path: string; readonly id: number; readonly who: string; readonly atLeast: number }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function run(steps: readonly Step[], isRemote: boolean): Promise<void> {
  const versions = [1, 1]
  const held: Array<() => void> = []
  let isFailing = false
  const origin = makeOrigin(({ target, fields, method }) => {
    const [, path = '', name = ''] = target.split('/')
    if (method === 'POST') {
      versions[Number(name)] = (versions[Number(name)] ?? 0) + 1
      return reply({ status: 201 })
    }
    // Read when the request comes, answered when the test says so: as late as can be.
    const version = versions[Number(name)]
    const who = path === 'mine' ? fieldValue(fields, 'x-api-key') : ''
    const etag = `"${path}-${name}-${who}-${version}"`
    const answer = Promise.withResolvers<OriginResponse>()
    held.push(() => {
      if (isFailing) answer.reject(failure('origin-broken'))
      else if (fieldValue(fields, 'if-none-match') === etag) answer.resolve(reply({ status: 304, fields: ['ETag', etag] }))
      else {
        const body = JSON.stringify({ path, id: Number(name), who, version })
        answer.resolve(reply({ fields: ['Content-Type', 'application/json', 'ETag', etag], body }))
      }
    })
    return answer.promise
  })
  const kit = makeParts({ rules, origin, isRemote })
  const readers: Reader[] = []

  const perform = async (each: Step): Promise<void> => {
    if (each.kind === 'wait') kit.clock.advance(each.seconds * 1000)
    else if (each.kind === 'leave') readers[each.index]?.client.leave()
    else if (each.kind === 'answer') {
      isFailing = each.isFailing
      held.splice(each.index % Math.max(1, held.length), 1)[0]?.()
    } else if (each.kind === 'write') await kit.send({ method: 'POST', target: `/${each.path}/${each.id}` }).over
    else {
      const who = each.path === 'mine' ? each.who : ''
      const client = kit.send({ target: `/${each.path}/${each.id}`, fields: ['X-Api-Key', each.who] })
      readers.push({ client, expected: { path: each.path, id: each.id, who, atLeast: versions[each.id] ?? 0 } })
    }
    await turn()
  }
  for (const each of steps) await perform(each)
  isFailing = false
  for (let i = 0; i < 1000 && (held.length > 0 || kit.parts.background.size > 0); i++) {
    held.shift()?.()
    await turn()
  }
  await Promise.all(readers.map(({ client }) => client.over))
  await kit.idle()

  for (const { client, expected } of readers) {
    if (client.wrongs.length > 0) throw new Error(client.wrongs.join())
    if (client.status !== 200 || client.ending !== 'ended') continue
    const { version, ...got } = JSON.parse(client.text)
    const { atLeast, ...wanted } = expected
    if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(`${client.text} for ${JSON.stringify(wanted)}`)
    if (version < atLeast)
      throw new Error(`${client.text} after version ${atLeast} was acknowledged: ${client.field('cache-status')}`)
  }
  const faults = [kit.observed.faults.length, kit.parts.flights.size, origin.leaked()]
  if (faults.some((count) => count > 0)) throw new Error(`Faults, flights, leaks: ${faults}`)
  const posts = steps.filter(({ kind }) => kind === 'write').length
  if (kit.observed.reports.length !== readers.length + posts) throw new Error('Not one report for each request')
}

for (const isRemote of [false, true]) {
  t.test(
    `nobody gets what is older than a write that was answered, ${isRemote ? 'over a store elsewhere' : 'in this process'}`,
    async (t) => {
      await t.resolves(
        fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => run(steps, isRemote)),
          { numRuns: 200 },
        ),
      )
    },
  )
}

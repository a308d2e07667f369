/**
 * As a property: whatever is asked for, changed, purged and grown old, in whatever order, a variant that the origin named is what it would have
 * sent. The origin makes equal tags for equal bytes, and for no others.
 */
import fc from 'fast-check'
import t from 'tap'
import { fieldValue } from '../../src/http/fields.ts'
import type { OriginRequest } from '../../src/origin/origin.ts'
import type { FakeClient } from '../fixtures/exchange.ts'
import { makeParts, type PartsOptions, type TestParts } from '../fixtures/parts.ts'
import { type FakeOrigin, makeOrigin, reply } from './fake-origin.ts'

const rules = (more = ''): string =>
  `rules:\n  - { name: page, match: GET /page, cache: { scope: public, key: page, ttl: 60s, tags: ["plan-{header.x-plan}"]${more} } }\n`

const sentTags = ({ fields }: OriginRequest): string | undefined => fieldValue(fields, 'if-none-match')
const planOf = ({ fields }: Pick<OriginRequest, 'fields'>): string => fieldValue(fields, 'x-plan') ?? ''

interface Site extends TestParts {
  readonly origin: FakeOrigin
  /** What a plan's page is now. */
  readonly texts: Map<string, string>
  plan(plan: string): Promise<FakeClient>
}

function open(more = '', options: Partial<PartsOptions> = {}): Site {
  const texts = new Map<string, string>()
  const origin = makeOrigin((request) => {
    const text = texts.get(planOf(request)) ?? 'one'
    const fields = ['Vary', 'X-Plan', 'ETag', `"${text}"`]
    return sentTags(request)?.includes(`"${text}"`) ? reply({ status: 304, fields }) : reply({ fields, body: text })
  })
  const kit = makeParts({ rules: rules(more), origin, ...options })
  return { ...kit, origin, texts, plan: (plan) => kit.ask({ target: '/page', fields: ['X-Plan', plan] }) }
}

type Step =
  | { readonly kind: 'ask' | 'purge' | 'expire'; readonly plan: string }
  | { readonly kind: 'change'; readonly plan: string; readonly text: string }
  | { readonly kind: 'wait'; readonly seconds: number }

const plan = fc.constantFrom('a', 'b', 'c')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('ask' as const), plan }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('purge' as const, 'expire' as const), plan }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('change' as const), plan, text: fc.constantFrom('one', 'two', 'three') }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(5, 61) }) },
)

/** Everything a plan's page was since it was last purged or too old to be used is right, and nothing else. */
async function run(steps: readonly Step[], isRemote: boolean): Promise<number> {
  const { ask: _, ...site } = open('', { isRemote })
  const right = new Map<string, Array<{ readonly text: string; until: number }>>()
  const textOf = (plan: string): string => site.texts.get(plan) ?? 'one'
  for (const each of steps) {
    if (each.kind === 'wait') site.clock.advance(each.seconds * 1000)
    else if (each.kind === 'purge' || each.kind === 'expire') {
      await site.ledger.purge([`t:plan-${each.plan}`], each.kind === 'purge' ? 'hard' : 'soft')
      right.delete(each.plan)
    } else if (each.kind === 'change') {
      const before = right.get(each.plan) ?? []
      right.set(each.plan, [...before, { text: textOf(each.plan), until: site.clock.now() + 60_000 }])
      site.texts.set(each.plan, each.text)
    } else {
      const { text, status } = await site.plan(each.plan)
      const old = (right.get(each.plan) ?? []).filter(({ until }) => until > site.clock.now()).map((one) => one.text)
      if (status !== 200 || ![textOf(each.plan), ...old].includes(text))
        throw new Error(`${text} for ${each.plan}, which is ${textOf(each.plan)}`)
    }
  }
  // A 304's body, which is none, is let go in a turn of its own.
  await new Promise(setImmediate)
  const faults = [site.observed.faults.length, site.origin.leaked()]
  if (faults.some((count) => count > 0)) throw new Error(`Faults, leaks: ${faults}`)
  return site.observed.reports.filter(({ reason }) => reason === 'revalidated').length
}

for (const isRemote of [false, true]) {
  t.test(
    `nobody gets a variant that is not what the origin has for him, ${isRemote ? 'elsewhere' : 'in this process'}`,
    async (t) => {
      let named = 0
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
          named += await run(steps, isRemote)
        }),
        { numRuns: 200 },
      )
      t.ok(named > 100, `${named} answers were named by a 304`)
    },
  )
}

t.test('lentTo: a refresh asks about the others as well', async (t) => {
  const { plan, texts, clock, origin } = open(', stale_while_revalidate: 1h')
  texts.set('b', 'two')
  await plan('a')
  await plan('b')
  clock.advance(61_000)
  t.equal((await plan('b')).text, 'two')
  t.equal(sentTags(origin.requests.at(-1) as OriginRequest), '"two", "one"')
})

t.test('lentTo: in shadow every client gets what the origin sends', async (t) => {
  const { plan, origin } = open(', mode: shadow')
  for (const each of ['a', 'b', 'c']) t.equal((await plan(each)).text, 'one')
  t.same(origin.requests.map(sentTags), [undefined, undefined, undefined])
})

t.test('confirm: what a 304 says of another variant is stored only where an answer would be', async (t) => {
  const { plan, origin, clock, observed } = open(', min_uses: 2')
  await plan('a')
  await plan('a')
  t.equal(observed.stored.length, 1)
  // Uses are counted for as long as an answer would live.
  clock.advance(61_000)
  const asked = await plan('b')
  t.equal(sentTags(origin.requests.at(-1) as OriginRequest), '"one"')
  t.equal(asked.cacheStatus.join('; '), 'fwd=vary-miss; fwd-status=304; detail=revalidated')
  t.equal(observed.stored.length, 1)
  t.match((await plan('b')).cacheStatus.join('; '), /fwd-status=304; stored/)
  t.equal(observed.stored.length, 2)
})

t.test('confirm: a 304 that forbids to keep it answers its client alone, and says no "stored"', async (t) => {
  const { plan, origin, observed } = open()
  await plan('a')
  origin.script(() => reply({ status: 304, fields: ['ETag', '"one"', 'Vary', 'X-Plan', 'Cache-Control', 'no-store'] }))
  const asked = await plan('b')
  t.same([asked.text, asked.cacheStatus.join('; ')], ['one', 'fwd=vary-miss; fwd-status=304; detail=revalidated'])
  t.equal(observed.stored.length, 1)
})

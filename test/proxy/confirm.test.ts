import t from 'tap'
import { type Fields, fieldValue } from '../../src/http/fields.ts'
import type { OriginResponse } from '../../src/origin/origin.ts'
import type { FakeClient } from '../fixtures/exchange.ts'
import { makeParts, type PartsOptions, type TestParts } from '../fixtures/parts.ts'
import { type FakeOrigin, makeOrigin, reply, type Script } from './fake-origin.ts'

const target = '/page'
const rules = (more = ''): string =>
  `rules:\n  - { name: page, match: GET /page, cache: { scope: public, key: page, ttl: 1m${more} } }\n`

function open(script: Script, more = '', options: Partial<PartsOptions> = {}): TestParts & { readonly origin: FakeOrigin } {
  const origin = makeOrigin(script)
  return { ...makeParts({ rules: rules(more), origin, ...options }), origin }
}

const has = (fields: Fields, name: string): boolean => fieldValue(fields, name) !== undefined
const detailOf = ({ cacheStatus }: FakeClient): string | undefined => cacheStatus.at(-1)?.slice(7)

t.test('confirm: a 304 about another representation is asked again without validators', async (t) => {
  const { ask, clock, origin } = open(() => reply({ fields: ['ETag', '"1"'], body: 'first' }))
  await ask({ target })
  clock.advance(61_000)
  origin.script(({ fields }) =>
    has(fields, 'if-none-match')
      ? reply({ status: 304, fields: ['ETag', '"2"'] })
      : reply({ fields: ['ETag', '"2"'], body: 'second' }),
  )
  t.equal((await ask({ target })).text, 'second')
  t.equal(origin.requests.length, 3)
})

t.test('confirm: a 304 renews fields, age and what the answer varies by', async (t) => {
  const { ask, clock, origin } = open(() => reply({ fields: ['ETag', '"1"', 'X-Version', '1'], body: 'hola' }))
  const spanish = { target, fields: ['Accept-Language', 'es'] }
  await ask(spanish)
  clock.advance(61_000)
  origin.script(({ fields }) =>
    fieldValue(fields, 'accept-language') === 'es'
      ? reply({ status: 304, fields: ['ETag', '"1"', 'X-Version', '2', 'Vary', 'Accept-Language'] })
      : reply({ fields: ['Vary', 'Accept-Language'], body: 'hello' }),
  )
  const confirmed = await ask(spanish)
  t.same([confirmed.text, detailOf(confirmed), confirmed.field('x-version')], ['hola', 'revalidated', '2'])
  const again = await ask(spanish)
  t.same([again.text, detailOf(again), again.field('age')], ['hola', 'fresh', '0'])
  t.equal((await ask({ target, fields: ['Accept-Language', 'en'] })).text, 'hello', 'the others ask for their own')
})

t.test('confirm: a 304 that renews the field of its tags is purged by old and new', async (t) => {
  for (const tag of ['old', 'new']) {
    const { ask, clock, origin, ledger } = open(
      () => reply({ fields: ['ETag', '"1"', 'Surrogate-Key', 'old'], body: 'x' }),
      ', tags: ["{response.header.surrogate-key}"]',
    )
    await ask({ target })
    clock.advance(61_000)
    origin.script(() => reply({ status: 304, fields: ['ETag', '"1"', 'Surrogate-Key', 'new'] }))
    await ask({ target })
    t.equal(detailOf(await ask({ target })), 'fresh')
    await ledger.purge([`t:${tag}`], 'hard')
    origin.script(() => reply({ body: 'y' }))
    t.equal(detailOf(await ask({ target })), 'purged', tag)
  }
})

t.test('confirm: a late 304 displaces nothing that is newer', async (t) => {
  for (const isRemote of [false, true]) {
    const { ask, send, clock, idle, ledger, origin } = open(() => reply({ fields: ['ETag', '"1"'], body: 'old' }), '', {
      isRemote,
    })
    await ask({ target })
    clock.advance(61_000)
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<OriginResponse>()
    origin.script(() => {
      asked.resolve()
      return answer.promise
    })
    const late = send({ target })
    await asked.promise
    await ledger.purge(['k:page'], 'hard')
    origin.script(() => reply({ body: 'new' }))
    const newer = send({ target })
    await newer.over
    t.equal(newer.text, 'new')
    answer.resolve(reply({ status: 304, fields: ['ETag', '"1"'] }))
    await late.over
    await idle()
    const next = await ask({ target })
    t.same([next.text, detailOf(next)], ['new', 'fresh'])
  }
})

t.test('confirm: what a 304 forbids to keep is not made fresh by it', async (t) => {
  const { ask, clock, origin } = open(() => reply({ fields: ['ETag', '"1"'], body: 'first' }))
  await ask({ target })
  clock.advance(61_000)
  origin.script(() => reply({ status: 304, fields: ['ETag', '"1"', 'Cache-Control', 'no-store'] }))
  t.equal((await ask({ target })).text, 'first')
  t.equal(detailOf(await ask({ target })), 'revalidated', 'asked again')
})

import t from 'tap'
import type { OriginResponse } from '../../src/origin/origin.ts'
import type { FakeClient } from '../fixtures/exchange.ts'
import { makeParts, type TestParts } from '../fixtures/parts.ts'
import { type Given, makeOrigin, reply } from './fake-origin.ts'

const rules = `rules:
  - { name: page, match: GET /page, cache: { scope: public, key: page, ttl: 1h, collapse: false, tags: ["{response.header.x-tag|none}"] } }
`
const asked = { target: '/page', fields: ['X-Plan', 'a'] }

interface Late extends TestParts {
  /** Lets the first answer come. */
  release(): Promise<FakeClient>
  /** Text and reason of the next answer. */
  next(): Promise<unknown[]>
}

interface Told {
  readonly isRemote: boolean
  readonly late?: Given
  readonly newer?: Given
  /** Milliseconds between the first request and the second, which is answered at once. */
  readonly between?: number
  /** Seconds between the dates of their answers. */
  readonly ahead?: number
}

/** A fetch that is slow, and one for the same key that was asked for later and is stored before it. */
async function overtake({ isRemote, late = {}, newer = {}, between = 2000, ahead = 2 }: Told): Promise<Late> {
  const held = Promise.withResolvers<OriginResponse>()
  const origin = makeOrigin(() => held.promise)
  const kit = makeParts({ rules, origin, isRemote })
  const start = kit.clock.now()
  const dated = (given: Given, seconds: number): OriginResponse =>
    reply({ ...given, fields: ['Date', new Date(start + seconds * 1000).toUTCString(), ...(given.fields ?? [])] })
  const first = kit.send(asked)
  while (origin.requests.length === 0) await Promise.resolve()
  kit.clock.advance(between)
  origin.script(() => dated({ body: 'newer', ...newer }, ahead))
  const second = kit.send(asked)
  await second.over
  while (kit.observed.stored.length === 0) await new Promise(setImmediate)
  return {
    ...kit,
    async release() {
      held.resolve(dated({ body: 'late', ...late }, 0))
      await first.over
      await kit.idle()
      return first
    },
    async next() {
      const client = await kit.ask(asked)
      return [client.text, client.cacheStatus.at(-1)?.slice(7)]
    },
  }
}

for (const isRemote of [false, true]) {
  const where = isRemote ? 'over a store elsewhere' : 'in this process'

  t.test(`a late answer goes to its client, and not in the place of a newer one, ${where}`, async (t) => {
    const cases: ReadonlyArray<readonly [says: string, late: Given, newer: Given]> = [
      ['the same key', {}, {}],
      ['the same variant', { fields: ['Vary', 'X-Plan'] }, { fields: ['Vary', 'X-Plan'] }],
      ['one that varies, in front of one that does not', { fields: ['Vary', 'X-Plan'] }, {}],
    ]
    for (const [says, late, newer] of cases) {
      const { release, next, observed } = await overtake({ isRemote, late, newer })
      t.equal((await release()).text, 'late', says)
      t.same(await next(), ['newer', 'fresh'], says)
      t.match(observed.notStored, [{ rule: 'page', reason: 'newer-stored' }])
      t.equal(observed.stored.length, 1)
    }
  })

  t.test(`of one second, what was asked for later is newer, ${where}`, async (t) => {
    const { release, next } = await overtake({ isRemote, ahead: 0 })
    await release()
    t.same(await next(), ['newer', 'fresh'])
  })

  t.test(`what was asked for later and is older all the same makes way, ${where}`, async (t) => {
    const { release, next, observed } = await overtake({ isRemote, ahead: -5 })
    await release()
    t.same(await next(), ['late', 'fresh'])
    t.equal(observed.notStored.length, 0)
  })

  t.test(`what was purged makes way, hard or soft, ${where}`, async (t) => {
    for (const kind of ['hard', 'soft'] as const) {
      const { release, next, ledger } = await overtake({ isRemote, newer: { fields: ['X-Tag', 'x'] } })
      await ledger.purge(['t:x'], kind)
      await release()
      t.same(await next(), ['late', 'fresh'], kind)
    }
  })

  t.test(`a part makes way for the whole, ${where}`, async (t) => {
    const { release, next, parts } = await overtake({ isRemote })
    const stored = await parts.store.get('springhouse:page|h=shop.example')
    if (stored?.kind !== 'entry') return t.fail('nothing is stored')
    const part = { ranges: [{ first: 0, last: 4 }], length: 10 }
    await parts.store.put('springhouse:page|h=shop.example', { kind: 'entry', entry: { ...stored.entry, part } }, 60 as never)
    await release()
    t.same(await next(), ['late', 'fresh'])
  })
}

t.test('a store elsewhere is not asked about a fetch that was fast', async (t) => {
  for (const [between, gets] of [
    [1000, 0],
    [1001, 1],
  ] as const) {
    const { release, store, parts } = await overtake({ isRemote: true, between })
    let count = 0
    parts.store.get = (key) => {
      count += 1
      return Promise.resolve(store.peek(key))
    }
    await release()
    t.equal(count, gets, `${between} ms`)
  }
})

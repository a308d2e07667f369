import t from 'tap'
import type { FakeClient } from '../fixtures/exchange.ts'
import { makeParts, type PartsOptions, type TestParts } from '../fixtures/parts.ts'
import { type FakeOrigin, type Given, makeOrigin, openBody, reply } from './fake-origin.ts'

const target = '/list'
const json = ['Content-Type', 'application/json']
const rules = `rules:\n  - { name: list, match: GET /list, cache: { scope: public, key: "list:{query.page|1}", ttl: 1m, tags: [lists, "item:{response.json.items[*].id}"] } }\n`

function open(given: Given, options: Partial<PartsOptions> = {}): TestParts & { readonly origin: FakeOrigin } {
  const origin = makeOrigin(() => reply(given))
  return { ...makeParts({ rules, origin, ...options }), origin }
}

const detailOf = ({ cacheStatus }: FakeClient): string | undefined => cacheStatus.at(-1)?.slice(7)
const items = (...ids: unknown[]): string => JSON.stringify({ items: ids.map((id) => ({ id })) })

t.test('keep: an entry carries every label that a purge can name', async (t) => {
  const labels = ['k:list:2', 'p:list:', 't:lists', 't:item:7', 't:item:9', 'r:list', 'u:shop.example/list', 'all']
  for (const label of labels) {
    const { ask, ledger, parts } = open({ fields: json, body: items(7, 9) })
    await ask({ target: '/list?page=2' })
    const stored = await parts.store.get('springhouse:list:2|h=shop.example')
    t.ok(stored?.kind === 'entry' && stored.entry.labels.includes(label), label)
    await ledger.purge([label], 'hard')
    t.equal(detailOf(await ask({ target: '/list?page=2' })), 'purged', label)
  }
  const { ask, ledger } = open({ fields: json, body: items(7) })
  await ask({ target })
  for (const label of ['k:list:2', 't:item:8', 'r:other', 'u:shop.example/lists', 'p:lis']) await ledger.purge([label], 'hard')
  t.equal(detailOf(await ask({ target })), 'fresh', 'and no other')
})

t.test('keep: an answer whose tags cannot be read whole is passed on, and not stored', async (t) => {
  const cases: Array<[reason: string, given: Given]> = [
    ['tags-unread', { body: items(7) }],
    ['tags-unread', { fields: json, body: items(7, null) }],
    ['tags-unread', { fields: json, body: '{"items":' }],
    ['tags-unread', { fields: json, body: items('x'.repeat(2000)) }],
    ['tags-unread', { fields: [...json, 'Content-Encoding', 'unknown'], body: items(7) }],
    ['too-many-tags', { fields: json, body: items(...Array.from({ length: 200 }, (_, i) => i)) }],
  ]
  for (const [reason, given] of cases) {
    const { ask, observed } = open(given, { settings: { jsonLimit: 4000 - (given.body === cases[3]?.[1].body ? 3000 : 0) } })
    const client = await ask({ target })
    t.same([client.status, client.text], [200, given.body])
    t.same([observed.notStored[0]?.reason, observed.stored.length], [reason, 0])
  }
})

t.test('keep: a default is no tag of an answer that could not be read', async (t) => {
  const withDefault = rules.replace('items[*].id', 'id|none')
  for (const [body, reasons] of [
    ['{"id":', ['tags-unread']],
    ['{"id":7,"id":8}', ['tags-unread']],
    ['{}', []],
  ] as const) {
    const { ask, observed } = open({ fields: json, body }, { rules: withDefault })
    await ask({ target })
    t.same(
      observed.notStored.map(({ reason }) => reason),
      reasons,
      body,
    )
  }
})

t.test('keep: an answer that is cut is not stored', async (t) => {
  const body = openBody()
  const { send, idle, observed } = open({ fields: json, body })
  const client = send({ target })
  await client.answered
  body.push('{"items":[]}')
  body.destroy()
  await client.over
  await idle()
  t.equal(client.ending, 'destroyed')
  t.match(observed.notStored, [{ reason: 'incomplete' }])
})

t.test('keep: a store that takes nothing costs speed, not answers', async (t) => {
  const { ask, observed, store } = open({ fields: json, body: items() })
  store.put = async () => false
  for (let i = 0; i < 2; i++) t.equal((await ask({ target })).text, items())
  t.match(observed.notStored, [{ reason: 'store-unavailable' }, { reason: 'store-unavailable' }])
  store.put = () => Promise.reject(new Error('broken'))
  t.equal((await ask({ target })).text, items())
  t.same([observed.notStored[2]?.reason, observed.faults.length], ['internal', 1])
})

t.test('keep: compressed at rest, the same to the client', async (t) => {
  const body = items(...Array.from({ length: 100 }, (_, i) => i))
  const { ask, parts } = open({ fields: json, body }, { settings: { compressAbove: 100, jsonLimit: 10_000 } })
  await ask({ target })
  const stored = await parts.store.get('springhouse:list:1|h=shop.example')
  t.match(stored, { kind: 'entry', entry: { atRest: 'zstd', bodyLength: body.length } })
  const hit = await ask({ target })
  t.same([hit.text, detailOf(hit), hit.announced], [body, 'fresh', body.length])
  const part = await ask({ target, fields: ['Range', 'bytes=1-5'] })
  t.equal(part.text, body.slice(1, 6))
})

t.test('keep: what was fetched under rules that are gone is not stored, whenever its fetch began', async (t) => {
  const body = openBody()
  const { send, idle, enforce, observed } = open({ fields: json, body })
  const client = send({ target })
  await client.answered
  enforce(rules.replace('list:{', 'other:{'))
  body.push(items(7))
  body.push(null)
  await client.over
  await idle()
  t.same([client.text, observed.notStored[0]?.reason, observed.stored.length], [items(7), 'purged', 0])
})

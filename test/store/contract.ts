/** What every store must do, wherever it keeps the bytes. Run by memory.test.ts, redis.test.ts and tiered.test.ts. */
import type { Test } from 'tap'
import type { Entry, Stored } from '../../src/cache/entry.ts'
import type { Store } from '../../src/store/store.ts'
import { instant, seconds } from '../../src/time.ts'

/** A new and empty store that holds a few MiB, closed by whoever made it when `t` ends; `pass` lets time go by for it. */
export type MakeStore = (t: Test) => Promise<{ readonly store: Store; pass(milliseconds: number): Promise<void> }>

export function makeEntry(given: Partial<Entry> = {}): Entry {
  const body = given.body ?? Buffer.from('{"id":1}')
  return {
    status: 200,
    reasonPhrase: 'OK',
    fields: ['Content-Type', 'application/json', 'X-Bytes', '\u00ff\u0080', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
    rule: 'experience-detail',
    body,
    atRest: 'identity',
    bodyLength: body.length,
    requestTime: instant(1_900_000_000_001),
    responseTime: instant(1_900_000_000_151),
    initialAge: seconds(0.5),
    stamp: { epoch: '4503599627370495', number: 2 ** 53 - 1 },
    labels: ['k:experience:18446744073709551615:detail', 'p:experience:', 'all'],
    vary: ['accept-encoding'],
    ...given,
  }
}

export function stored(given: Partial<Entry> = {}): Stored {
  return { kind: 'entry', entry: makeEntry(given) }
}

export async function storeContract(t: Test, make: MakeStore): Promise<void> {
  const hour = seconds(3600)

  await t.test('get gives back what was put, to the byte', async (t) => {
    const { store } = await make(t)
    const body = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    const cases: Array<[string, Stored]> = [
      ['an entry', stored()],
      ['any bytes', stored({ body, bodyLength: 256 })],
      ['an empty body', stored({ body: Buffer.alloc(0), bodyLength: 0 })],
      ['compressed at rest', stored({ atRest: 'zstd', bodyLength: 4096 })],
      ['no fields, no labels', stored({ fields: [], labels: [], vary: [], reasonPhrase: '' })],
      ['variants', { kind: 'variants', selectors: [['accept-encoding', 'accept-language'], []] }],
    ]
    for (const [name, value] of cases) {
      t.equal(await store.put(`p:${name}`, value, hour), true, name)
      t.same(await store.get(`p:${name}`), value, name)
    }
    t.equal(await store.get('p:nothing'), undefined)
  })

  await t.test('a later put replaces, and delete says whether there was something', async (t) => {
    const { store } = await make(t)
    await store.put('p:k', stored({ status: 200 }), hour)
    await store.put('p:k', stored({ status: 404 }), hour)
    t.match(await store.get('p:k'), { entry: { status: 404 } })
    t.equal(await store.delete('p:k'), true)
    t.equal(await store.get('p:k'), undefined)
    t.equal(await store.delete('p:k'), false)
  })

  await t.test('what is put is a copy: the giver may reuse its buffers', async (t) => {
    const { store } = await make(t)
    const body = Buffer.from('before')
    await store.put('p:k', stored({ body, bodyLength: 6 }), hour)
    body.write('after!')
    t.match(await store.get('p:k'), { entry: { body: Buffer.from('before') } })
  })

  await t.test('an entry goes when its time is over, unless it was renewed', async (t) => {
    const { store, pass } = await make(t)
    await store.put('p:short', stored(), seconds(0.05))
    await store.put('p:renewed', stored(), seconds(0.05))
    await store.renew('p:renewed', hour)
    await store.renew('p:renewed', seconds(0.01))
    await store.renew('p:nothing', hour)
    await pass(60)
    t.equal(await store.get('p:short'), undefined)
    t.ok(await store.get('p:renewed'), 'and a shorter time shortens nothing')
    t.equal(await store.get('p:nothing'), undefined)
    t.equal(await store.put('p:none', stored(), seconds(0)), false, 'no time at all')
    t.equal(await store.get('p:none'), undefined)
  })

  await t.test('of two times each tier keeps its own', async (t) => {
    const { store, pass } = await make(t)
    const short = seconds(0.05)
    const isShared = store.status().kind === 'redis'
    await store.put('p:long', stored(), isShared ? { memory: short, shared: hour } : { memory: hour, shared: short })
    await store.put('p:short', stored(), { memory: short, shared: short })
    await pass(60)
    t.ok(await store.get('p:long'))
    t.equal(await store.get('p:short'), undefined)
  })

  await t.test('keys are taken as they are', async (t) => {
    const { store } = await make(t)
    const keys = ['p:a b', 'p:ñ\u{1f600}', 'p:{x}', 'p:*', 'p:a\nb', 'p:[a]?\\', 'p:__proto__', `p:${'x'.repeat(5000)}`]
    for (const [i, key] of keys.entries()) await store.put(key, stored({ status: 200 + i }), hour)
    for (const [i, key] of keys.entries()) t.match(await store.get(key), { entry: { status: 200 + i } }, key.slice(0, 20))
    t.same(new Set(await listAll(store, '*', 3)), new Set(keys))
  })

  await t.test('list finds what a glob of stars matches, each key once or more, page by page', async (t) => {
    const { store } = await make(t)
    const keys = Array.from({ length: 50 }, (_, i) => `p:experience:${i}:detail`)
    for (const key of [...keys, 'p:events', 'p:[ab]?^-\\x', 'p:a1']) await store.put(key, stored(), hour)
    const cases: Array<[string, number]> = [
      ['*', 53],
      ['p:*', 53],
      ['p:experience:*', 50],
      ['p:experience:*:detail', 50],
      ['p:experience:4*:detail', 11],
      ['*:7:*', 1],
      ['p:events', 1],
      ['p:event', 0],
      ['q*', 0],
      ['p:[ab]*', 1],
      ['p:[ab]?^-\\x', 1],
      ['p:?1', 0],
      ['**ev**ts**', 1],
    ]
    for (const [match, expected] of cases) t.equal(new Set(await listAll(store, match, 7)).size, expected, match)
    t.ok(Array.isArray((await store.list('*', 'not a cursor', 10)).keys), 'a cursor from outside is no error')
  })

  await t.test('a glob with many stars comes to an end', async (t) => {
    const { store } = await make(t)
    await store.put(`p:${'a'.repeat(2000)}`, stored(), hour)
    t.same(await listAll(store, `${'*a'.repeat(12)}*b`, 10), [])
  })

  await t.test('status says what it is', async (t) => {
    const { store } = await make(t)
    t.match(store.status(), { isConnected: true, evictions: 0, undecodable: 0 })
  })
}

export async function listAll(store: Store, match: string, count: number): Promise<string[]> {
  const found: string[] = []
  let cursor: string | undefined = ''
  while (cursor !== undefined) {
    const page: Awaited<ReturnType<Store['list']>> = await store.list(match, cursor, count)
    found.push(...page.keys)
    cursor = page.cursor
  }
  return found
}

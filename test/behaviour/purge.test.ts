/** What each form of purge reaches and what it leaves alone: by a rule behind a write, and by the operator; hard and soft. */
import t from 'tap'
import { onEachStore, openScene, type Scene } from '../fixtures/scene.ts'

interface Form {
  readonly says: string
  /** As a rule's `purge` says it, and as the operator says it. */
  readonly rule?: string
  readonly order?: object
  /** The rest of `reads` stays. */
  readonly reaches: readonly string[]
}

const things = ['/things/1', '/things/1?view=full', '/things/1 at other.example', '/things/1?x=1%2C2', '/things/2']
const thing1 = things.slice(0, 4)
const reads = [...things, '/people/1', '/plain/1']

const forms: readonly Form[] = [
  {
    says: 'a key, whatever was appended to it',
    rule: 'keys: ["thing:1:detail"]',
    order: { key: 'thing:1:detail' },
    reaches: thing1,
  },
  { says: 'a beginning of keys', rule: 'patterns: ["thing:1:*"]', order: { pattern: 'thing:1:*' }, reaches: thing1 },
  { says: 'a shorter beginning', rule: 'patterns: ["thing:*"]', order: { pattern: 'thing:*' }, reaches: things },
  { says: 'a glob that is no beginning', rule: 'patterns: ["th*:det*"]', order: { pattern: 'th*:det*' }, reaches: things },
  { says: 'any key', rule: 'patterns: ["*"]', order: { pattern: '*' }, reaches: reads },
  { says: 'a tag', rule: 'tags: ["about:1"]', order: { tag: 'about:1' }, reaches: [...thing1, '/people/1'] },
  { says: 'a rule', rule: 'rules: [people]', order: { rule: 'people' }, reaches: ['/people/1'] },
  {
    says: 'two rules',
    rule: 'rules: [people, things]',
    order: { rules: ['people', 'things'] },
    reaches: [...things, '/people/1'],
  },
  { says: 'all', rule: 'all: true', order: { all: true }, reaches: reads },
  {
    says: 'several of them',
    rule: 'keys: ["person:1"], patterns: ["thing:2:*"]',
    order: { keys: ['person:1'], pattern: 'thing:2:*' },
    reaches: ['/people/1', '/things/2'],
  },
  {
    says: 'the path of a URL, with any query',
    order: { url: '/things/1?whatever' },
    reaches: thing1.filter((read) => !read.includes(' at ')),
  },
  { says: 'a whole URL', order: { url: 'http://other.example/things/1' }, reaches: ['/things/1 at other.example'] },
  { says: 'a URL that no rule matched', order: { url: '/plain/1' }, reaches: ['/plain/1'] },
  { says: 'nothing that is there', rule: 'keys: ["thing:3:detail"]', order: { tag: 'about:3' }, reaches: [] },
]

const rules = `defaults: { ttl: 1h, stale_while_revalidate: 1h }
rules:
  - { name: things, match: GET /things/:id, cache: { scope: public, key: "thing:{params.id}:detail", tags: ["about:{params.id}"] } }
  - { name: people, match: GET /people/:id, cache: { scope: public, key: "person:{params.id}", tags: ["about:{params.id}"] } }
${forms
  .flatMap(({ rule }, i) =>
    rule === undefined
      ? []
      : [
          `  - { name: write-${i}, match: POST /write-${i}, purge: { ${rule} } }`,
          `  - { name: soft-${i}, match: POST /soft-${i}, purge: { ${rule}, soft: true } }`,
        ],
  )
  .join('\n')}`

function ask(scene: Scene, read: string): ReturnType<Scene['ask']> {
  const [target = '', host] = read.split(' at ')
  return scene.ask(target, host === undefined ? {} : { headers: { host } })
}

async function order(scene: Scene, names: object): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` }
  return fetch(`${scene.house.admin}/purge`, { method: 'POST', headers, body: JSON.stringify(names) })
}

const token = 'a-token-that-is-long-enough'

onEachStore(t, 'a purge reaches what it names and leaves the rest', async (t, redis) => {
  const scene = await openScene(t, { rules, redis, env: { ADMIN_TOKEN: token } })
  const { answer, origin } = scene
  answer(({ target }) => ({
    ...(target.startsWith('/plain') ? { headers: { 'Cache-Control': 'max-age=3600, stale-while-revalidate=3600' } } : {}),
  }))
  const write = async (target: string): Promise<number> => (await scene.ask(target, { method: 'POST' })).status

  for (const [i, { says, rule, order: names, reaches }] of forms.entries()) {
    const ways = [
      ...(rule === undefined
        ? []
        : [
            { by: 'a write', isSoft: false, purge: () => write(`/write-${i}`) },
            { by: 'a write, softly', isSoft: true, purge: () => write(`/soft-${i}`) },
          ]),
      ...(names === undefined
        ? []
        : [false, true].map((isSoft) => ({
            by: isSoft ? 'the operator, softly' : 'the operator',
            isSoft,
            purge: async () => (await order(scene, { ...names, soft: isSoft })).status,
          }))),
    ]
    for (const { by, isSoft, purge } of ways) {
      await t.test(`${says}, by ${by}`, async (t) => {
        const before = new Map<string, string>()
        for (const read of reads) before.set(read, (await ask(scene, read)).text)
        for (const read of reads) t.match(await ask(scene, read), { text: before.get(read), cacheStatus: /^hit; / }, 'stored')
        t.equal(await purge(), 200)
        const asked = origin.count()
        for (const read of reads) {
          const reply = await ask(scene, read)
          if (!reaches.includes(read)) t.match(reply, { text: before.get(read), cacheStatus: /detail=fresh$/ }, `${read} stays`)
          else if (isSoft) t.match(reply, { text: before.get(read), cacheStatus: /^hit; .*detail=stale-purged-softly$/ }, read)
          else t.match(reply, { cacheStatus: /^fwd=miss; stored; detail=purged$/ }, read)
          if (reaches.includes(read)) {
            const next = await ask(scene, read)
            t.not(next.text, before.get(read), `${read} is fetched anew`)
            t.match(next, { cacheStatus: /^hit; .*detail=fresh$/ })
          }
        }
        t.equal(origin.count() - asked, reaches.length, 'each once')
      })
    }
  }
})

onEachStore(t, 'the operator deletes a key as it is listed', async (t, redis) => {
  const scene = await openScene(t, { rules, redis, env: { ADMIN_TOKEN: token } })
  await scene.ask('/things/a%3Ab?view=full')
  const headers = { authorization: `Bearer ${token}` }
  const listed = (await (await fetch(`${scene.house.admin}/keys?match=thing:*`, { headers })).json()) as { keys: string[] }
  t.equal(listed.keys.length, 1)
  t.match(await fetch(`${scene.house.admin}/keys/${listed.keys[0]}`, { method: 'DELETE', headers }), { status: 200 })
  t.match(await scene.ask('/things/a%3Ab?view=full'), { cacheStatus: /detail=purged$/ })
})

onEachStore(t, 'an unsafe method purges its own URI without any rule', async (t, redis) => {
  const { ask } = await openScene(t, { rules, redis })
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'LOCK']) {
    await ask('/things/1?view=full')
    t.match(await ask('/things/1', { method }), { status: 200, cacheStatus: /^fwd=method; .*detail=write$/ })
    t.match(await ask('/things/1?view=full'), { cacheStatus: /detail=purged$/ }, method)
  }
  for (const method of ['HEAD', 'OPTIONS']) {
    await ask('/things/1', { method })
    t.match(await ask('/things/1?view=full'), { cacheStatus: /detail=fresh$/ }, method)
  }
})

onEachStore(t, 'a list goes when one of its members changes, and the lists without it stay', async (t, redis) => {
  const { ask, answer, origin } = await openScene(t, {
    redis,
    rules: `defaults: { ttl: 1h }
rules:
  - { name: detail, match: GET /experiences/:id, cache: { scope: public, key: "experience:{params.id}:detail", tags: ["experience:{params.id}"] } }
  - name: list
    match: GET /experiences
    cache:
      scope: public
      key: "experiences:list:page:{query.page|1}"
      tags: [experiences, "experience:{response.json.items[*].id}"]
  - { name: updated, match: PUT /experiences/:id, purge: { tags: ["experience:{params.id}"] } }
  - { name: created, match: POST /experiences, purge: { tags: [experiences] } }`,
  })
  const pages: Record<string, number[]> = { '1': [1, 2], '2': [3] }
  answer(({ method, target }) => {
    const page = new URLSearchParams(target.split('?')[1]).get('page')
    if (method !== 'GET' || page === null) return {}
    const items = pages[page]?.map((id) => ({ id }))
    return { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ items, n: origin.count() }) }
  })
  const targets = ['/experiences?page=1', '/experiences?page=2', '/experiences/1', '/experiences/3']
  const fresh = async (): Promise<string[]> => {
    const found: string[] = []
    for (const target of targets) if ((await ask(target)).cacheStatus.startsWith('hit')) found.push(target)
    return found
  }
  t.same(await fresh(), [])
  t.same(await fresh(), targets)
  await ask('/experiences/1', { method: 'PUT' })
  t.same(await fresh(), ['/experiences?page=2', '/experiences/3'])
  t.same(await fresh(), targets)
  pages['2'] = [3, 1]
  await ask('/experiences', { method: 'POST' })
  t.same(await fresh(), ['/experiences/1', '/experiences/3'])
  await ask('/experiences/1', { method: 'PUT' })
  t.same(await fresh(), ['/experiences/3'], 'it is in both lists by now')
})

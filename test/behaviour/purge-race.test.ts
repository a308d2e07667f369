/**
 * A fetch is held at the origin while a write purges: what the fetch brings is old, and nobody who asks after the write was answered may get
 * it. Every way of purging against every way of fetching. Bodies tell the version they were read at and which fetch brought them.
 */
import t, { type Test } from 'tap'
import { type Asked, type House, openHouse, type Reply } from '../fixtures/house.ts'
import { startRedis } from '../fixtures/redis.ts'
import { onEachStore } from '../fixtures/scene.ts'
import { until } from '../fixtures/until.ts'
import { followers } from './crowd.ts'
import { type Fetch, fetches, itemOf, openStage, type Stage } from './held-lists.ts'

/** What a write names. It says in its body which list it changed, and which member of it. */
const purges: Readonly<Record<string, string>> = {
  key: 'keys: ["{request.json.list}:list:{request.json.page}"]',
  tag: 'tags: ["{request.json.list}:{request.json.page}"]',
  'made-tag': 'tags: ["item:{request.json.item}"]',
  prefix: 'patterns: ["{request.json.list}:*"]',
  glob: 'patterns: ["{request.json.list}:l*t:{request.json.page}"]',
  rule: `rules: [${fetches.map(({ name }) => name).join(', ')}]`,
  all: 'all: true',
}

const rules = `rules:
${fetches
  .map(
    ({ name, cache }) => `  - name: ${name}
    match: GET /${name}
    cache: { scope: public, key: "${name}:list:{query.page}", ${cache}, tags: ["${name}:{query.page}", "item:{response.json.items[*].id}"] }`,
  )
  .join('\n')}
${Object.entries(purges)
  .flatMap(([name, purge]) => [
    `  - { name: by-${name}, match: POST /by-${name}, purge: { ${purge} } }`,
    `  - { name: by-${name}-softly, match: POST /by-${name}-softly, purge: { ${purge}, soft: true } }`,
  ])
  .join('\n')}`

interface List {
  readonly fetch: Fetch
  readonly page: number
  readonly target: string
}

interface Write {
  readonly says: string
  readonly isSoft?: boolean
  readonly request: (list: List) => Asked & { readonly target: string }
}

const writes: readonly Write[] = [
  ...Object.keys(purges).flatMap((name): Write[] => [
    { says: `by ${name}`, request: (list) => post(`/by-${name}`, list) },
    { says: `by ${name}, softly`, isSoft: true, request: (list) => post(`/by-${name}-softly`, list) },
  ]),
  { says: 'by an answer of 500', isSoft: true, request: (list) => post('/by-key?status=500', list) },
  { says: 'of its own URI', request: (list) => post(list.target, list) },
  { says: 'of its own URI in other letters', request: (list) => post(`/${list.fetch.name.toUpperCase()}/`, list) },
  { says: 'of its Location', request: (list) => post(`/elsewhere?location=/${list.fetch.name}`, list) },
]

function post(target: string, { fetch, page }: List): Asked & { readonly target: string } {
  const body = JSON.stringify({ list: fetch.name, page: String(page), item: itemOf(page) })
  return { target, method: 'POST', headers: { 'content-type': 'application/json' }, body }
}

interface Told {
  readonly version: number
  readonly fetch: number
  readonly detail: string | undefined
}

function told({ text, cacheStatus }: Reply): Told {
  const { version, fetch } = JSON.parse(text)
  return { version, fetch, detail: /detail=([a-z-]+)/.exec(cacheStatus)?.[1] }
}

interface Race {
  readonly fetch: Fetch
  readonly write: Write
  /** Whether somebody asks while the late answer is still on its way, or only when it has come. */
  readonly isAskedMeanwhile: boolean
  readonly page: number
}

async function race(t: Test, stage: Stage, { fetch, write, isAskedMeanwhile, page }: Race): Promise<void> {
  const { house, clock, hold, settled, validators } = stage
  const list: List = { fetch, page, target: `/${fetch.name}?page=${page}` }
  const ask = async (): Promise<Told> => told(await house.ask(list.target))
  const isStaleAllowed = write.isSoft === true && fetch.hasStaleWindow === true
  let asked = 0

  if (fetch.age !== undefined) {
    t.match(await ask(), { version: 1, fetch: ++asked })
    await settled()
    clock.advance(fetch.age * 1000)
  }
  const gate = hold()
  const first = ask()
  await gate.arrived(1)
  asked += 1
  const follower = fetch.isWaitedFor ? ask() : undefined
  if (follower !== undefined) await until('the follower', () => followers(house, `${fetch.name}:list:${page}`) === 1)

  const { target, ...request } = write.request(list)
  t.ok((await stage.writer.ask(target, request)).status >= 201, 'the write is answered')
  const purges = ({ app }: House): number => app.parts.local?.ledger.seq ?? 0
  await until('the purge to have reached the other proxy', () => purges(house) >= purges(stage.writer))
  const checkAfter = ({ version, fetch, detail }: Told): void => {
    if (version === 1)
      t.same({ isStaleAllowed, fetch, detail }, { isStaleAllowed: true, fetch: 1, detail: 'stale-purged-softly' })
    else t.equal(version, 2)
  }
  if (isAskedMeanwhile) {
    const meanwhile = ask()
    asked += 1
    await until('a fetch of its own', () => validators(list.target).length === asked)
    checkAfter(await meanwhile)
  }
  gate.open()
  t.equal((await first).version, 1, 'who asked before may get what was read before')
  if (follower !== undefined) t.match(await follower, { version: 1, detail: fetch.hasEtag ? 'revalidated' : 'collapsed' })
  await settled()

  if (!isAskedMeanwhile) {
    const next = await ask()
    checkAfter(next)
    t.equal(next.detail, isStaleAllowed ? 'stale-purged-softly' : fetch.age === undefined ? 'uri-miss' : 'purged')
    asked += 1
    await settled()
  }
  t.match(await ask(), { version: 2, fetch: asked, detail: 'fresh' }, 'the late answer displaces nothing')
  await settled()
  t.equal(validators(list.target).length, asked, 'how often the origin was asked')
  if (write.isSoft !== true) t.equal(validators(list.target).at(-1), undefined, 'what was purged lends no validator')
}

onEachStore(t, 'a purge that overtakes a fetch', async (t, redis) => {
  const stage = await openStage(t, { rules, redis })
  let page = 0
  for (const write of writes) {
    for (const fetch of fetches) {
      for (const isAskedMeanwhile of [true, false]) {
        page += 1
        const says = `${fetch.name} against a purge ${write.says}, asked ${isAskedMeanwhile ? 'meanwhile' : 'afterwards'}`
        await t.test(says, (t) => race(t, stage, { fetch, write, isAskedMeanwhile, page }))
      }
    }
  }
})

t.test('a purge through one proxy overtakes a fetch of another on the same Redis', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const stage = await openStage(t, { rules, redis })
  const writer = await openHouse(t, { rules, origin: stage.origin.url, redis: redis.url, clock: stage.clock })
  let page = 0
  for (const write of writes.filter(({ says }) => says.startsWith('by '))) {
    for (const fetch of fetches) {
      page += 1
      const says = `${fetch.name} against a purge ${write.says}`
      await t.test(says, (t) => race(t, { ...stage, writer }, { fetch, write, isAskedMeanwhile: true, page }))
    }
  }
})

/**
 * Three instances over one Redis, one of them behind a network that can be held. Something is under way (a fetch at the origin, an entry on its
 * way into Redis or out of it) and held there while a write purges: then it goes on, and nobody gets what was read before the write any more.
 */
import t, { type Test } from 'tap'
import { startFaultProxy } from '../faults/fault-proxy.ts'
import { knows, seenBy } from '../fixtures/fleet-ground.ts'
import { type House, openHouse, type Reply } from '../fixtures/house.ts'
import { startRedis } from '../fixtures/redis.ts'
import { until } from '../fixtures/until.ts'
import { outsider, until as untilTold } from '../redis/fixture.ts'
import { type Fetch, fetches, openStage, type Stage } from './held-lists.ts'

/** What a write purges; without a rule its own URI (RFC 9111 §4.4). It says in its body which list it changed. */
const purges = {
  key: 'keys: ["{request.json.list}:{request.json.page}"]',
  tag: 'tags: ["page:{request.json.page}"]',
  pattern: 'patterns: ["{request.json.list}:*"]',
  automatic: undefined,
} as const
type Purge = keyof typeof purges

const cached = (name: string): Fetch => fetches.find((fetch) => fetch.name === name) as Fetch
const rules = `rules:
${['fill', 'refresh', 'confirm']
  .map(
    (name) => `  - name: ${name}
    match: GET /${name}
    cache: { scope: public, key: "${name}:{query.page}", ${cached(name).cache}, tags: ["page:{query.page}"] }`,
  )
  .join('\n')}
${Object.entries(purges)
  .filter(([, purge]) => purge !== undefined)
  .map(([name, purge]) => `  - { name: by-${name}, match: POST /by-${name}, purge: { ${purge} } }`)
  .join('\n')}`

interface Fleet extends Stage {
  /** Behind the network that can be held. */
  readonly here: House
  readonly there: House
  /** Has nothing in its memory: it knows what lies in Redis. */
  readonly stranger: House
  readonly way: Awaited<ReturnType<typeof startFaultProxy>>
  /** Resolves when Redis has been asked for so many entries since the last time. */
  entriesAsked(count: number): Promise<void>
  forgetAsked(): Promise<void>
}

interface Held {
  /** Those who asked before the write. */
  readonly asked: ReadonlyArray<Promise<Reply>>
  release(): void | Promise<void>
}

interface List {
  readonly name: string
  readonly page: number
  readonly key: string
  readonly target: string
}

interface Case {
  readonly says: string
  readonly list: 'fill' | 'refresh' | 'confirm'
  readonly purgedBy: 'here' | 'there'
  hold(fleet: Fleet, list: List): Promise<Held>
}

// biome-ignore format: one case, one line
const cases: readonly Case[] = [
  { says: 'a fill', list: 'fill', purgedBy: 'here', hold: (fleet, list) => atOrigin(fleet, list) },
  { says: 'a refresh behind a stale answer', list: 'refresh', purgedBy: 'here', hold: behindStored },
  { says: 'a 304', list: 'confirm', purgedBy: 'here', hold: behindStored },
  { says: 'a fill with followers', list: 'fill', purgedBy: 'here', hold: (fleet, list) => atOrigin(fleet, list, 3) },
  { says: 'a fill on another instance', list: 'fill', purgedBy: 'there', hold: (fleet, list) => atOrigin(fleet, list) },
  { says: 'an entry on its way into Redis', list: 'fill', purgedBy: 'there', hold: onTheWayIn },
  { says: 'a fill that ends behind a reconnect', list: 'fill', purgedBy: 'there', hold: overReconnect },
  { says: 'an entry on its way from Redis into memory', list: 'fill', purgedBy: 'there', hold: onTheWayOut },
]

const headers = { host: 'shop.example' }

function read(house: House, { target }: List): Promise<Reply> {
  return house.ask(target, { headers })
}

/** A fetch of the instance here is held at the origin, with the answer it got before the write. */
async function atOrigin(fleet: Fleet, list: List, followers = 0): Promise<Held> {
  const { here } = fleet
  const gate = fleet.hold()
  const asked = [read(here, list)]
  await gate.arrived(1)
  for (let i = 0; i < followers; i += 1) asked.push(read(here, list))
  const following = (): number => here.app.parts.flights.find(list.key)?.followers ?? 0
  await until('the followers', () => following() === followers)
  return { asked, release: gate.open }
}

/** The same, with an entry stored that is stale by now. */
async function behindStored(fleet: Fleet, list: List): Promise<Held> {
  await read(fleet.here, list)
  await settled(fleet)
  fleet.clock.advance(61_000)
  return atOrigin(fleet, list)
}

/** The answer has come, and lies in memory here; what is written to Redis does not arrive yet. */
async function onTheWayIn(fleet: Fleet, list: List): Promise<Held> {
  const { here, way } = fleet
  const { asked, release } = await atOrigin(fleet, list)
  way.set({ kind: 'pause' })
  release()
  await until('the entry to lie in memory', () => here.app.parts.local?.store.peek(list.key) !== undefined)
  return { asked, release: () => way.set({ kind: 'pass' }) }
}

/** The fetch begins before the instance here loses Redis, and ends when it has it again. */
async function overReconnect(fleet: Fleet, list: List): Promise<Held> {
  const { here, way } = fleet
  const { asked, release } = await atOrigin(fleet, list)
  way.set({ kind: 'reset' })
  await until('the instance to be detached', () => !here.app.parts.ledger.status().isConnected)
  return {
    asked,
    async release() {
      way.set({ kind: 'pass' })
      // Entries and ledger come back each on a connection of its own.
      const { ledger, store } = here.app.parts
      await until('the instance to be whole', () => ledger.status().isConnected && store.status().isConnected)
      await release()
    },
  }
}

/** Redis has given the entry, and the numbers of its labels, and neither arrives here yet. */
async function onTheWayOut(fleet: Fleet, list: List): Promise<Held> {
  const { here, there, way } = fleet
  await read(there, list)
  await settled(fleet)
  way.set({ kind: 'hold-replies' })
  await fleet.forgetAsked()
  const asked = [read(here, list)]
  await fleet.entriesAsked(1)
  return { asked, release: () => way.set({ kind: 'pass' }) }
}

async function settled({ here, there, stranger }: Fleet): Promise<void> {
  for (const { app } of [here, there, stranger]) await app.parts.background.drain()
}

async function openFleet(t: Test): Promise<Fleet> {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const way = await startFaultProxy(redis.port)
  t.teardown(() => way.close())
  const stage = await openStage(t, { rules, redis: { ...redis, url: `redis://127.0.0.1:${way.port}` } })
  const open = (): Promise<House> => openHouse(t, { rules, origin: stage.origin.url, redis: redis.url, clock: stage.clock })
  const operator = outsider(t, redis.port)
  return {
    ...stage,
    way,
    here: stage.house,
    there: await open(),
    stranger: await open(),
    async entriesAsked(count) {
      const asked = async (): Promise<number> =>
        Number(/cmdstat_get:calls=(\d+)/.exec(await operator.info('commandstats'))?.[1] ?? 0)
      await untilTold(async () => ((await asked()) >= count ? true : undefined))
    },
    async forgetAsked() {
      await operator.config('RESETSTAT')
    },
  }
}

function write(house: House, purge: Purge, { name, page, target }: List): Promise<Reply> {
  return house.ask(purge === 'automatic' ? target : `/by-${purge}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ list: name, page: String(page) }),
  })
}

const versionOf = ({ text }: Reply): number => JSON.parse(text).version

/** Whoever waited for what is held would wait forever. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  let isThere = false
  void answer.then(() => {
    isThere = true
  })
  await until('an answer', () => isThere, 5000)
  return answer
}

interface Race extends Case {
  readonly purge: Purge
  readonly page: number
  /** Whether somebody asks while it is still held, so that the old meets the new. */
  readonly isAskedMeanwhile: boolean
}

async function race(t: Test, fleet: Fleet, { list: name, hold, purgedBy, purge, page, isAskedMeanwhile }: Race): Promise<void> {
  const list: List = { name, page, key: `test:${name}:${page}|h=shop.example`, target: `/${name}?page=${page}` }
  const { here, there, stranger } = fleet
  const [writer, other] = purgedBy === 'here' ? [here, there] : [there, here]

  const { asked, release } = await hold(fleet, list)
  const written = await write(writer, purge, list)
  t.equal(written.status, 201)
  t.equal(written.field('springhouse-purge'), undefined, 'done, not queued')
  const number = seenBy(writer)

  try {
    if (isAskedMeanwhile) t.equal(versionOf(await inTime(read(writer, list))), 2, 'while it is held')
  } finally {
    await release()
  }
  for (const reply of await Promise.all(asked)) t.equal(reply.status, 200, 'who asked before is answered')
  t.equal(versionOf(await read(writer, list)), 2, 'when it goes on')
  await settled(fleet)
  t.equal(versionOf(await read(writer, list)), 2, 'when it is over')

  await knows(other, number)
  t.equal(versionOf(await read(other, list)), 2, 'on the other instance, once the purge is there')
  await knows(stranger, number)
  t.equal(versionOf(await read(stranger, list)), 2, 'from what lies in Redis')
  await settled(fleet)
  for (const house of [writer, other, stranger]) {
    const last = await read(house, list)
    t.equal(versionOf(last), 2)
    t.equal(last.cacheStatus.replace(/ttl=\d+; /, ''), 'hit; detail=fresh')
  }
}

t.test('a purge while something is under way', async (t) => {
  const fleet = await openFleet(t)
  let page = 0
  for (const one of cases) {
    for (const purge of Object.keys(purges) as Purge[]) {
      await t.test(`${one.says}, purged by ${purge}`, async (t) => {
        for (const isAskedMeanwhile of [true, false]) {
          page += 1
          await race(t, fleet, { ...one, purge, page, isAskedMeanwhile })
        }
      })
    }
  }
})

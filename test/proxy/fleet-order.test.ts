/**
 * Two instances over one store, and every step between them in an order that fast-check chooses: what the store is asked, what the ledger tells,
 * when the origin reads and when it answers. One of the two hears of no purge at all, and stores what it has read before: whoever asks the other
 * after a write was answered gets nothing from before it all the same.
 */
import fc from 'fast-check'
import t from 'tap'
import type { Tiered } from '../fixtures/tiered.ts'
import { makeTiered } from '../fixtures/tiered.ts'
import { makeOrigin, reply } from './fake-origin.ts'

const rules = `
rules:
  - { name: item, match: GET /items/:id, cache: { scope: public, key: "item:{params.id}", ttl: 1h, tags: ["made:{response.json.id}"] } }
  - { name: by-key, match: POST /by-key/:id, purge: { keys: ["item:{params.id}"] } }
  - { name: by-tag, match: POST /by-tag/:id, purge: { tags: ["made:{params.id}"] } }
`

type Step =
  | { readonly kind: 'read'; readonly at: 0 | 1; readonly id: number }
  | { readonly kind: 'write'; readonly by: 'by-key' | 'by-tag'; readonly id: number }

const id = fc.nat({ max: 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), at: fc.constantFrom(0 as const, 1 as const), id }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('write' as const), by: fc.constantFrom('by-key' as const, 'by-tag' as const), id }),
  },
)

/** Each asks again when it was answered. */
const clients = fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 4 })

/** What was older than it may be; empty when nothing was. */
async function play(clients: ReadonlyArray<readonly Step[]>, scheduler: fc.Scheduler): Promise<{ old: string[]; hits: number }> {
  const versions = [0, 0]
  const answered = [0, 0]
  const turn = (what: string): Promise<void> => scheduler.schedule(Promise.resolve(), what)
  const origin = makeOrigin(async ({ method, target }) => {
    const which = Number(target.at(-1))
    await turn(`${method} ${target} arrives`)
    if (method === 'POST') versions[which] = (versions[which] ?? 0) + 1
    const version = versions[which]
    await turn(`${method} ${target} is answered`)
    return reply({ fields: ['Content-Type', 'application/json'], body: JSON.stringify({ id: which, version }) })
  })
  const first = makeTiered({ rules, origin })
  const houses: readonly Tiered[] = [first, makeTiered({ rules, origin, beside: first })]
  for (const [i, { gates, fleet }] of houses.entries()) {
    gates.beforeGet = () => turn(`${i} asks the store`)
    gates.afterGet = () => turn(`${i} hears of the store`)
    gates.beforePut = () => turn(`${i} puts`)
    fleet.beforeRead = () => turn(`${i} asks the ledger`)
    fleet.afterRead = () => turn(`${i} hears of the ledger`)
  }
  const old: string[] = []
  let hits = 0

  async function run(one: Step): Promise<void> {
    await turn('begins')
    if (one.kind === 'write') {
      const client = (houses[0] as Tiered).send({ method: 'POST', target: `/${one.by}/${one.id}` })
      await client.over
      const { version } = JSON.parse(client.text)
      answered[one.id] = Math.max(answered[one.id] ?? 0, version)
      return
    }
    const least = one.at === 0 ? (answered[one.id] ?? 0) : 0
    const client = (houses[one.at] as Tiered).send({ target: `/items/${one.id}` })
    await client.over
    const { id, version } = JSON.parse(client.text)
    if (client.cacheStatus[0] === 'hit') hits += 1
    if (version < least || id !== one.id)
      old.push(`${version} of ${id} at ${one.at}, not ${least} (${client.cacheStatus.join('; ')})`)
  }

  async function inOrder(steps: readonly Step[]): Promise<void> {
    for (const one of steps) await run(one)
  }

  let isOver = false
  const all = Promise.all(clients.map(inOrder)).finally(() => {
    isOver = true
  })
  all.catch(() => {})
  while (!isOver) {
    if (scheduler.count() > 0) await scheduler.waitOne()
    else await new Promise((resolve) => setImmediate(resolve))
  }
  await all
  for (const { observed } of houses) old.push(...observed.faults.map(String))
  return { old, hits }
}

t.test('whatever the order of every step, nobody gets what was there before a write that was answered', async (t) => {
  let hits = 0
  await fc.assert(
    fc.asyncProperty(clients, fc.scheduler(), async (clients, scheduler) => {
      const played = await play(clients, scheduler)
      hits += played.hits
      return played.old.length === 0
    }),
    { numRuns: 300, seed: 11 },
  )
  t.ok(hits > 100, `${hits} of the answers came from a store`)
})

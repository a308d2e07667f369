import t from 'tap'
import { explain } from '../../src/proxy/explain.ts'
import { type FakeClient, makeRequest } from '../fixtures/exchange.ts'
import { type Gate, makeGate } from '../fixtures/gate.ts'
import { makeTiered, type Tiered, type TieredOptions } from '../fixtures/tiered.ts'
import { makeTurns } from '../fixtures/turns.ts'
import { until } from '../fixtures/until.ts'
import { type FakeOrigin, makeOrigin, reply } from './fake-origin.ts'

const rulesOf = (more = ''): string => `
rules:
  - { name: page, match: GET /page/:id, cache: { scope: public, key: "page:{params.id}", tags: ["tag:{params.id}"], ttl: 1m${more} } }
`

interface Kit extends Tiered {
  readonly origin: FakeOrigin
}

/** The origin numbers its answers. */
function open(more = '', options: Partial<TieredOptions> = {}): Kit {
  let count = 0
  const origin = makeOrigin(() => reply({ fields: ['ETag', `"${++count}"`], body: `answer ${count}` }))
  return { ...makeTiered({ rules: rulesOf(more), origin, ...options }), origin }
}

const target = '/page/1'
const key = 'springhouse:page:1|h=shop.example'
const label = 'k:page:1'
const detailOf = (client: FakeClient): string | undefined => client.cacheStatus.at(-1)?.slice(7)

/** As if another instance had fetched it: it lies in the shared store, and memory knows nothing of it. */
async function fetchedElsewhere(kit: Kit): Promise<void> {
  await kit.ask({ target })
  await kit.memory.delete(key)
  kit.asked.length = 0
  kit.fleet.readings = 0
}

t.test('a hit in memory asks nobody, and is answered before the call returns', async (t) => {
  const kit = open()
  await kit.ask({ target })
  kit.asked.length = 0
  kit.fleet.readings = 0
  const client = kit.send({ target })
  t.same([client.ending, client.text, detailOf(client)], ['ended', 'answer 1', 'fresh'])
  t.same([kit.asked, kit.fleet.readings], [[], 0])
})

t.test('a hit in the shared store costs one round trip, and none from then on', async (t) => {
  const kit = open()
  await fetchedElsewhere(kit)
  const gate = makeGate()
  kit.gates.beforeGet = () => gate.wait()
  kit.fleet.beforeRead = () => gate.wait()
  const client = kit.send({ target })
  await gate.arrived(2)
  t.same([kit.asked, kit.fleet.readings], [[`get ${key}`], 1], 'both are asked before either has answered')
  gate.open()
  await client.over
  t.same([client.text, detailOf(client), kit.origin.requests.length], ['answer 1', 'fresh', 1])
  t.equal(kit.send({ target }).ending, 'ended', 'memory has it now')
  t.same([kit.asked.length, kit.fleet.readings], [1, 1])
  t.same(
    kit.observed.reports.map(({ tier }) => tier),
    [undefined, 'redis', 'memory'],
  )
})

t.test('a fill lies in memory before the shared store has taken it', async (t) => {
  const kit = open()
  const gate = makeGate()
  kit.gates.beforePut = () => gate.wait()
  const first = kit.send({ target })
  await first.over
  await gate.arrived(1)
  t.equal(kit.send({ target }).text, 'answer 1')
  t.equal(kit.origin.requests.length, 1)
  gate.open()
  await kit.idle()
  t.ok(kit.shared.peek(key))
})

t.test('a copy carries the number it was found valid at, and no number that has not come here', async (t) => {
  const kit = open()
  await fetchedElsewhere(kit)
  kit.fleet.isBehind = true
  for (let i = 0; i < 3; i += 1) await kit.fleet.purgeElsewhere(['k:other'])
  await kit.ask({ target })
  t.match(kit.memory.peek(key), { entry: { stamp: { number: 0 } } }, 'nothing has come here')
  t.equal(detailOf(kit.send({ target })), 'fresh')
  kit.fleet.catchUp()
  await kit.memory.delete(key)
  await kit.ask({ target })
  t.match(kit.memory.peek(key), { entry: { stamp: { number: 3 } } })
  t.match(kit.shared.peek(key), { entry: { stamp: { number: 0 } } }, 'what others have stays as it is')
  kit.fleet.floor = 3
  t.equal(detailOf(kit.send({ target })), 'fresh', 'so it outlives what is forgotten here')
})

t.test(
  'what is ahead of what has come here is used, not kept before it is current, and never purges a fetch by itself',
  async (t) => {
    const kit = open()
    const other = open('', { beside: kit })
    kit.fleet.isBehind = true
    await kit.fleet.purgeElsewhere(['k:other'])
    other.fleet.adopt()
    await other.ask({ target })
    t.match(kit.shared.peek(key), { entry: { stamp: { number: 1 } } })
    const client = await kit.ask({ target })
    t.same([client.text, kit.origin.requests.length], ['answer 1', 0], 'by the word of the ledger')
    kit.fleet.catchUp()
    t.equal(kit.send({ target }).text, 'answer 1')
  },
)

t.test('an entry that was purged before anything that is remembered here is not lost', async (t) => {
  const kit = open()
  await fetchedElsewhere(kit)
  await kit.fleet.purgeElsewhere(['k:other'])
  kit.fleet.floor = 1
  t.equal((await kit.ask({ target })).text, 'answer 1')
  await kit.fleet.purgeElsewhere(['k:another'])
  kit.fleet.floor = 2
  t.equal((await kit.ask({ target })).text, 'answer 1')
  t.equal(kit.origin.requests.length, 1)
})

t.test('while the ledger does not answer, what is known here decides about the shared store', async (t) => {
  const kit = open()
  await fetchedElsewhere(kit)
  kit.fleet.isReadable = false
  t.equal((await kit.ask({ target })).text, 'answer 1')
  await kit.memory.delete(key)
  await kit.fleet.purgeElsewhere([label])
  t.equal((await kit.ask({ target })).text, 'answer 2')
})

t.test(
  'the ledger was lost, and nobody here knows yet: memory stands until it is known, the shared store does not',
  async (t) => {
    const kit = open()
    await fetchedElsewhere(kit)
    kit.fleet.flush()
    t.equal((await kit.ask({ target })).text, 'answer 1', 'as far as is known here')
    kit.fleet.adopt()
    t.equal((await kit.ask({ target })).text, 'answer 2')
    t.equal((await kit.ask({ target })).text, 'answer 2')
  },
)

const kinds = { key: ['k:page:1'], tag: ['t:tag:1'], pattern: ['p:page:'], automatic: ['u:shop.example/page/1'] }
/** Where the purge lies: before or after the shared store, and the ledger, have looked; and whether it is known here when the copy arrives. */
const moments = ['before both', 'between entry and numbers', 'between numbers and entry', 'after both'] as const

for (const [kind, names] of Object.entries(kinds)) {
  for (const moment of moments) {
    for (const isKnown of [true, false]) {
      t.test(
        `from the shared store into memory, over a purge by ${kind}, ${moment}, known here ${isKnown ? 'at once' : 'later'}`,
        async (t) => {
          const kit = open()
          await fetchedElsewhere(kit)
          const entry = kit.shared.peek(key)
          const labels = entry?.kind === 'entry' ? entry.entry.labels.filter((name) => names.includes(name)) : []
          t.same(labels, names, 'the entry carries the label')
          const gates: Record<string, Gate> = {}
          for (const name of ['beforeGet', 'afterGet', 'beforeRead', 'afterRead']) gates[name] = makeGate()
          const at = (name: string): Gate => gates[name] as Gate
          kit.gates.beforeGet = () => at('beforeGet').wait()
          kit.gates.afterGet = () => at('afterGet').wait()
          kit.fleet.beforeRead = () => at('beforeRead').wait()
          kit.fleet.afterRead = () => at('afterRead').wait()
          kit.fleet.isBehind = !isKnown
          const client = kit.send({ target })
          await Promise.all([at('beforeGet').arrived(1), at('beforeRead').arrived(1)])
          if (moment === 'between entry and numbers' || moment === 'after both') at('beforeGet').open()
          if (moment === 'between numbers and entry' || moment === 'after both') at('beforeRead').open()
          if (moment === 'between entry and numbers' || moment === 'after both') await at('afterGet').arrived(1)
          if (moment === 'between numbers and entry' || moment === 'after both') await at('afterRead').arrived(1)
          await kit.fleet.purgeElsewhere(labels)
          for (const gate of Object.values(gates)) gate.open()
          await client.over
          await kit.idle()
          kit.fleet.catchUp()
          const next = await kit.ask({ target })
          // A fetch that the purge has overtaken is not kept either.
          const expected = client.text === 'answer 1' ? 'answer 2' : 'answer 3'
          t.equal(next.text, expected, 'whoever asks after the purge gets what came after it')
          const last = await kit.ask({ target })
          t.same([last.text, detailOf(last)], [expected, 'fresh'], 'and so does everybody from then on')
          t.same(kit.observed.faults, [])
        },
      )
    }
  }
}

t.test('a soft purge is not hidden by the number of the copy', async (t) => {
  const kit = open(', stale_while_revalidate: 10s')
  await fetchedElsewhere(kit)
  await kit.fleet.purgeElsewhere([label], 'soft')
  const stale = await kit.ask({ target })
  t.same([stale.text, detailOf(stale)], ['answer 1', 'stale-purged-softly'])
  const fresh = await kit.ask({ target })
  t.same([fresh.text, detailOf(fresh)], ['answer 2', 'fresh'])
})

t.test('a copy on its way does not displace what came into memory meanwhile', async (t) => {
  const kit = open()
  await fetchedElsewhere(kit)
  const gate = makeGate()
  kit.gates.afterGet = () => gate.wait()
  const slow = kit.send({ target })
  await gate.arrived(1)
  kit.gates.afterGet = async () => {}
  await kit.fleet.purgeElsewhere([label])
  kit.clock.advance(1000)
  const quick = kit.send({ target })
  await quick.over
  t.equal(quick.text, 'answer 2')
  await until('the second answer in memory', () => kit.observed.stored.length === 2)
  gate.open()
  await slow.over
  const client = kit.send({ target })
  t.same([client.text, client.ending], ['answer 2', 'ended'])
  t.equal(kit.origin.requests.length, 2)
})

t.test('detached: no question to others, an epoch of its own, and a moment to live', async (t) => {
  const kit = open()
  await kit.ask({ target })
  kit.asked.length = 0
  kit.fleet.readings = 0
  kit.fleet.detach()
  t.equal((await kit.ask({ target })).text, 'answer 2', 'nothing of the shared epoch is used')
  t.equal(kit.send({ target }).text, 'answer 2', 'what was fetched since is')
  kit.clock.advance(2000)
  t.equal((await kit.ask({ target })).text, 'answer 3')
  t.same([kit.asked, kit.fleet.readings], [[], 0])
  t.match(kit.shared.peek(key), { entry: { body: Buffer.from('answer 1') } })
  await kit.fleet.purge([label], 'hard')
  t.equal((await kit.ask({ target })).text, 'answer 4', 'a purge holds here at once')
  await kit.fleet.attach()
  t.equal((await kit.ask({ target })).text, 'answer 5', 'and everywhere later; what was fetched alone is not used')
  t.match(kit.shared.peek(key), { entry: { body: Buffer.from('answer 5') } })
})

t.test('attached again: what lay in memory and was not purged meanwhile is used again', async (t) => {
  const kit = open()
  await kit.ask({ target })
  kit.fleet.detach()
  await kit.ask({ target: '/page/2' })
  await kit.fleet.attach()
  const client = kit.send({ target })
  t.same([client.text, client.ending], ['answer 1', 'ended'])
  t.equal((await kit.ask({ target: '/page/2' })).text, 'answer 3')
})

for (const what of ['while the shared store is asked', 'while the origin answers'] as const) {
  t.test(`the lease runs out ${what}`, async (t) => {
    const kit = open()
    if (what === 'while the shared store is asked') await fetchedElsewhere(kit)
    const gate = makeGate()
    if (what === 'while the shared store is asked') kit.gates.afterGet = () => gate.wait()
    const count = kit.origin.requests.length
    kit.origin.script(async () => {
      if (what === 'while the origin answers') await gate.wait()
      return reply({ body: `answer ${count + 1}` })
    })
    const client = kit.send({ target })
    await gate.arrived(1)
    kit.asked.length = 0
    kit.fleet.detach()
    gate.open()
    await client.over
    await kit.idle()
    t.same([client.text, kit.origin.requests.length], [`answer ${count + 1}`, count + 1])
    t.notOk(
      kit.asked.some((question) => question.startsWith('put')),
      'nothing of it is told to others',
    )
    for (const stored of [kit.memory.peek(key), kit.shared.peek(key)]) {
      if (stored?.kind === 'entry' && stored.entry.stamp.epoch === kit.fleet.shared.epoch)
        t.not(`${stored.entry.body}`, client.text)
    }
    t.same(kit.observed.faults, [])
  })
}

t.test("the lease comes back while an answer of the time without it is on its way: it is nobody's", async (t) => {
  const kit = open()
  const gate = makeGate()
  kit.fleet.detach()
  kit.origin.script(async () => {
    await gate.wait()
    return reply({ body: 'from before' })
  })
  const client = kit.send({ target })
  await gate.arrived(1)
  await kit.fleet.attach()
  gate.open()
  await client.over
  await kit.idle()
  t.equal(client.text, 'from before')
  t.same([kit.memory.peek(key), kit.shared.peek(key), kit.asked], [undefined, undefined, []])
  t.match(kit.observed.notStored, [{ reason: 'purged' }])
})

t.test('l1: a copy leaves memory in time, and comes back from the shared store', async (t) => {
  const kit = open(', l1: 5s, l2: 20s')
  await kit.ask({ target })
  kit.asked.length = 0
  for (const isPromoted of [false, true]) {
    kit.clock.advance(4_999)
    t.equal(kit.send({ target }).ending, 'ended', `memory has it${isPromoted ? ' again' : ''}`)
    kit.clock.advance(1)
    t.equal(kit.send({ target }).ending, undefined)
    await kit.idle()
  }
  t.equal(kit.asked.length, 2)
  kit.clock.advance(10_000)
  t.equal((await kit.ask({ target })).text, 'answer 2', 'l2: and leaves that, too')
})

t.test('strict: the ledger is asked on every use, and no more than that', async (t) => {
  const kit = open(', consistency: strict')
  await kit.ask({ target })
  kit.asked.length = 0
  kit.fleet.readings = 0
  const hit = await kit.ask({ target })
  t.same([hit.text, detailOf(hit), kit.asked, kit.fleet.readings], ['answer 1', 'fresh', [], 1])
  kit.fleet.isBehind = true
  await kit.fleet.purgeElsewhere([label])
  t.equal((await kit.ask({ target })).text, 'answer 2', 'a purge that has not come here counts')
  kit.fleet.catchUp()
  await kit.ask({ target })
  const { length } = kit.origin.requests
  t.equal(detailOf(await kit.ask({ target })), 'fresh')
  t.equal(kit.origin.requests.length, length)
})

t.test('strict: labels that only the entry knows are asked for as well', async (t) => {
  const rules = rulesOf(', consistency: strict').replace('tag:{params.id}', 'item:{response.json.id}')
  const kit = open('', { rules })
  kit.origin.script(() => reply({ fields: ['Content-Type', 'application/json'], body: '{"id":7}' }))
  await fetchedElsewhere(kit)
  t.equal(detailOf(await kit.ask({ target })), 'fresh')
  t.same([kit.asked, kit.fleet.readings], [[`get ${key}`], 2])
  await kit.memory.delete(key)
  kit.fleet.isBehind = true
  await kit.fleet.purgeElsewhere(['t:item:7'])
  t.equal(detailOf(await kit.ask({ target })), 'purged')
})

t.test('strict: nobody joins a fetch that began before a purge, whether that has come here or not', async (t) => {
  const kit = open(', consistency: strict')
  const gate = makeGate()
  kit.origin.script(async () => {
    const isFirst = kit.origin.requests.length === 1
    if (isFirst) await gate.wait()
    return reply({ body: isFirst ? 'old' : 'new' })
  })
  const first = kit.send({ target })
  await gate.arrived(1)
  kit.fleet.isBehind = true
  await kit.fleet.purgeElsewhere([label])
  const second = kit.send({ target })
  await second.over
  gate.open()
  await first.over
  t.same([first.text, second.text], ['old', 'new'])
})

t.test('strict: without the ledger the origin answers', async (t) => {
  for (const lose of [
    (kit: Kit) => kit.fleet.detach(),
    (kit: Kit) => {
      kit.fleet.isReadable = false
    },
    (kit: Kit) => kit.fleet.flush(),
    (kit: Kit) => {
      kit.fleet.afterRead = async () => kit.fleet.detach()
    },
  ]) {
    const kit = open(', consistency: strict')
    await kit.ask({ target })
    lose(kit)
    const client = await kit.ask({ target })
    t.same([client.text, detailOf(client)], ['answer 2', 'ledger-unavailable'])
    t.equal(kit.observed.stored.length, 1)
  }
})

t.test('what is old here is answered at once, and looked for elsewhere before the origin is asked', async (t) => {
  const turns = makeTurns()
  const kit = open(', stale_while_revalidate: 1m', { turns: turns.of('one') })
  const other = open(', stale_while_revalidate: 1m', { beside: kit, turns: turns.of('two') })
  await kit.ask({ target })
  await other.ask({ target })
  kit.clock.advance(61_000)
  t.equal(detailOf(await other.ask({ target })), 'stale-while-revalidate')
  t.equal(other.origin.requests.length, 1)
  const stale = kit.send({ target })
  t.same([stale.ending, detailOf(stale)], ['ended', 'stale-while-revalidate'])
  await kit.idle()
  const renewed = kit.send({ target })
  t.same([renewed.ending, detailOf(renewed), renewed.field('age')], ['ended', 'fresh', '0'])
  t.equal(kit.origin.requests.length, 1)
})

t.test('a failing origin: what is stale is judged again by what is known here', async (t) => {
  const kit = open(', stale_if_error: 1h')
  await kit.ask({ target })
  kit.clock.advance(61_000)
  kit.origin.script(() => reply({ status: 503 }))
  t.equal(detailOf(await kit.ask({ target })), 'stale-if-error')
  kit.origin.script(() => {
    kit.fleet.detach()
    return reply({ status: 503 })
  })
  t.equal((await kit.ask({ target })).status, 503, 'and not used when the lease has run out')
})

t.test('variants: the list and the entry come into memory, and a list of others is not lost', async (t) => {
  const origin = makeOrigin(({ fields }) => {
    const language = fields[fields.indexOf('Accept-Language') + 1]
    return reply({ fields: ['Cache-Control', 'max-age=60', 'Vary', 'Accept-Language'], body: `in ${language}` })
  })
  const options = { rules: 'unmatched: rfc\nrules: []\n', origin }
  const one = makeTiered(options)
  const other = makeTiered({ ...options, beside: one })
  const asking = (language: string) => ({ target: '/page', fields: ['Accept-Language', language] })
  await one.ask(asking('es'))
  await one.ask(asking('en'))
  other.asked.length = 0
  t.equal((await other.ask(asking('es'))).text, 'in es')
  t.equal(other.asked.length, 2, 'a second round trip, since nothing was known')
  t.equal(other.send(asking('es')).ending, 'ended')
  other.asked.length = 0
  const gate = makeGate()
  other.gates.beforeGet = () => gate.wait()
  const client = other.send(asking('en'))
  await gate.arrived(2)
  gate.open()
  await client.over
  t.same([client.text, other.asked.length, origin.requests.length], ['in en', 2, 2], 'one round trip from then on')
  t.equal(other.send(asking('en')).ending, 'ended')
})

t.test('variants: what others have listed meanwhile stays listed', async (t) => {
  const origin = makeOrigin(({ fields }) => {
    const vary = fields[fields.indexOf('X-Vary') + 1] as string
    return reply({ fields: ['Cache-Control', 'max-age=60', 'Vary', vary], body: vary })
  })
  const options = { rules: 'unmatched: rfc\nrules: []\n', origin }
  const one = makeTiered(options)
  const other = makeTiered({ ...options, beside: one })
  const asking = (vary: string) => ({ target: '/page', fields: ['X-Vary', vary, vary, 'here'] })
  await one.ask(asking('x-a'))
  await other.ask(asking('x-a'))
  await one.ask(asking('x-b'))
  await other.ask(asking('x-c'))
  t.match(one.shared.peek(one.observed.reports[0]?.key as string), { kind: 'variants', selectors: [['x-c'], ['x-b'], ['x-a']] })
})

t.test('forever: renewed in both tiers, where the rule has no time for them', async (t) => {
  for (const [more, renewed] of [
    ['', [true, true]],
    [', l1: 30d', [false, true]],
    [', l2: 30d', [true, false]],
  ] as const) {
    const kit = open('', {
      rules: rulesOf(more).replace('ttl: 1m', 'ttl: forever'),
    })
    await kit.ask({ target })
    kit.clock.advance(20 * 86_400_000)
    await kit.ask({ target })
    kit.clock.advance(20 * 86_400_000)
    t.same([kit.memory.peek(key) !== undefined, kit.shared.peek(key) !== undefined], renewed, more)
  }
})

t.test('bodies that are compressed for others are answered from memory at once', async (t) => {
  const kit = open('', { compressAbove: 100 })
  const body = 'springhouse '.repeat(100)
  kit.origin.script(() => reply({ fields: ['Content-Type', 'text/plain'], body }))
  await fetchedElsewhere(kit)
  t.match(kit.shared.peek(key), { entry: { atRest: 'zstd' } })
  t.equal((await kit.ask({ target })).text, body)
  const client = kit.send({ target })
  t.same([client.text, client.ending], [body, 'ended'])
})

t.test('explain looks and leaves everything as it is', async (t) => {
  const kit = open()
  await fetchedElsewhere(kit)
  t.match(await explain(kit.parts, makeRequest({ target })), { outcome: 'serve', reason: 'fresh' })
  t.equal(kit.memory.peek(key), undefined)
  kit.fleet.detach()
  t.match(await explain(kit.parts, makeRequest({ target })), { outcome: 'fetch' })
  t.equal(kit.memory.status().keys, 0)
})

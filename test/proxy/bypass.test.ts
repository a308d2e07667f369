import { Readable } from 'node:stream'
import t from 'tap'
import { makeParts, type PartsOptions, type TestParts } from '../fixtures/parts.ts'
import { makeTiered } from '../fixtures/tiered.ts'
import { failure, makeOrigin, openBody, reply, type Script } from './fake-origin.ts'

/** Reads that purge: "seen" by GET, "quote" by a POST that a rule caches. */
const rules = `
rules:
  - { name: list, match: GET /list, cache: { scope: public, key: list, ttl: 1h } }
  - { name: seen, match: GET /seen, cache: { scope: public, key: seen, ttl: 1m, max_size: 100B, stale_if_error: 1h }, purge: { keys: [list] } }
  - { name: quote, match: POST /quote, cache: { scope: public, key: "quote:{request.json.id}", ttl: 1m }, purge: { keys: [list] } }
`
const json = ['Content-Type', 'application/json']
const quote = { method: 'POST', target: '/quote', fields: json }
const body = (): Readable => Readable.from([Buffer.from('{"id":1}')])

function open(script: Script, options: Partial<PartsOptions> = {}): TestParts & { isPurged(): Promise<boolean> } {
  const origin = makeOrigin((request, given) => (request.target === '/list' ? reply() : script(request, given)))
  const kit = makeParts({ rules, origin, ...options })
  return {
    ...kit,
    async isPurged() {
      return (await kit.ask({ target: '/list' })).cacheStatus.at(-1) !== 'detail=fresh'
    },
  }
}

async function outcome(script: Script, asked: Parameters<TestParts['ask']>[0]): Promise<boolean> {
  const kit = open(script)
  await kit.ask({ target: '/list' })
  await kit.ask(asked)
  t.same([kit.observed.faults, kit.observed.reports.length], [[], 2])
  return kit.isPurged()
}

t.test(
  'a read that purges does so when it was forwarded, whatever became of it, and not when it was answered here',
  async (t) => {
    t.equal(await outcome(() => reply(), { target: '/seen' }), true, 'stored')
    t.equal(await outcome(() => reply({ fields: ['Cache-Control', 'no-store'] }), { target: '/seen' }), true, 'not storable')
    t.equal(await outcome(() => reply(), { target: '/seen', method: 'HEAD' }), true, 'HEAD')
    t.equal(await outcome(() => reply(), { target: '/seen', fields: ['If-Match', '"1"'] }), true, 'passed')
    t.equal(await outcome(() => reply({ status: 404 }), { target: '/seen' }), false, 'refused')
    t.equal(await outcome(() => Promise.reject(failure('origin-timeout', true)), { ...quote, body: body() }), true, 'unknown')
    t.equal(
      await outcome(() => Promise.reject(failure('origin-timeout', false)), { ...quote, body: body() }),
      false,
      'never sent',
    )
    t.equal(
      await outcome(({ fields }) => reply(fields.includes('Cookie') ? {} : { status: 401 }), {
        target: '/seen',
        fields: ['Cookie', 'a=b'],
      }),
      true,
      'asked once more with credentials',
    )

    const kit = open(() => reply())
    await kit.ask({ target: '/seen' })
    await kit.ask({ target: '/list' })
    await kit.ask({ target: '/seen' })
    t.equal(await kit.isPurged(), false, 'answered from the store')
  },
)

t.test('a read that purges does so before the first byte, and loses none while it does', async (t) => {
  const { parts, ledger, send, observed, idle } = open(() => reply({ body: source }))
  const source = openBody()
  const released = Promise.withResolvers<void>()
  const purging = Promise.withResolvers<void>()
  const { purge } = ledger
  ledger.purge = async (...given) => {
    purging.resolve()
    await released.promise
    return purge.apply(ledger, given)
  }
  const client = send({ target: '/seen' })
  await purging.promise
  const long = 'x'.repeat(500)
  source.push(long)
  source.push(long)
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(client.status, undefined)
  released.resolve()
  await client.answered
  source.push(null)
  await client.over
  await idle()
  t.same([client.text.length, client.ending], [1000, 'ended'], 'although it is above the limit')
  t.equal(observed.purged.length, 1)
  t.equal(parts.flights.size, 0)
})

t.test('a read that purges does so also while the ledger is out of reach: it says that it waits', async (t) => {
  for (const [consistency, detail] of [
    ['bounded', 'uri-miss'],
    ['strict', 'write'],
  ] as const) {
    const strict = rules.replace('key: seen,', `key: seen, consistency: ${consistency},`)
    const kit = makeTiered({ rules: strict, origin: makeOrigin(() => reply()) })
    kit.fleet.detach()
    const client = await kit.ask({ target: '/seen' })
    t.same([client.cacheStatus.at(-1), client.field('springhouse-purge')], [`detail=${detail}`, 'queued'])
  }
})

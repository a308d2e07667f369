/** `on_purge_failure`: what becomes of writes while Redis cannot record what they make old. */
import t from 'tap'
import { type House, openHouse } from '../fixtures/house.ts'
import { startRedis } from '../fixtures/redis.ts'
import { startOrigin } from '../fixtures/scripted-origin.ts'
import { until } from '../fixtures/until.ts'

const rules = `rules:
  - { name: things, match: "GET /things/:id", cache: { key: "thing:{params.id}", ttl: 1h } }
  - { name: queued, match: "PUT /things/:id", purge: { keys: ["thing:{params.id}"] } }
  - { name: refused, match: "DELETE /things/:id", purge: { keys: ["thing:{params.id}"], on_purge_failure: refuse } }`

/** What a silent Redis may cost one command. */
const commandTimeout = 200

async function refusals(house: House): Promise<unknown> {
  const exposed = await (await fetch(`${house.admin}/metrics`)).text()
  return /^\S*\{[^}]*reason="purge-unavailable"[^}]*\} (\d+)$/m.exec(exposed)?.[1]
}

for (const fault of ['killed', 'paused'] as const) {
  t.test(`Redis ${fault}: refuse keeps the write from the origin, queue does not`, async (t) => {
    const redis = await startRedis()
    t.teardown(() => redis.stop())
    const origin = await startOrigin(({ reply }) => reply({ body: 'done' }))
    t.teardown(() => origin.close())
    const config = `redis: { command_timeout: ${commandTimeout}ms }`
    const house = await openHouse(t, { rules, origin: origin.url, redis: redis.url, config })
    if (fault === 'paused') redis.pause()
    else {
      await redis.kill()
      await until('the loss to be known', () => !house.app.parts.ledger.status().isConnected)
    }
    const body = 'x'.repeat(100_000)
    const refused = await house.ask('/things/1', { method: 'DELETE', body })
    t.match(refused, { status: 503, text: '503 purge-unavailable\n', cacheStatus: 'detail=purge-unavailable' })
    t.equal(refused.field('retry-after'), '1')
    t.equal(origin.count('/things/1'), 0)
    t.equal(await refusals(house), '1')
    t.match(
      house.lines.filter(({ reason }) => reason === 'purge-unavailable'),
      [{ rule: 'refused', status: 503 }],
    )
    const queued = await house.ask('/things/1', { method: 'PUT', body })
    t.match(queued, { status: 200, text: 'done', cacheStatus: /detail=write$/ })
    t.equal(queued.field('springhouse-purge'), 'queued')
    t.equal(origin.count('/things/1'), 1)
    if (fault === 'paused') redis.resume()
  })
}

t.test('in memory a purge is always recorded', async (t) => {
  const origin = await startOrigin(({ reply }) => reply({ body: 'done' }))
  t.teardown(() => origin.close())
  const house = await openHouse(t, { rules, origin: origin.url })
  t.match(await house.ask('/things/1', { method: 'DELETE' }), { status: 200, cacheStatus: /detail=write$/ })
})

/** An instance is stopped: with a request waiting, or between the commit of the origin and its own purge. The rest stands beside it. */

import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Instance, startInstance } from '../faults/instance.ts'
import { ask, type Ground, openGround, seenBy, thingRules } from '../fixtures/fleet-ground.ts'
import type { House } from '../fixtures/house.ts'
import { until } from '../fixtures/until.ts'
import { until as untilTold } from '../redis/fixture.ts'

const hit = { cacheStatus: /^hit;.*detail=fresh/ }
const brief = 'redis: { command_timeout: 10s, detached_ttl: 2s }'

async function folderOf(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'springhouse-cases-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** An instance that can be stopped: a process of its own. */
async function startProcess(t: Test, { origin, redis }: Ground): Promise<Instance> {
  const rules = `version: 1\nprefix: test\n${thingRules}`
  const folder = await folderOf(t)
  const instance = await startInstance({ index: 0, folder, origin: origin.url, redis: redis.url, rules })
  t.teardown(() => instance.kill())
  return instance
}

const said = (house: House, msg: string): boolean => house.lines.some((line) => line['msg'] === msg)

/** As a client of the instance in its own process. */
async function get(instance: Instance, target: string, method = 'GET'): Promise<string> {
  return new Promise((resolve, reject) => {
    request(instance.url + target, { method, headers: { host: 'shop.example' } }, async (response) => {
      resolve(Buffer.concat(await response.toArray()).toString())
    })
      .once('error', reject)
      .end()
  })
}

t.test('an instance that was stopped answers who waited with nothing that was purged meanwhile', async (t) => {
  const ground = await openGround(t)
  const [stopped, house] = [await startProcess(t, ground), await ground.open({ config: brief })]
  t.equal(await get(stopped, '/things/1'), '0')
  const before = ground.origin.count()
  await untilTold(async () => ((await get(stopped, '/things/1')) === '0' && ground.origin.count() === before ? true : undefined))
  stopped.signal('SIGSTOP')
  const waiting = get(stopped, '/things/1')
  t.match(await ask(house, '/things/1', { method: 'PUT' }), { text: '1' })
  const written = performance.now()
  await until('its lease to have run out', () => performance.now() - written > 2000)
  stopped.signal('SIGCONT')
  t.equal(await waiting, '1')
  t.equal(await get(stopped, '/things/1'), '1')
})

t.test('a write whose instance is stopped before its purge is purged by the others, and once more when it goes on', async (t) => {
  const ground = await openGround(t)
  const [stopped, house] = [await startProcess(t, ground), await ground.open({ config: brief })]
  t.match(await ask(house, '/things/1'), { text: '0' })
  const gate = ground.hold('after')
  const written = get(stopped, '/things/1', 'PUT')
  await gate.arrived(1)
  t.match(await ask(house, '/things/1'), { text: '0', ...hit }, 'the origin has not answered: nobody knows')
  stopped.signal('SIGSTOP')
  await until('the intent to be completed', () => said(house, 'intents-completed'))
  t.match(await ask(house, '/things/1'), { text: '1', cacheStatus: /detail=purged$/ })
  t.match(await ask(house, '/things/1'), { text: '1', ...hit })
  const number = seenBy(house)
  gate.open()
  stopped.signal('SIGCONT')
  t.equal(await written, '1')
  await until('its own purge', () => seenBy(house) > number)
  t.match(await ask(house, '/things/1'), { text: '1', cacheStatus: /detail=purged$/ })
  t.equal(await get(stopped, '/things/1'), '1')
})

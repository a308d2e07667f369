/** Several processes on one port behave as one: what one purges none serves, and one operator's edge speaks for all. */
import { rename, writeFile } from 'node:fs/promises'
import t from 'tap'
import { run } from '../commands/springhouse.ts'
import { makeGate } from '../fixtures/gate.ts'
import { startRedis } from '../fixtures/redis.ts'
import { until } from '../fixtures/until.ts'
import { accesses, isAlive, openWorkers, rulesText } from './workers-house.ts'

t.test('a write and an operator purge on all workers, and the numbers of all are added up', async (t) => {
  const { running, origin, ask, admin, lines } = await openWorkers(t, 3)
  t.match(await running.line('listening'), { workers: 3, store: 'memory' })
  const each = await lines()
  const asked = accesses(running).length
  for (const line of each) t.equal((await line.ask('/a')).text, '0')
  for (const line of each) t.match((await line.ask('/a')).headers['cache-status'], /hit/, 'each has it in a memory of its own')
  t.equal(origin.requests.filter(({ target }) => target === '/a').length, 3)

  for (const [round, writer] of each.entries()) {
    t.equal((await writer.ask('/a', 'POST')).text, String(round + 1))
    const reads = await Promise.all([...each.map((line) => line.ask('/a')), ...Array.from({ length: 20 }, () => ask('/a'))])
    t.same(
      reads.map(({ text }) => text).filter((version) => version !== String(round + 1)),
      [],
      'nothing old once the writer was answered',
    )
  }

  for (const line of each) t.match((await line.ask('/a')).headers['cache-status'], /hit/)
  const purged = await admin('/purge', { body: { key: 'a' } })
  t.match(JSON.parse(purged.text), { labels: ['k:a'], kind: 'hard' })
  for (const line of each) t.match((await line.ask('/a')).headers['cache-status'], /detail=purged/)

  const keys = JSON.parse((await admin('/keys?count=1000')).text) as { keys: string[]; cursor: string }
  t.match(keys.keys, [/^a\|h=/])
  const more = JSON.parse((await admin(`/keys?count=1000&cursor=${encodeURIComponent(keys.cursor)}`)).text)
  t.same(more.keys, [], 'what the first worker has is not listed again for the second')
  const shown = await admin(`/keys/${encodeURIComponent(keys.keys[0] as string)}`)
  t.match(JSON.parse(shown.text), { rule: 'a', state: 'fresh' })
  const { host } = new URL(String((await running.line('listening'))['address']))
  const explained = await admin(`/explain?url=${encodeURIComponent(`http://${host}/a`)}`)
  t.match(JSON.parse(explained.text), { rule: 'a', reason: 'fresh' })
  t.match(JSON.parse((await admin('/rules')).text), { rules: [{ name: 'a' }, { name: 'change' }] })
  t.match(JSON.parse((await admin('/health/ready')).text), { status: 'ready', store: { keys: 3 } })

  const total = 3 + 3 + 3 * (3 + 20) + 3 + 3
  const summary = JSON.parse((await admin('/metrics/cache')).text)
  const { purges, hitRate } = summary
  const { hits, misses } = summary.rules.a
  t.equal(hits + misses, total)
  t.equal(purges, 4, 'each counted once')
  const exposition = (await admin('/metrics')).text
  const sum = (name: string): number =>
    [...exposition.matchAll(new RegExp(`^${name}\\{[^\\n]*rule="a"[^\\n]*\\} (\\d+)$`, 'gm'))].reduce(
      (all, [, n]) => all + Number(n),
      0,
    )
  t.equal(sum('cache_hits_total'), hits)
  t.equal(sum('cache_misses_total'), misses)
  const rate = Number(/^cache_hit_rate\{[^\n]*\} ([\d.]+)$/m.exec(exposition)?.[1])
  t.equal(`${(100 * rate).toFixed(2)}%`, hitRate, 'a rate is not added up')
  t.match(exposition, /^workers\{service="springhouse",state="answering"\} 3$/m)
  await until('the log', () => accesses(running).length === asked + total + 3)

  t.match(JSON.parse((await admin('/metrics/cache', { method: 'DELETE' })).text), { hits: 0, misses: 0 })
  running.child.kill('SIGTERM')
  t.match(await running.ended, { status: 0, err: '' })
})

t.test(
  'a worker that is stopped is waited for until its lease has run out, and serves nothing old when it goes on',
  async (t) => {
    const { running, admin, lines, pidOf } = await openWorkers(t, 3)
    const [one, two] = await lines()
    const pid = pidOf(2)
    if (one === undefined || two === undefined || pid === undefined) return t.fail('two workers')
    t.equal((await two.ask('/a')).text, '0')
    process.kill(pid, 'SIGSTOP')
    const waiting = two.ask('/a')
    const startedAt = performance.now()
    const [written, health, metrics, summary] = await Promise.all([
      one.ask('/a', 'POST'),
      admin('/health/ready'),
      admin('/metrics'),
      admin('/metrics/cache'),
    ])
    const took = performance.now() - startedAt
    t.match(written, { status: 200, text: '1', headers: { 'springhouse-purge': undefined } }, 'done, not queued')
    t.ok(took > 1000, `${took} ms: not before the lease has run out`)
    t.ok(took < 5000, `${took} ms`)
    t.match(health, { status: 503, text: /Worker 2 does not answer/ })
    t.match(metrics.text, /^workers\{[^\n]*state="silent"\} 1$/m)
    t.match(JSON.parse(summary.text), { silent: [2] })
    const again = performance.now()
    t.match(await one.ask('/a', 'POST'), { text: '2' })
    t.ok(performance.now() - again < 1000, 'nobody waits for it a second time')

    process.kill(pid, 'SIGCONT')
    t.equal((await waiting).text, '2', 'not even to the request that had come before')
    t.equal((await two.ask('/a')).text, '2')
    t.equal((await one.ask('/a', 'POST')).text, '3')
    t.equal((await two.ask('/a')).text, '3')
    await running.line('change', ({ what, state, worker }) => what === 'ledger' && state === 'attached' && worker === 2)
    t.match(await admin('/health/ready'), { status: 200 })
  },
)

t.test('over Redis the workers share what is stored, and its ledger carries their purges', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { running, origin, admin, lines } = await openWorkers(t, 2, { REDIS_URL: redis.url, LOG_LEVEL: 'debug' })
  t.match(await running.line('listening'), { workers: 2, store: 'redis' })
  const [one, two] = await lines()
  if (one === undefined || two === undefined) return t.fail('two workers')
  const askedForA = (): number => origin.requests.filter(({ method, target }) => method === 'GET' && target === '/a').length
  t.equal((await one.ask('/a')).text, '0')
  await running.line('stored', ({ rule }) => rule === 'a')
  t.match(await two.ask('/a'), { text: '0', headers: { 'cache-status': /hit/ } })
  t.equal(askedForA(), 1)
  await one.ask('/a', 'POST')
  t.equal((await one.ask('/a')).text, '1')
  // The other one hears of it a moment later.
  while ((await two.ask('/a')).text !== '1');
  t.match(JSON.parse((await admin('/keys')).text).keys, [/^a\|h=/])
  const asked = askedForA()
  await admin('/purge', { body: { all: true } })
  while (askedForA() === asked) await Promise.all([one.ask('/a'), two.ask('/a')])
  t.match(JSON.parse((await admin('/health/ready')).text), { status: 'ready', ledger: { kind: 'redis', isAttached: true } })
  running.child.kill('SIGTERM')
  t.match(await running.ended, { status: 0, err: '' })
})

t.test('a worker that dies is started again; the others go on, and the new one hears of every purge', async (t) => {
  const { running, ask, admin, lines, pidOf } = await openWorkers(t, 2)
  const [one] = await lines()
  const pid = pidOf(2)
  if (one === undefined || pid === undefined) return t.fail('two workers')
  await one.ask('/a')
  process.kill(pid, 'SIGKILL')
  t.match(await running.line('worker-ended'), { level: 50, worker: 2, signal: 'SIGKILL' })
  t.match(await one.ask('/a'), { status: 200, text: '0' })
  t.match(await one.ask('/a', 'POST'), { status: 200, text: '1' })
  let isReady = false
  const look = async (): Promise<void> => {
    while (!isReady) isReady = (await admin('/health/ready')).status === 200
  }
  await look()
  t.ok(isAlive(pidOf(2)))
  t.not(pidOf(2), pid)
  const [, two] = await lines()
  t.equal((await two?.ask('/a'))?.text, '1')
  await one.ask('/a', 'POST')
  t.equal((await two?.ask('/a'))?.text, '2')
  t.equal((await ask('/a')).text, '2')
})

t.test('SIGTERM: not ready, and every worker answers what it has', async (t) => {
  const { running, origin, admin, lines, pidOf } = await openWorkers(t, 3)
  const each = await lines()
  const gate = makeGate()
  origin.script(async ({ reply }) => {
    await gate.wait()
    reply({ body: 'late' })
  })
  const answers = each.flatMap((line) => line.ask('/late'))
  await gate.arrived(3)
  const pids = [1, 2, 3].map(pidOf)
  running.child.kill('SIGTERM')
  await running.line('stopping')
  t.match(await admin('/health/ready'), { status: 503, text: /shutting down/ })
  gate.open()
  for (const answer of await Promise.all(answers))
    t.match(answer, { status: 200, text: 'late', headers: { connection: 'close' } })
  t.match(await running.ended, { status: 0, err: '' })
  t.same(pids.filter(isAlive), [])
})

t.test('a second signal, and the death of the process that started them, end all of them', async (t) => {
  const open = async () => {
    const house = await openWorkers(t, 2)
    const each = await house.lines()
    const gate = makeGate()
    house.origin.script(() => gate.wait())
    const answers = Promise.allSettled(each.map((line) => line.ask('/never')))
    await gate.arrived(2)
    return { ...house, answers, pids: [1, 2].map(house.pidOf) }
  }
  const twice = await open()
  twice.running.child.kill('SIGTERM')
  await twice.running.line('stopping')
  const again = setInterval(() => twice.running.child.kill('SIGTERM'), 50)
  t.equal((await twice.running.ended).status, 143)
  clearInterval(again)
  await until('the workers to end', () => !twice.pids.some(isAlive))
  await twice.answers

  const orphans = await openWorkers(t, 2)
  const pids = [1, 2].map(orphans.pidOf)
  t.ok(pids.every(isAlive))
  orphans.running.child.kill('SIGKILL')
  await until('the workers to end', () => !pids.some(isAlive))
  await t.rejects(orphans.ask('/a'), { code: 'ECONNREFUSED' })
})

t.test('rules are the same in every worker: good ones reach all, bad ones none', async (t) => {
  const { running, admin, lines, rulesFile, pidOf } = await openWorkers(t, 2)
  const each = await lines()
  await writeFile(`${rulesFile}.new`, rulesText.replace('GET /a', 'GET /b'))
  await rename(`${rulesFile}.new`, rulesFile)
  for (const worker of [1, 2]) await running.line('rules-reloaded', (line) => line['worker'] === worker)
  for (const line of each) {
    t.match((await line.ask('/a')).headers['cache-status'], /uri-miss|bypass|method|detail=no-lifetime/)
    await line.ask('/b')
    t.match((await line.ask('/b')).headers['cache-status'], /hit/)
  }
  t.match(JSON.parse((await admin('/rules')).text), { rules: [{ match: 'GET /b' }, {}] })

  await writeFile(rulesFile, 'version: 1\nrules: 7\n')
  running.child.kill('SIGHUP')
  await running.line('rules-refused')
  const pid = pidOf(1)
  if (pid === undefined) return t.fail('a worker')
  process.kill(pid, 'SIGKILL')
  await running.line('worker-ended')
  let isReady = false
  const look = async (): Promise<void> => {
    while (!isReady) isReady = (await admin('/health/ready')).status === 200
  }
  await look()
  for (const line of await lines()) {
    await line.ask('/b')
    t.match((await line.ask('/b')).headers['cache-status'], /hit/, 'the last good ones, also in one that was started since')
  }
})

t.test('what keeps a worker from starting stops all; a port that others share is noticed', async (t) => {
  const house = await openWorkers(t, 2)
  const port = new URL(house.address).port
  const env = { PORT: port, ADMIN_PORT: '0', HOST: '127.0.0.1', WORKERS: '2' }
  t.match(await run(t, ['serve', '--origin', house.origin.url, '--rules', house.rulesFile], { env }), {
    status: 2,
    out: '',
    err: new RegExp(`127\\.0\\.0\\.1:${port} is in use`),
  })
  t.match(await run(t, ['serve', '--origin', house.origin.url], { env: { ...env, PORT: '0' } }), {
    status: 2,
    out: '',
    err: /JWT_SECRET is not set/,
  })
  t.equal((await house.ask('/a')).text, '0')
})

/** The commands that ask a running proxy, as processes, against an admin API that is told what to answer. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { entryUnder, type FakeState, fakeAdmin, serveAdmin, token } from '../admin/fake-admin.ts'
import { type Ended, run } from './springhouse.ts'

async function scene(t: Tap, state: FakeState = {}, given: string | undefined = token) {
  const admin = fakeAdmin(state)
  const { url } = await serveAdmin(t, admin, given)
  const ask = (...args: string[]): Promise<Ended> => run(t, [...args, '--admin', url], { env: { ADMIN_TOKEN: token } })
  return { admin, url, ask }
}
type Tap = Parameters<typeof serveAdmin>[0]

t.test('purge sends every form and prints what was purged under which number', async (t) => {
  const { admin, ask } = await scene(t)
  const done = await ask(
    'purge',
    '--tag',
    'a',
    '--tag=b',
    '--key',
    'k',
    '--pattern',
    'p:*',
    '--rule',
    'badges',
    '--url',
    '/u',
    '--soft',
  )
  t.match(done, { status: 0, out: 'Marked stale: tag badges (number 7)\n' })
  t.equal(done.err, 'Warning: No rule gives the tag "a"\nWarning: No rule gives the tag "b"\n')
  t.match(await ask('purge', '--all'), { status: 0, out: 'Purged: tag badges (number 7)\n' })
  t.same(admin.orders, [
    { tags: ['a', 'b'], keys: ['k'], patterns: ['p:*'], rules: ['badges'], urls: ['/u'], isAll: false, kind: 'soft' },
    { tags: [], keys: [], patterns: [], rules: [], urls: [], isAll: true, kind: 'hard' },
  ])
  const json = await ask('purge', '--tag', 'badges', '--json')
  t.same(JSON.parse(json.out), { number: 7, labels: ['t:badges'], kind: 'hard' })
  t.match(await ask('purge', '--tag', 'bagdes', '--dry-run'), {
    err: /No rule gives the tag "bagdes": did you mean "badges"\?\n$/,
  })
})

t.test('purge that was not done exits 1, one that names nothing 2', async (t) => {
  const { ask } = await scene(t, { result: { kind: 'queued', waiting: 4 } })
  t.match(await ask('purge', '--all'), { status: 1, out: '', err: /The ledger did not take the purge \(4 waiting\)/ })
  t.match(await ask('purge', '--rule', 'badge'), { status: 2, err: /No rule is called "badge": write "badges"/ })
  t.match(await ask('purge', '--soft'), { status: 2, err: /Nothing is named\nUsage: springhouse purge / })
})

t.test('purge --dry-run lists every page and purges nothing', async (t) => {
  const { admin, ask } = await scene(t, { keys: ['a', 'b', 'c', 'd', 'e'] })
  const dry = await ask('purge', '--tag', 'badges', '--dry-run')
  t.match(dry, { status: 0, out: 'a\nb\nc\nd\ne\n', err: '5 keys carry tag badges; nothing was purged\n' })
  t.same(JSON.parse((await ask('purge', '--tag', 'badges', '--dry-run', '--json')).out).keys.length, 5)
  t.same(admin.orders, [])
})

t.test('keys lists pages up to the count, and says when there are more', async (t) => {
  const { ask } = await scene(t, { keys: ['a', 'b', 'c\u001b[2J', 'd', 'e'] })
  t.match(await ask('keys'), { status: 0, out: 'a\nb\nc�[2J\nd\ne\n', err: '' }, 'and no key moves the cursor')
  t.match(await ask('keys', '--count', '3'), { status: 0, out: 'a\nb\nc�[2J\n', err: /There are more/ })
  t.same(JSON.parse((await ask('keys', 'a*', '--json')).out), { keys: ['a'], isComplete: true })
  t.match(await ask('keys', '--count', 'all'), { status: 2, err: /--count is not a whole number/ })
})

t.test('show describes one entry, without secrets', async (t) => {
  const { ask } = await scene(t, {
    shown: [entryUnder('user:a%40b:x|h=1'), entryUnder('user:a%40b:x|h=2')],
    keys: ['user:a%40b:x|h=1', 'user:a%40b:x|h=2'],
  })
  const shown = await ask('show', 'user:a%40b:x|h=1')
  t.equal(shown.status, 0, shown.err)
  t.match(shown.out, /^state +fresh for 48 s$/m)
  t.match(shown.out, /^labels +key badges:all\n +tag badges\n/m)
  t.match(shown.out, /set-cookie: \*\*\*/)
  t.match(JSON.parse((await ask('show', 'user:a%40b:x|h=1', '--json')).out), { rule: 'badges', bytes: 40 })
  t.match(await ask('show', 'nothing'), { status: 1, out: '', err: /Nothing is stored under "nothing": springhouse keys/ })
  t.match(await ask('show', 'user:a%40b:x'), { status: 1, err: /did you mean\n {2}user:a%40b:x\|h=1\n {2}user:a%40b:x\|h=2/ })
})

t.test('stats prints a table of what was met, or JSON', async (t) => {
  const { admin, ask } = await scene(t)
  const tallyOf = (name: string) => admin.tallies.rule(name)
  for (const reason of ['uri-miss', 'fresh', 'fresh', 'fresh'] as const)
    tallyOf('badges').answered(reason, reason === 'fresh' ? 'memory' : 'none', 0.001)
  const stats = await ask('stats')
  t.equal(stats.status, 0, stats.err)
  t.match(stats.out, /^rule +hit rate +hits +stale +misses/)
  t.match(stats.out, /^badges +75\.00% +3 +0 +1 /m)
  t.match(stats.out, /^\(all\) +75\.00% +3 /m)
  t.notMatch(stats.out, /^detail/m)
  tallyOf('detail').answered('write', 'none', 0.001)
  t.match((await ask('stats')).out, /^detail +– +0 +0 +0 +0 +1 /m, 'what asked the store for nothing has no hit rate')
  t.match(JSON.parse((await ask('stats', '--json')).out), { hits: 3, hitRate: '75.00%', rules: { detail: { hits: 0 } } })
})

t.test('explain asks the proxy', async (t) => {
  const { admin, ask } = await scene(t)
  const explained = await ask('explain', 'get', '/badges?a=b', '--header', 'accept: x', '--header', 'a: b')
  t.equal(explained.status, 0, explained.err)
  t.match(explained.out, /^GET \/badges\?a=b\nrule +badges\n/)
  t.match(explained.out, /^reason +uri-miss: Nothing is stored under the key\.$/m)
  t.match(explained.out, /^labels +key badges:all$/m)
  t.match(admin.asked, [{ method: 'GET', target: { raw: '/badges?a=b' }, fields: ['accept', 'x', 'a', 'b'] }])
  t.match(await ask('explain', 'badges'), { status: 2, err: /"badges" is not a URL/ })
})

t.test('no token, a wrong one, and an API that only reads are said in one line', async (t) => {
  const { url } = await scene(t)
  for (const env of [{}, { ADMIN_TOKEN: 'wrong' }]) {
    const refused = await run(t, ['stats', '--admin', url], { env })
    t.match(refused, {
      status: 1,
      out: '',
      err: /^springhouse stats: The token is missing or wrong: send the value of ADMIN_TOKEN.*\n$/,
    })
  }
  const readOnly = await serveAdmin(t, fakeAdmin())
  t.match(await run(t, ['purge', '--all', '--admin', readOnly.url]), {
    status: 1,
    err: /only reads, because it has no token: set ADMIN_TOKEN/,
  })
})

t.test('nobody there, or somebody else, is said in one line and exits 1', async (t) => {
  let said = '<html>'
  const server = createServer((_, response) => response.writeHead(404).end(said)).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  // The second is what an API says that is reached through the public port.
  for (said of ['<html>', '{"error":"There is no GET /metrics/cache"}'])
    t.match(await run(t, ['stats', '--admin', `127.0.0.1:${port}`]), {
      status: 1,
      err: /^springhouse stats: What answers at http:\/\/127\.0\.0\.1:\d+ is not the admin API of Springhouse: name its .+--admin\n$/,
    })
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  const nobody = await run(t, ['stats'], { env: { ADMIN_PORT: String(port) } })
  t.match(nobody, {
    status: 1,
    out: '',
    err: /^springhouse stats: No Springhouse answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\): start one.*\n$/,
  })
  t.match(await run(t, ['stats', '--admin', 'ftp://x']), { status: 2, err: /is no address/ })
  t.match(await run(t, ['stats', '--env', 'test']), { status: 2, err: /name the address with --admin/ })
})

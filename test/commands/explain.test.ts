import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { signDemoToken } from '../../src/example/token.ts'
import { run } from './springhouse.ts'

const secret = 'a secret that only this test knows, long enough'

t.test('explain --rules says rule, key and labels without any proxy', async (t) => {
  const { status, out, err } = await run(t, [
    'explain',
    '/api/experiences?category=tours&utm=x',
    '--rules',
    'rules.yaml',
    '--json',
  ])
  t.equal(status, 0, err)
  const explained = JSON.parse(out)
  t.match(explained, {
    rule: 'experience-list',
    way: 'read',
    outcome: 'fetch',
    reason: 'uri-miss',
    key: /^guelaguetza:experiences:list:cat:tours:page:1:limit:10\b/,
    forwardTarget: '/api/experiences?category=tours',
    credentials: 'stripped',
  })
  t.ok(explained.labels.includes('t:experiences'))
  t.ok(explained.labels.includes('p:experiences:'))
})

t.test('explain --rules verifies tokens with the secret that the rules name', async (t) => {
  const args = ['explain', 'GET', '/api/cart', '--rules', 'rules.yaml', '--json']
  const signed = ['--header', `authorization: Bearer ${signDemoToken({ sub: 'lupita' }, secret)}`]
  const explained = async (more: string[], env: Record<string, string>) =>
    JSON.parse((await run(t, [...args, ...more], { env })).out)
  t.match(await explained(signed, { JWT_SECRET: secret }), { rule: 'cart', identity: 'somebody', key: /:cart:lupita\b/ })
  t.match(await explained(signed, { JWT_SECRET: 'quite another secret of the same length' }), {
    identity: 'invalid',
    reason: 'identity-invalid',
  })
  t.match(await explained(signed, {}), { identity: 'invalid', notes: [/./, 'JWT_SECRET is not set: no token can be verified'] })
  t.match(await explained([], { JWT_SECRET: secret }), { identity: 'nobody', reason: 'identity-missing' })
})

t.test('explain --rules of a write names what it triggers', async (t) => {
  const { out } = await run(t, ['explain', 'POST', '/api/bookings', '--rules', 'rules.yaml'])
  t.match(out, /^outcome +forwarded to the origin as a write$/m)
  t.match(out, /^triggers +booking-created$/m)
  t.match(out, /^purges +prefix experience:\n +prefix user:\n/m)
  t.match(out, /^ +uri localhost:8080\/api\/bookings\n +\(at most: 4 of its names need a body, or have no value\)$/m)
  t.notMatch(out, /again after|not recorded/)
})

t.test('explain --rules of a write says when it is purged again, and what becomes of it where it cannot be', async (t) => {
  const cwd = t.testdir()
  const rule = '{ name: a, match: POST /a, purge: { rules: [b], settle: 1500ms, on_purge_failure: refuse } }'
  const read = '{ name: b, match: GET /b, cache: { ttl: 1m } }'
  await writeFile(join(cwd, 'rules.yaml'), `version: 1\nrules:\n  - ${read}\n  - ${rule}\n`)
  const { out } = await run(t, ['explain', 'POST', '/a', '--rules', 'rules.yaml'], { cwd })
  t.match(out, /^purges +rule b\n +uri localhost:8080\/a\nagain after +1s500ms\nnot recorded +the write is answered 503/m)
})

t.test('explain --rules of a file that is wrong or not there exits 2', async (t) => {
  const cwd = t.testdir()
  await writeFile(join(cwd, 'bad.yaml'), 'version: 1\nruls: []\n')
  t.match(await run(t, ['explain', '/', '--rules', 'bad.yaml'], { cwd }), { status: 2, out: '', err: /bad\.yaml:2:1: error: / })
  t.match(await run(t, ['explain', '/', '--rules', 'none.yaml'], { cwd }), { status: 2, err: /There is no file "none\.yaml"/ })
  t.match(await run(t, ['explain', '/', '--rules', '.'], { cwd }), {
    status: 2,
    out: '',
    err: /Cannot read "\.": it is a folder\n$/,
  })
})

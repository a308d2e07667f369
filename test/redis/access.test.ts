import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { missingRights, neededCommands } from '../../src/redis/rights.ts'
import { describeTarget, type RedisTls } from '../../src/redis/target.ts'
import { certificate, certificateKey, certificateName } from '../fixtures/certificate.ts'
import { freePort, type RedisServer, startRedis } from '../fixtures/redis.ts'
import { anybody, connect, outsider, standalone } from './fixture.ts'

async function startWithTls(t: Test): Promise<{ port: number; server: RedisServer }> {
  const folder = await mkdtemp(join(tmpdir(), 'springhouse-tls-'))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  await Promise.all([writeFile(cert, certificate), writeFile(key, certificateKey)])
  const port = await freePort()
  const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert, '--tls-auth-clients', 'no']
  const server = await startRedis(['--tls-port', String(port), ...files])
  t.teardown(async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })
  return { port, server }
}

t.test('TLS: a certificate of the given authority, for the given name, and no other', async (t) => {
  const { port } = await startWithTls(t)
  const tls: RedisTls = { ca: certificate, servername: certificateName, rejectUnauthorized: true }
  const good = await connect(t, standalone(port, { tls }), { commandTimeout: 1000 })
  t.equal(await good.connection.send((redis) => redis.set('k', 'v')), 'OK')
  const bad: Array<[RedisTls | undefined, RegExp]> = [
    [{ ...tls, ca: undefined }, /self.signed/],
    [{ ...tls, servername: undefined }, /does not match certificate/],
  ]
  for (const [wrong, why] of bad) {
    const { connection, reached, events } = await connect(t, standalone(port, { tls: wrong }))
    await reached('down')
    t.notMatch(events, [{ state: 'ready' }])
    t.equal(connection.session, 0)
    t.match(connection.cause, why)
  }
  const unchecked = await connect(t, standalone(port, { tls: { ...tls, ca: undefined, rejectUnauthorized: false } }))
  t.equal(unchecked.connection.state, 'ready')
})

t.test('a user with the rights that are documented can do everything; one with fewer is told which are missing', async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const admin = outsider(t, server.port)
  const all = Object.values(neededCommands).flat()
  const user = async (name: string, ...rights: string[]) => {
    await admin.call('ACL', 'SETUSER', name, 'on', '>secret', 'resetchannels', '-@all', ...rights)
    const { connection } = await connect(t, standalone(server.port, { username: name, password: 'secret' }), {
      commandTimeout: 1000,
    })
    t.equal(connection.state, 'ready')
    return missingRights(connection, 'p', ['append'])
  }
  t.same(await user('whole', '~p:*', '+append', ...all.map((name) => `+${name}`)), [])
  t.same(
    await user(
      'few',
      '~p:*',
      '+append',
      ...all.filter((name) => !['zadd', 'get', 'unlink'].includes(name)).map((name) => `+${name}`),
    ),
    ['+get', '+unlink', '+zadd'],
  )
  t.same(await user('no-append', '~p:*', ...all.map((name) => `+${name}`)), ['+append'])
  t.same(await user('elsewhere', '~q:*', '+append', ...all.map((name) => `+${name}`)), ['~p:*'])
  t.same(await user('no-script', '~p:*', '+info', '+ping', '+client'), ['+eval'])
})

t.test('describeTarget says where, and never who', async (t) => {
  const who = { ...anybody, username: 'me', password: 'hush' }
  t.equal(describeTarget(standalone(7, who)), '127.0.0.1:7')
  const nodes = [
    { host: '::1', port: 1 },
    { host: 'b', port: 2 },
  ]
  t.equal(describeTarget({ kind: 'cluster', nodes, ...who }), '[::1]:1,b:2')
  t.equal(
    describeTarget({ kind: 'sentinel', sentinels: nodes, name: 'main', db: 0, ...who, sentinelAccess: who }),
    'main of [::1]:1,b:2',
  )
})

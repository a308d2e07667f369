import t from 'tap'
import { givenByDefault, givenByEnvironment, givenByFlags } from '../../src/settings/given.ts'

t.test('givenByEnvironment takes the variables of the table, and no empty one', async (t) => {
  const given = givenByEnvironment({ PORT: '1', HOST: '', HOME: '/root', RULES: undefined })
  t.match(given, [{ row: { path: 'server.port' }, layer: 'env', source: 'PORT', texts: ['1'] }])
  t.equal(given.length, 1)
})

t.test('givenByFlags takes the flags of the table, switches included, and leaves the others to the command', async (t) => {
  const given = givenByFlags({ port: '1', soft: true, rules: undefined, service: true })
  t.match(given, [
    { row: { path: 'server.port' }, layer: 'flag', source: '--port', texts: ['1'] },
    { row: { path: 'service' }, texts: ['true'] },
  ])
  t.equal(given.length, 2)
})

t.test('givenByDefault leaves out what is unset by default', async (t) => {
  const paths = givenByDefault().map(({ row }) => row.path)
  t.ok(paths.includes('server.port'))
  t.notOk(paths.includes('admin.token'))
})

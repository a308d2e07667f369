import t from 'tap'
import { isLoopback } from '../../src/settings/agreement.ts'
import { loadSettings } from '../../src/settings/load.ts'

t.test('isLoopback is true only for what other machines cannot reach', async (t) => {
  for (const host of ['127.0.0.1', '127.8.8.8', '::1', 'localhost', '::ffff:127.0.0.1']) t.equal(isLoopback(host), true, host)
  for (const host of [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    'admin.example',
    '127.0.0.1.example',
    'localhost.example',
    '::ffff:10.0.0.1',
  ]) {
    t.equal(isLoopback(host), false, host)
  }
})

t.test('entries may be larger than memory only where Redis keeps them', async (t) => {
  const load = (env: Record<string, string>) =>
    loadSettings({ env, flags: { 'memory-limit': '0B' }, readFile: () => '', cwd: '/', environmentName: 'test' })
  t.match(load({}), { kind: 'problems', problems: [{ key: 'store.max_entry' }] })
  t.match(load({ REDIS_URL: 'redis://localhost' }), { kind: 'settings' })
})

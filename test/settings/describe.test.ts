import t from 'tap'
import { formatSettingsHelp, formatSettingsTable, redactedSettings } from '../../src/settings/describe.ts'
import { loadSettings } from '../../src/settings/load.ts'
import { table } from '../../src/settings/table.ts'

t.test('formatSettingsTable has one row of six cells for each setting', async (t) => {
  const [head, rule, ...rows] = formatSettingsTable().split('\n')
  t.equal(head, '| setting | variable | flag | value | default | what |')
  t.equal(rule, '|---|---|---|---|---|---|')
  t.equal(rows.length, table.length)
  for (const row of rows) t.equal(row.split(/(?<!\\)\|/).length, 8, row)
  t.ok(rows.includes('| `server.port` | `PORT` | `--port` | port | `8080` | Port to listen on; 0 takes a free one |'))
})

t.test('formatSettingsHelp names every flag with its default and variable', async (t) => {
  const help = formatSettingsHelp()
  for (const { flag } of table) if (flag !== undefined) t.match(help, `--${flag} `)
  t.match(help, /^ {2}--port <port> +Port to listen on; 0 takes a free one \(default 8080, PORT\)$/m)
})

t.test('redactedSettings shows no secret, and leaves the settings themselves alone', async (t) => {
  const env = { ADMIN_TOKEN: 'hush1', REDIS_URL: 'redis://me:hush2@h', ORIGIN_URL: 'http://a' }
  const loaded = loadSettings({ env, flags: {}, environmentName: undefined, cwd: '/srv', readFile: () => undefined })
  if (loaded.kind === 'problems') return t.fail(JSON.stringify(loaded.problems))
  const shown = redactedSettings(loaded.settings)
  t.notMatch(JSON.stringify(shown), /hush/)
  t.match(shown, {
    admin: { token: '***' },
    redis: { password: '***', username: 'me', host: 'h' },
    origin: { addresses: ['http://a'] },
  })
  t.equal(loaded.settings.admin.token, 'hush1')

  const bare = loadSettings({ env: {}, flags: {}, environmentName: undefined, cwd: '/srv', readFile: () => undefined })
  if (bare.kind === 'problems') return t.fail(JSON.stringify(bare.problems))
  t.match(redactedSettings(bare.settings), { admin: { token: undefined }, redis: undefined })
})

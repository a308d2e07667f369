import t from 'tap'
import { formatSettingsTable } from '../../src/settings/describe.ts'
import { table } from '../../src/settings/table.ts'

t.test('formatSettingsTable has one row of six cells for each setting', async (t) => {
  const [head, rule, ...rows] = formatSettingsTable().split('\n')
  t.equal(head, '| setting | variable | flag | value | default | what |')
  t.equal(rule, '|---|---|---|---|---|---|')
  t.equal(rows.length, table.length)
  for (const row of rows) t.equal(row.split(/(?<!\\)\|/).length, 8, row)
  t.ok(rows.includes('| `server.port` | `PORT` | `--port` | port | `8080` | Port to listen on; 0 takes a free one |'))
})

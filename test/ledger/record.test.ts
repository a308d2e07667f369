import fc from 'fast-check'
import t from 'tap'
import { parseRecord } from '../../src/ledger/record.ts'

const whole = ['v', '1', 'e', '77', 'k', 'soft', 't', '1000', 'l', '["k:a"]', 'o', '["h:x"]']

t.test('parseRecord: a purge with its number, and anything else is unknown', async (t) => {
  t.same(parseRecord(['12-0', whole]), {
    kind: 'purge',
    purge: { epoch: '77', number: 12, kind: 'soft', at: 1000, labels: ['k:a'], others: ['h:x'] },
  })
  const cases: ReadonlyArray<readonly [name: string, fields: readonly string[]]> = [
    ['another version', ['v', '2', ...whole.slice(2)]],
    ['no version', whole.slice(2)],
    ['no epoch', [...whole.slice(0, 2), ...whole.slice(4)]],
    ['another kind', [...whole, 'k', 'gentle']],
    ['labels that are no array', [...whole, 'l', '{}']],
    ['labels that are no texts', [...whole, 'l', '[1]']],
    ['labels that are no JSON', [...whole, 'l', '["']],
    ['no others', whole.slice(0, 10)],
    ['a time that is none', [...whole, 't', 'soon']],
  ]
  for (const [name, fields] of cases) t.same(parseRecord(['12-0', fields]), { kind: 'unknown', number: 12 }, name)
  for (const id of ['12-1', 'x', '', '99999999999999999-0']) {
    t.match(parseRecord([id, whole]), { kind: 'unknown' }, id)
  }
})

t.test('parseRecord never throws', async () => {
  fc.assert(fc.property(fc.anything(), (entry) => ['purge', 'unknown'].includes(parseRecord(entry).kind)))
})

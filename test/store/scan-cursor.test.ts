import t from 'tap'
import { nextCursor, readCursor } from '../../src/store/scan-cursor.ts'

const members = ['10.0.0.1:1', '10.0.0.2:1', '[::1]:1']

t.test('a single server is scanned by the cursor that Redis gives', async (t) => {
  t.same(readCursor('', ['']), { member: '', at: '0' })
  t.same(readCursor('17', ['']), { member: '', at: '17' })
  t.equal(nextCursor('18', '', ['']), '18')
  t.equal(nextCursor('0', '', ['']), undefined)
})

t.test('a Cluster is scanned member by member', async (t) => {
  t.same(readCursor('', members), { member: '10.0.0.1:1', at: '0' })
  t.equal(nextCursor('17', '10.0.0.1:1', members), '17@10.0.0.1:1')
  t.same(readCursor('17@10.0.0.1:1', members), { member: '10.0.0.1:1', at: '17' })
  t.equal(nextCursor('0', '10.0.0.1:1', members), '0@10.0.0.2:1')
  t.equal(nextCursor('0', '[::1]:1', members), undefined)
})

t.test('a member that has gone is passed over, and what is no cursor is the beginning', async (t) => {
  t.same(readCursor('17@10.0.0.1:9', members), { member: '10.0.0.2:1', at: '0' })
  t.same(readCursor('17@zzz', members), { member: undefined, at: '0' }, 'nobody is asked who is not a member')
  t.same(readCursor('17', members), { member: '10.0.0.1:1', at: '0' }, 'of a single server, once')
  t.equal(nextCursor('0', '10.0.0.1:9', members), '0@10.0.0.2:1')
  for (const text of ['x', '-1', '1@', `${'9'.repeat(21)}`, '1@\n']) {
    t.same(readCursor(text, members), { member: '10.0.0.1:1', at: '0' }, text)
  }
  t.same(readCursor('', []), { member: undefined, at: '0' })
})

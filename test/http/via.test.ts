import t from 'tap'
import { withVia } from '../../src/http/via.ts'

t.test('withVia names us where nobody was before', async (t) => {
  t.same(withVia(['Host', 'a']), ['Host', 'a', 'Via', '1.1 springhouse'])
})

t.test('withVia appends us to all lines that are there', async (t) => {
  t.same(withVia(['Via', '1.0 fred', 'Host', 'a', 'via', '1.1 edge (x, y)']), [
    'Host',
    'a',
    'Via',
    '1.0 fred, 1.1 edge (x, y), 1.1 springhouse',
  ])
})

t.test('withVia says by which protocol the message came', async (t) => {
  t.same(withVia(['Via', ''], '1.0'), ['Via', '1.0 springhouse'])
})

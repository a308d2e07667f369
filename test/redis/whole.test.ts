import t from 'tap'
import type { ConnectionEvent, ConnectionState } from '../../src/redis/connection.ts'
import { reportWhole } from '../../src/redis/whole.ts'

const event = (state: ConnectionState, cause?: string): ConnectionEvent => ({ kind: 'redis', state, cause })

t.test('reportWhole: one line when it goes, one when all of it is back, one at the end', async (t) => {
  const said: ConnectionEvent[] = []
  const join = reportWhole((event) => said.push(event))
  const [one, two] = [join(), join()]
  one(event('ready'))
  two(event('ready'))
  one(event('silent', 'Command timed out'))
  two(event('silent', 'Command timed out'))
  one(event('ready'))
  two(event('down', 'ECONNREFUSED'))
  two(event('ready'))
  one(event('closed'))
  two(event('closed'))
  t.same(
    said.map(({ state }) => state),
    ['ready', 'silent', 'down', 'ready', 'closed'],
  )
  t.match(said[1], { cause: 'Command timed out' })
})

t.test('reportWhole: a node of a Cluster is said once, whoever noticed', async (t) => {
  const said: ConnectionEvent[] = []
  const join = reportWhole((event) => said.push(event))
  const [one, two] = [join(), join()]
  for (const state of ['silent', 'ready'] as const) {
    for (const report of [one, two]) report({ kind: 'redis-node', node: 'a:1', state, cause: undefined })
  }
  t.same(
    said.map(({ state }) => state),
    ['silent', 'ready'],
  )
})

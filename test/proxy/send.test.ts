import t from 'tap'
import { OriginError } from '../../src/origin/origin.ts'
import { send } from '../../src/proxy/send.ts'
import { makeParts } from '../fixtures/parts.ts'
import { makeOrigin, reply } from './fake-origin.ts'

const request = { method: 'GET', target: '/a', fields: [], body: undefined }

t.test('send: an answer, or why there is none; both are counted', async (t) => {
  const counted: unknown[] = []
  const origin = makeOrigin(({ target }) => {
    if (target === '/b') throw new OriginError('origin-timeout', true, 'Too slow')
    if (target === '/c') throw new Error('A defect')
    return reply({ status: 201 })
  })
  const { parts } = makeParts({ origin })
  const watched = { ...parts, observer: { ...parts.observer, originAnswered: (event: unknown) => void counted.push(event) } }
  const outcomes: unknown[] = []
  for (const target of ['/a', '/b', '/c']) {
    const { response } = await send(watched, 'rule', { ...request, target })
    outcomes.push(response instanceof OriginError ? response.failure : response.status)
  }
  t.same(outcomes, [201, 'origin-timeout', 'origin-broken'])
  t.match(counted, [{ rule: 'rule', status: 201 }, { status: undefined }, { status: undefined }])
})

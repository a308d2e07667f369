import { Readable } from 'node:stream'
import t from 'tap'
import type { OriginRequest } from '../../src/origin/origin.ts'
import { checkRequest } from '../../src/origin/request-check.ts'

function request(changes: Partial<OriginRequest>): OriginRequest {
  return { method: 'GET', target: '/', fields: ['Host', 'api'], body: undefined, ...changes }
}

const refused: ReadonlyArray<readonly [name: string, changes: Partial<OriginRequest>]> = [
  ['a method with a space', { method: 'G T' }],
  ['an empty method', { method: '' }],
  ['CONNECT', { method: 'CONNECT' }],
  ['TRACE', { method: 'TRACE' }],
  ['OPTIONS *', { method: 'OPTIONS', target: '*' }],
  ['a target with a space', { target: '/a b' }],
  ['a target without a slash', { target: 'a' }],
  ['an absolute target', { target: 'http://evil/' }],
  ['a fragment', { target: '/a#b' }],
  ['a line feed in the target', { target: '/a\nb' }],
  ['a character beyond latin1 in the target', { target: '/a\u0100' }],
  ['a field name with a space', { fields: ['a b', '1'] }],
  ['an empty field name', { fields: ['', '1'] }],
  ['a line feed in a value', { fields: ['a', 'x\ny'] }],
  ['a NUL in a value', { fields: ['a', 'x\0y'] }],
  ['a character beyond latin1 in a value', { fields: ['a', '\u0100'] }],
  ['a name without a value', { fields: ['a'] }],
  ['two Hosts', { fields: ['Host', 'a', 'host', 'b'] }],
  ['two lengths', { method: 'POST', fields: ['Content-Length', '1', 'Content-Length', '2'], body: Buffer.from('x') }],
  ['a length that is no number', { method: 'POST', fields: ['Content-Length', '+1'], body: Buffer.from('x') }],
  ['a length other than the body', { method: 'POST', fields: ['Content-Length', '5'], body: Buffer.from('xx') }],
  ['a length without a body', { method: 'POST', fields: ['Content-Length', '5'] }],
]

for (const [name, changes] of refused) {
  t.test(`checkRequest: refuses ${name}`, async (t) => {
    t.equal(checkRequest(request(changes), 'keep').kind, 'refused')
  })
}

t.test('checkRequest: drops what is about the connection, keeps the rest as it came', async (t) => {
  const fields = ['hOST', 'api', 'Connection', 'x-hop, Keep-Alive', 'X-Hop', '1', 'Expect', '100-continue', 'Upgrade', 'h2c']
  fields.push(
    'Keep-Alive',
    'x',
    'Transfer-Encoding',
    'chunked',
    'TE',
    'trailers',
    'X-A',
    'caf\xe9',
    'x-a',
    '2',
    'Content-Length',
    '0',
  )
  t.strictSame(checkRequest(request({ fields }), 'keep'), {
    kind: 'sendable',
    fields: ['hOST', 'api', 'X-A', 'caf\xe9', 'x-a', '2'],
  })
})

t.test('checkRequest: Connection cannot take Host away', async (t) => {
  const fields = ['Host', 'api', 'Connection', 'host']
  t.strictSame(checkRequest(request({ fields }), 'keep'), { kind: 'sendable', fields: ['Host', 'api'] })
})

t.test('checkRequest: Host is replaced where a name is set', async (t) => {
  t.match(checkRequest(request({}), 'inner'), { fields: ['Host', 'inner'] })
  t.match(checkRequest(request({ fields: [] }), 'inner'), { fields: ['Host', 'inner'] })
})

t.test('checkRequest: a streamed body keeps its length, said once', async (t) => {
  const fields = ['Content-Length', '3', 'content-length', '3']
  t.match(checkRequest(request({ method: 'POST', fields, body: Readable.from(['abc']) }), 'keep'), {
    fields: ['Content-Length', '3'],
  })
})

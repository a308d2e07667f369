import fc from 'fast-check'
import t from 'tap'
import { fieldLines, fieldValue } from '../../src/http/fields.ts'
import { type Arrival, forwardedFields, steeringFields } from '../../src/http/forwarded.ts'

const plain: Arrival = {
  fields: ['Host', 'api.example'],
  clientAddress: '192.0.2.1',
  scheme: 'https',
  host: 'api.example:8443',
  isTrusted: false,
  sendForwarded: false,
}
const claims = [
  'X-Forwarded-For',
  '203.0.113.9',
  'x-forwarded-proto',
  'http',
  'X-Forwarded-Host',
  'edge.example',
  'Forwarded',
  'for=_x',
]

t.test('forwardedFields says who asked, how, and for which host', async (t) => {
  t.same(forwardedFields(plain), [
    'Host',
    'api.example',
    'X-Forwarded-For',
    '192.0.2.1',
    'X-Forwarded-Proto',
    'https',
    'X-Forwarded-Host',
    'api.example:8443',
  ])
})

t.test('forwardedFields replaces what a stranger claims', async (t) => {
  const fields = forwardedFields({ ...plain, fields: [...plain.fields, ...claims] })
  t.same(fields, forwardedFields(plain))
})

t.test('forwardedFields appends to the addresses of a trusted peer and keeps its scheme and host', async (t) => {
  const fields = forwardedFields({ ...plain, fields: [...claims, 'X-Forwarded-For', '198.51.100.7'], isTrusted: true })
  t.same(fields, [
    'X-Forwarded-For',
    '203.0.113.9, 198.51.100.7, 192.0.2.1',
    'X-Forwarded-Proto',
    'http',
    'X-Forwarded-Host',
    'edge.example',
  ])
})

t.test('forwardedFields does not keep a malformed scheme or host of a trusted peer', async (t) => {
  const fields = ['X-Forwarded-Proto', 'https, http', 'X-Forwarded-Host', 'a.example/x']
  const sent = forwardedFields({ ...plain, fields, isTrusted: true })
  t.equal(fieldValue(sent, 'x-forwarded-proto'), 'https')
  t.equal(fieldValue(sent, 'x-forwarded-host'), 'api.example:8443')
})

t.test('forwardedFields writes Forwarded when asked to', async (t) => {
  const sent = forwardedFields({ ...plain, sendForwarded: true, fields: claims })
  t.equal(fieldValue(sent, 'forwarded'), 'for=192.0.2.1;host="api.example:8443";proto=https')
  const appended = forwardedFields({ ...plain, sendForwarded: true, isTrusted: true, fields: claims, host: 'a.example' })
  t.equal(fieldValue(appended, 'forwarded'), 'for=_x, for=192.0.2.1;host=a.example;proto=https')
})

t.test('forwardedFields quotes IPv6 in Forwarded, and unwraps IPv4 inside IPv6', async (t) => {
  const six = forwardedFields({ ...plain, sendForwarded: true, clientAddress: '2001:db8::1', host: 'a' })
  t.equal(fieldValue(six, 'x-forwarded-for'), '2001:db8::1')
  t.equal(fieldValue(six, 'forwarded'), 'for="[2001:db8::1]";host=a;proto=https')
  t.equal(fieldValue(forwardedFields({ ...plain, clientAddress: '::ffff:192.0.2.1' }), 'x-forwarded-for'), '192.0.2.1')
})

for (const isTrusted of [false, true]) {
  for (const name of steeringFields.keys()) {
    t.test(`forwardedFields removes ${name} from a ${isTrusted ? 'trusted' : 'strange'} peer`, async (t) => {
      const fields = ['Host', 'api.example', name.toUpperCase(), '/admin', name, 'x']
      t.same(forwardedFields({ ...plain, fields, isTrusted }), forwardedFields(plain))
    })
  }
}

t.test('the table of steering fields holds the known ones, in lower case, with a word on each', async (t) => {
  for (const name of [
    'x-original-url',
    'x-rewrite-url',
    'x-http-method-override',
    'x-http-method',
    'x-method-override',
    'x-host',
  ]) {
    t.ok(steeringFields.has(name), name)
  }
  for (const [name, reason] of steeringFields) t.ok(name === name.toLowerCase() && reason !== '', name)
})

t.test('whatever a stranger sends, the origin hears one address, one scheme and one host: ours', async () => {
  const name = fc.constantFrom('X-Forwarded-For', 'x-forwarded-proto', 'X-FORWARDED-HOST', 'Forwarded', 'X-Real-IP')
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.string())), (lines) => {
      const sent = forwardedFields({ ...plain, fields: lines.flat() })
      const heard = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'].flatMap((field) => fieldLines(sent, field))
      return sent.length === 6 && heard.join() === '192.0.2.1,https,api.example:8443'
    }),
  )
})

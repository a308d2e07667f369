import fc from 'fast-check'
import t from 'tap'
import { connectionTokens, endToEnd, isEndToEnd } from '../../src/http/hop-by-hop.ts'

const hop = [
  'Connection',
  'Keep-Alive',
  'Proxy-Connection',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Proxy-Authentication-Info',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
  'HTTP2-Settings',
]

for (const name of hop) {
  t.test(`endToEnd removes ${name}, whether Connection names it or not`, async (t) => {
    t.same(endToEnd(['Host', 'a', name, 'x', name.toUpperCase(), 'y']), ['Host', 'a'])
    t.same(endToEnd(['Connection', name, name, 'x', 'Host', 'a']), ['Host', 'a'])
  })
}

t.test('endToEnd keeps order, case and duplicates of what travels on', async (t) => {
  const fields = ['Set-Cookie', 'a', 'X-B', '', 'set-cookie', 'c']
  t.same(endToEnd(fields), fields)
})

t.test('endToEnd removes what any Connection line names', async (t) => {
  const fields = ['Connection', 'close, X-One', 'X-One', '1', 'x-two', '2', 'connection', 'X-TWO', 'X-Three', '3']
  t.same(endToEnd(fields), ['X-Three', '3'])
})

for (const name of [
  'Host',
  'Content-Length',
  'Content-Type',
  'Authorization',
  'Cookie',
  'Cache-Control',
  'Set-Cookie',
  'Date',
  'ETag',
  'Age',
]) {
  t.test(`endToEnd keeps ${name} though Connection names it`, async (t) => {
    t.same(endToEnd(['Connection', `close, ${name}`, name, 'x']), [name, 'x'])
  })
}

t.test('isEndToEnd knows what Connection may not name', async (t) => {
  for (const name of [
    'vary',
    'if-none-match',
    'accept-encoding',
    'x-forwarded-for',
    'location',
    'content-security-policy',
    'range',
  ]) {
    t.equal(isEndToEnd(name), true, name)
  }
  for (const name of ['close', 'keep-alive', 'upgrade', 'te', 'x-hop']) t.equal(isEndToEnd(name), false, name)
})

t.test('connectionTokens reads all lines, in lower case', async (t) => {
  t.same(connectionTokens(['Connection', 'Keep-Alive , TE', 'CONNECTION', ',X-A']), ['keep-alive', 'te', 'x-a'])
  t.same(connectionTokens(['Host', 'a']), [])
})

t.test('endToEnd never lets Connection remove an end-to-end field, and never throws', async () => {
  fc.assert(
    fc.property(fc.string(), (named) => {
      const fields = endToEnd(['Connection', named, 'Authorization', 'x', 'Connection', 'authorization', 'Host', 'a'])
      return fields.join() === 'Authorization,x,Host,a'
    }),
  )
})

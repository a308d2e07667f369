import t from 'tap'
import { renewedFields, storedFields } from '../../src/cache/stored-fields.ts'
import type { Fields } from '../../src/http/fields.ts'
import { httpDate, makePolicy, makeResponse, start } from './builders.ts'

const times = { responseTime: start }
const renewing = { responseTime: start, setCookie: 'bypass' } as const
const date: Fields = ['Date', httpDate(-1)]

function stored(fields: Fields, changes = {}): string[] {
  return storedFields(makeResponse([...date, ...fields]), makePolicy(changes), times).slice(2)
}

t.test('storedFields keeps end-to-end fields as they came', async (t) => {
  const fields = ['X-B', '2', 'x-a', '1', 'X-B', '3', 'ETag', '"a"', 'Cache-Control', 'max-age=1']
  t.same(stored(fields), fields)
  t.same(stored(['Connection', 'X-Hop', 'X-Hop', '1', 'Keep-Alive', 'timeout=5', 'Transfer-Encoding', 'chunked', 'X-A', '1']), [
    'X-A',
    '1',
  ])
  t.same(stored(['Proxy-Authenticate', 'Basic', 'Trailer', 'X-T']), [], 'what belongs to the hop')
  t.same(stored(['Age', '5', 'Content-Length', '10', 'Cache-Status', 'o; hit']), [], 'what is ours to say')
})

t.test('storedFields keeps cookies only where the policy says keep', async (t) => {
  const fields = ['Set-Cookie', 'a=b', 'Set-Cookie2', 'c=d']
  t.same(stored(fields, { setCookie: 'strip' }), [])
  t.same(stored(fields, { setCookie: 'bypass' }), [])
  t.same(stored(fields, { setCookie: 'keep' }), fields)
})

t.test('storedFields leaves out the fields that no-cache and private name', async (t) => {
  const fields = ['Cache-Control', 'no-cache="X-A", private="x-b, X-C"', 'x-a', '1', 'X-B', '2', 'X-C', '3', 'X-D', '4']
  t.same(stored(fields), [...fields.slice(0, 2), 'X-D', '4'])
  t.same(stored(fields, { override: new Set(['private', 'no-cache']) }), fields)
})

t.test('storedFields adds the Date that is missing or unreadable', async (t) => {
  const now = ['Date', httpDate(0)]
  t.same(storedFields(makeResponse(['X-A', '1']), makePolicy(), times), ['X-A', '1', ...now])
  t.same(storedFields(makeResponse(['Date', 'soon', 'X-A', '1']), makePolicy(), times), ['X-A', '1', ...now])
  t.same(storedFields(makeResponse(['date', httpDate(-9)]), makePolicy(), times), ['date', httpDate(-9)])
})

t.test('renewedFields replaces what the 304 carries and leaves what describes the body', async (t) => {
  const before = [
    'Date',
    httpDate(-60),
    'ETag',
    '"a"',
    'Content-Type',
    'a/b',
    'Cache-Control',
    'max-age=1',
    'X-A',
    '1',
    'x-a',
    '2',
    'X-B',
    '1',
  ]
  const update = [
    ...date,
    'ETag',
    '"b"',
    'Content-Type',
    'c/d',
    'Content-Encoding',
    'gzip',
    'Content-Range',
    'bytes 0-1/2',
    'cache-control',
    'max-age=9',
    'X-A',
    '3',
    'X-C',
    '4',
  ]
  t.same(renewedFields(before, makeResponse(update, 304), renewing), [
    ...['ETag', '"a"', 'Content-Type', 'a/b', 'X-B', '1'],
    ...[...date, 'cache-control', 'max-age=9', 'X-A', '3', 'X-C', '4'],
  ])
})

t.test('renewedFields takes no framing, cookie, hop-by-hop or withheld field, and dates what has no Date', async (t) => {
  const update = [
    'Content-Length',
    '0',
    'Age',
    '3',
    'Set-Cookie',
    'a=b',
    'Connection',
    'X-Hop',
    'X-Hop',
    '1',
    'Cache-Control',
    'private="x-b"',
    'X-B',
    '2',
  ]
  t.same(renewedFields(['Date', httpDate(-60), 'X-B', '1'], makeResponse(update, 304), renewing), [
    ...['X-B', '1'],
    ...['Cache-Control', 'private="x-b"', 'Date', httpDate(0)],
  ])
})

t.test('renewedFields takes a new charset, no other media type, and a cookie where cookies are kept', async (t) => {
  const before = ['Content-Type', 'text/plain', 'Set-Cookie', 'a=1', 'Content-MD5', 'x', 'Repr-Digest', 'y']
  const update = [
    ...date,
    'Set-Cookie',
    'a=2',
    'Content-MD5',
    'z',
    'Repr-Digest',
    'z',
    'Content-Type',
    'Text/Plain; charset=utf-8',
  ]
  const described = ['Content-MD5', 'x', 'Repr-Digest', 'y']
  t.same(renewedFields(before, makeResponse(update, 304), renewing), [
    ...['Set-Cookie', 'a=1', ...described, ...date, 'Content-Type', 'Text/Plain; charset=utf-8'],
  ])
  t.same(renewedFields(before, makeResponse([...update.slice(0, -1), 'text/html'], 304), { ...renewing, setCookie: 'keep' }), [
    ...['Content-Type', 'text/plain', ...described, ...date, 'Set-Cookie', 'a=2'],
  ])
})

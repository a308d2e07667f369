/** Conditional requests answered from the store (RFC 9111 §4.3.2), and stored answers validated at the origin (§4.3.1, §4.3.3, §4.3.4). */
import t from 'tap'
import { onEachStore, openScene } from '../fixtures/scene.ts'
import { onBothStores, type RfcCase } from './rfc-case.ts'

const fresh = ['Cache-Control', 'max-age=60'] as const
const tagged = [...fresh, 'ETag', '"a"'] as const
const weak = [...fresh, 'ETag', 'W/"a"'] as const
const monday = 'Mon, 04 Feb 2030 10:00:00 GMT'
const tuesday = 'Tue, 05 Feb 2030 10:00:00 GMT'
const dated = [...fresh, 'Last-Modified', monday, 'Date', tuesday] as const
const asks = (headers: Record<string, string>): Pick<RfcCase, 'again'> => ({ again: { headers } })
const noneMatch = (value: string): Pick<RfcCase, 'again'> => asks({ 'If-None-Match': value })
const since = (value: string): Pick<RfcCase, 'again'> => asks({ 'If-Modified-Since': value })

onBothStores(t, 'conditional requests', [
  { says: 'If-None-Match, the same', fields: tagged, ...noneMatch('"a"'), gives: 304 },
  { says: 'weakly the same', fields: tagged, ...noneMatch('W/"a"'), gives: 304 },
  { says: 'a weak one, strongly asked for', fields: weak, ...noneMatch('"a"'), gives: 304 },
  { says: 'a weak one', fields: weak, ...noneMatch('W/"a"'), gives: 304 },
  { says: 'another', fields: tagged, ...noneMatch('"b"'), gives: 'one' },
  { says: 'in a list', fields: tagged, ...noneMatch('"b", W/"a" , "c"'), gives: 304 },
  { says: 'in a list with a comma in a tag', fields: [...fresh, 'ETag', '"a,b"'], ...noneMatch('"c", "a,b"'), gives: 304 },
  { says: 'part of a tag', fields: [...fresh, 'ETag', '"a,b"'], ...noneMatch('"a", "b"'), gives: 'one' },
  { says: 'any', fields: tagged, ...noneMatch('*'), gives: 304 },
  { says: 'any, without an ETag', fields: fresh, ...noneMatch('*'), gives: 304 },
  { says: 'one without quotes is another', fields: tagged, ...noneMatch('a'), gives: 'one' },
  { says: 'case counts', fields: tagged, ...noneMatch('"A"'), gives: 'one' },
  { says: 'none stored', fields: fresh, ...noneMatch('"a"'), gives: 'one' },
  { says: 'If-Modified-Since, the same', fields: dated, ...since(monday), gives: 304 },
  { says: 'later', fields: dated, ...since(tuesday), gives: 304 },
  { says: 'earlier', fields: dated, ...since('Sun, 03 Feb 2030 10:00:00 GMT'), gives: 'one' },
  { says: 'as RFC 850 has it', fields: dated, ...since('Monday, 04-Feb-30 10:00:00 GMT'), gives: 304 },
  { says: 'as asctime has it', fields: dated, ...since('Mon Feb  4 10:00:00 2030'), gives: 304 },
  { says: 'no date', fields: dated, ...since('yesterday'), gives: 'one' },
  { says: 'no Last-Modified: the Date, the same', fields: [...fresh, 'Date', tuesday], ...since(tuesday), gives: 304 },
  { says: 'no Last-Modified: a later Date', fields: [...fresh, 'Date', tuesday], ...since(monday), gives: 'one' },
  {
    says: 'If-None-Match comes first',
    fields: [...dated, 'ETag', '"a"'],
    ...asks({ 'If-None-Match': '"b"', 'If-Modified-Since': tuesday }),
    gives: 'one',
  },
  {
    says: 'and alone',
    fields: [...dated, 'ETag', '"a"'],
    ...asks({ 'If-None-Match': '"a"', 'If-Modified-Since': 'Sun, 03 Feb 2030 10:00:00 GMT' }),
    gives: 304,
  },
  { says: 'not for what is no 200', status: 404, fields: tagged, ...noneMatch('"a"'), gives: 'one' },
  {
    says: 'a 304 carries what guides a cache, and nothing of the body',
    fields: [
      ...tagged,
      'Vary',
      'X-Unsent',
      'Content-Location',
      '/x',
      'Expires',
      tuesday,
      'Content-Language',
      'es',
      'Content-Type',
      'a/b',
    ],
    ...noneMatch('"a"'),
    gives: 304,
    shows: {
      etag: '"a"',
      'cache-control': 'max-age=60',
      vary: 'X-Unsent',
      'content-location': '/x',
      expires: tuesday,
      age: '0',
      'content-type': undefined,
      'content-language': undefined,
      'content-length': undefined,
    },
  },
  { says: 'a HEAD likewise', fields: tagged, again: { method: 'HEAD', headers: { 'If-None-Match': '"a"' } }, gives: 304 },
])

onBothStores(
  t,
  'If-Modified-Since, leniently',
  [
    { says: 'no Last-Modified: a later Date', fields: [...fresh, 'Date', tuesday], ...since(monday), gives: 304 },
    { says: 'nor an earlier one', fields: [...fresh, 'Date', monday], ...since(tuesday), gives: 304 },
    { says: 'no date', fields: fresh, ...since('yesterday'), gives: 'one' },
    { says: 'a Last-Modified counts', fields: dated, ...since('Sun, 03 Feb 2030 10:00:00 GMT'), gives: 'one' },
    {
      says: 'If-None-Match comes first',
      fields: fresh,
      ...asks({ 'If-None-Match': '"b"', 'If-Modified-Since': monday }),
      gives: 'one',
    },
  ],
  '{ if_modified_since: lenient }',
)

const stale = { after: 60, next: { status: 304 } } as const
const says = (...headers: readonly string[]): Pick<RfcCase, 'after' | 'next'> => ({ after: 60, next: { status: 304, headers } })

onBothStores(t, 'a 304 of the origin’s', [
  {
    says: 'without fields',
    fields: tagged,
    ...stale,
    gives: 'one, validated',
    shows: { etag: '"a"', 'cache-control': 'max-age=60' },
  },
  { says: 'with the same ETag', fields: tagged, ...says('ETag', '"a"'), gives: 'one, validated' },
  { says: 'with the same weak ETag', fields: weak, ...says('ETag', 'W/"a"'), gives: 'one, validated' },
  {
    says: 'for a Last-Modified',
    fields: [...fresh, 'Last-Modified', monday],
    ...says('Last-Modified', monday),
    gives: 'one, validated',
  },
  {
    says: 'renews what it carries, and leaves the rest',
    fields: [...tagged, 'X-A', '1', 'X-A', '2', 'X-B', '3'],
    ...says('X-A', '4', 'X-C', '5', 'Cache-Control', 'max-age=9'),
    gives: 'one, validated',
    shows: { 'x-a': '4', 'x-b': '3', 'x-c': '5', 'cache-control': 'max-age=9' },
  },
  {
    says: 'does not describe the body anew',
    fields: [...tagged, 'Content-Type', 'text/plain', 'Content-MD5', 'x', 'Content-Digest', 'y', 'Content-Range', 'z'],
    ...says(
      'Content-Type',
      'text/html',
      'Content-MD5',
      '1',
      'Content-Digest',
      '2',
      'Content-Range',
      '3',
      'Content-Encoding',
      'gzip',
    ),
    gives: 'one, validated',
    shows: {
      'content-type': 'text/plain',
      'content-md5': 'x',
      'content-digest': 'y',
      'content-range': 'z',
      'content-encoding': undefined,
      'content-length': '3',
    },
  },
  {
    says: 'but may tell its charset',
    fields: [...tagged, 'Content-Type', 'text/plain'],
    ...says('Content-Type', 'text/plain; charset=utf-8'),
    gives: 'one, validated',
    shows: { 'content-type': 'text/plain; charset=utf-8' },
  },
  {
    says: 'sets no cookie',
    fields: tagged,
    ...says('Set-Cookie', 'a=b', 'Connection', 'X-Hop', 'X-Hop', '1'),
    gives: 'one, validated',
    shows: { 'set-cookie': undefined, 'x-hop': undefined },
  },
])

onBothStores(
  t,
  'a 304 of the origin’s, where cookies are kept',
  [
    {
      says: 'renews the cookie',
      fields: [...tagged, 'Set-Cookie', 'a=1'],
      ...says('Set-Cookie', 'a=2'),
      gives: 'one, validated',
      shows: { 'set-cookie': 'a=2' },
    },
    {
      says: 'or leaves it',
      fields: [...tagged, 'Set-Cookie', 'a=1'],
      ...stale,
      gives: 'one, validated',
      shows: { 'set-cookie': 'a=1' },
    },
  ],
  '{ set_cookie: keep }',
)

onEachStore(t, 'what a 304 renewed is stored, and used as long as it says', async (t, redis) => {
  const { ask, answer, clock, origin } = await openScene(t, { rules: 'rules: []', redis })
  answer({ headers: [...tagged] })
  await ask('/a')
  clock.advance(60_000)
  answer({ status: 304, headers: { 'Cache-Control': 'max-age=200', 'X-New': '1' } })
  t.match(await ask('/a'), { text: '#1', cacheStatus: 'fwd=stale; fwd-status=304; stored; detail=revalidated' })
  clock.advance(199_000)
  const later = await ask('/a')
  t.match(later, { status: 200, text: '#1', age: '199', cacheStatus: 'hit; ttl=1; detail=fresh' })
  t.equal(later.field('x-new'), '1')
  t.equal(origin.count(), 2)
})

onEachStore(t, 'a 304 for another representation is no answer: the whole is asked for', async (t, redis) => {
  const { ask, answer, clock, origin } = await openScene(t, { rules: 'rules: []', redis })
  answer({ headers: [...tagged] })
  await ask('/a')
  clock.advance(60_000)
  answer(({ rawHeaders }) =>
    rawHeaders.includes('If-None-Match') ? { status: 304, headers: { ETag: '"b"' } } : { headers: { ETag: '"b"' } },
  )
  const reply = await ask('/a')
  t.match(reply, { status: 200, text: '#3' })
  t.equal(reply.field('etag'), '"b"')
  t.equal(origin.count(), 3)
})

onEachStore(t, 'a 304 that withdraws the permission to store is for its client alone', async (t, redis) => {
  const { ask, answer, clock, origin } = await openScene(t, { rules: 'rules: []', redis })
  answer({ headers: [...tagged] })
  await ask('/a')
  clock.advance(60_000)
  answer({ status: 304, headers: { 'Cache-Control': 'no-store' } })
  t.match(await ask('/a'), { status: 200, text: '#1' })
  answer({ headers: [...tagged] })
  t.match(await ask('/a'), { text: '#3' }, 'asked again')
  t.equal(origin.count(), 3)
})

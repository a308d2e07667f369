/** How long an answer without a rule is used: RFC 9111 §4.2, §5.1, §5.3, and the readings of what cannot be read. */
import t from 'tap'
import { onEachStore, openScene } from '../fixtures/scene.ts'
import { onBothStores, type RfcCase } from './rfc-case.ts'

const day = 86_400
const cc = (value: string): readonly string[] => ['Cache-Control', value]

/** Lifetimes, each looked at a second before it is over and when it is. */
const lifetimes: ReadonlyArray<readonly [says: string, fields: RfcCase['fields'], seconds: number, status?: number]> = [
  ['max-age', cc('max-age=100'), 100],
  ['s-maxage before max-age', cc('max-age=100, s-maxage=50'), 50],
  ['s-maxage before max-age, in any order', cc('s-maxage=200, max-age=100'), 200],
  ['s-maxage of another line', [...cc('max-age=100'), ...cc('s-maxage=50')], 50],
  ['max-age before Expires', [...cc('max-age=100'), 'Expires', 500], 100],
  ['max-age, whatever its case', cc('MaX-AgE=100'), 100],
  ['max-age, quoted', cc('max-age="100"'), 100],
  ['max-age with zeros in front', cc('max-age=00100'), 100],
  ['max-age among what is not known', cc('foo, max-age=100, bar="max-age=3", baz=7'), 100],
  ['the shortest of several', cc('max-age=100, max-age=60, max-age=80'), 60],
  ['Expires minus Date', ['Expires', 100], 100],
  ['Expires minus a Date that is fast', ['Date', 1000, 'Expires', 1100], 100],
  ['Expires without Date', ['Date', 'soon', 'Expires', 100], 100],
  [
    'Expires in the form of RFC 850',
    ['Date', 'Friday, 01-Mar-30 12:00:00 GMT', 'Expires', 'Friday, 01-Mar-30 12:01:40 GMT'],
    100,
  ],
  ['Expires in the form of asctime', ['Date', 'Fri, 01 Mar 2030 12:00:00 GMT', 'Expires', 'Fri Mar  1 12:01:40 2030'], 100],
  ['Expires, whatever its case', ['Date', 'Fri, 01 Mar 2030 12:00:00 GMT', 'Expires', 'fRI, 01 mAR 2030 12:01:40 gmt'], 100],
  ['Expires across a year', ['Date', 'Mon, 31 Dec 2029 23:59:00 GMT', 'Expires', 'Tue, 01 Jan 2030 00:00:40 GMT'], 100],
  ['Expires in a leap year', ['Date', 'Thu, 29 Feb 2040 23:59:00 GMT', 'Expires', 'Thu, 01 Mar 2040 00:00:40 GMT'], 100],
  ['a tenth of the time since Last-Modified', ['Last-Modified', -1000], 100],
  ['a tenth of Date minus Last-Modified', ['Date', -10, 'Last-Modified', -1010], 90],
  ['no guess beside max-age', [...cc('max-age=50'), 'Last-Modified', -1000], 50],
  ['a guess beside an extension', [...cc('foo'), 'Last-Modified', -1000], 100],
  ['a guess for any status that is public', [...cc('public'), 'Last-Modified', -1000], 100, 599],
  ...[203, 300, 301, 308, 404, 405, 410, 414, 501].map((status) => {
    return [`a guess for ${status}`, ['Last-Modified', -1000, 'Location', '/'], 100, status] as const
  }),
  ...[201, 299, 302, 307, 400, 403, 418, 500, 503, 599].map((status) => {
    return [`max-age for ${status}`, [...cc('max-age=100'), 'Location', '/'], 100, status] as const
  }),
  ['the Age it came with', [...cc('max-age=100'), 'Age', '40'], 60],
  ['the Age in front of a list', [...cc('max-age=100'), 'Age', '40, 90'], 60],
  ['the Age of the first line', [...cc('max-age=100'), 'Age', '0', 'Age', '90'], 100],
  ['an Age that is below zero: none', [...cc('max-age=100'), 'Age', '-40'], 100],
  ['an Age that is a fraction: none', [...cc('max-age=100'), 'Age', '40.0'], 100],
  ['an Age that is a word: none', [...cc('max-age=100'), 'Age', 'old'], 100],
  ['an Age with a parameter: none', [...cc('max-age=100'), 'Age', '40;a=1'], 100],
  ['an Age in quotes: none', [...cc('max-age=100'), 'Age', '"40"'], 100],
  ['an Age with a sign: none', [...cc('max-age=100'), 'Age', '+40'], 100],
  ['an Age that is empty: none', [...cc('max-age=100'), 'Age', ''], 100],
  ['an Age behind an empty one: none', [...cc('max-age=100'), 'Age', ', 40'], 100],
  ['an Age with zeros in front', [...cc('max-age=100'), 'Age', '0040'], 60],
  ['an Age with a space around it', [...cc('max-age=100'), 'Age', ' 40 ,1'], 60],
  ['an Age beside Expires', ['Expires', 100, 'Age', '40'], 60],
  ['an old Date, which is an age as well', [...cc('max-age=100'), 'Date', -40], 60],
  ['the larger of Age and Date', [...cc('max-age=100'), 'Date', -40, 'Age', '70'], 30],
]

onBothStores(
  t,
  'an answer is fresh up to its lifetime and no longer',
  lifetimes.flatMap(([says, fields, seconds, status = 200]): RfcCase[] => [
    { says, status, fields, after: seconds - 1, gives: 'one' },
    { says: `${says}, when it is over`, status, fields, after: seconds, gives: 'two' },
  ]),
)

/** Never fresh, although something is said or could be guessed. */
const never: ReadonlyArray<readonly [says: string, fields: RfcCase['fields'], status?: number]> = [
  ['nothing', []],
  ['max-age=0', cc('max-age=0')],
  ['max-age=0 before Expires', [...cc('max-age=0'), 'Expires', day]],
  ['s-maxage=0 before max-age', cc('s-maxage=0, max-age=100')],
  ['max-age below zero', cc('max-age=-100')],
  ['max-age with a fraction', cc('max-age=100.5')],
  ['max-age with a letter', cc('max-age=100a')],
  ['max-age in single quotes', cc("max-age='100'")],
  ['max-age without a number', cc('max-age')],
  ['max-age with a space before the sign', cc('max-age =100')],
  ['max-age with a space behind it', cc('max-age= 100')],
  ['max-age in the string of another', cc('foo="a, max-age=100"')],
  ['one max-age of several is none', cc('max-age=100, max-age=x')],
  ['an invalid max-age before Expires', [...cc('max-age=x'), 'Expires', day]],
  ['Expires: 0', ['Expires', '0']],
  ['Expires: -1', ['Expires', '-1']],
  ['Expires at the Date', ['Expires', 0]],
  ['Expires before the Date', ['Expires', -10]],
  ['Expires before a Date that is fast', ['Date', 1000, 'Expires', 500]],
  ['Expires that is no date', ['Expires', 'tomorrow']],
  ...[
    'Fri, 01 Mar 2099 12:00:00 CET',
    'Fri, 01 Mar 2099 12:00:00 UTC',
    'Fri, 01 Mar 2099 12:00:00 EST',
    'Fri, 01 Mar 2099 12:00:00 +0000',
    'Fri, 01 Mar 2099 12:00:00',
    'Fri, 01 Mar 99 12:00:00 GMT',
    'Fri 01 Mar 2099 12:00:00 GMT',
    'Fri, 01-Mar-2099 12:00:00 GMT',
    'Fri, 1 Mar 2099 12:00:00 GMT',
    'Fri, 01 Mar 2099 12.00.00 GMT',
    'Fri, 01 Mar 2099 1:00:00 GMT',
    'Fri, 01 Mar 2099 25:00:00 GMT',
    'Tue, 31 Apr 2099 12:00:00 GMT',
    'Fri, 01  Mar  2099 12:00:00 GMT',
    '2099-03-01T12:00:00Z',
    '4075272000',
    '',
  ].map((value) => [`Expires: ${value}`, ['Expires', value]] as const),
  ['Expires twice', ['Expires', day, 'Expires', 2 * day]],
  ['no guess from an Expires that is past', ['Expires', '0', 'Last-Modified', -1000 * day]],
  ['no guess from a Last-Modified after the Date', ['Last-Modified', 100]],
  ['no guess from a Last-Modified that is no date', ['Last-Modified', 'yesterday']],
  ...[201, 202, 302, 307, 400, 403, 418, 500, 502, 503, 504, 599].map((status) => {
    return [`no guess for ${status}`, ['Last-Modified', -1000 * day, 'Location', '/'], status] as const
  }),
  ['an Age above the lifetime', [...cc('max-age=100'), 'Age', '100']],
  ['an Age beyond every number', [...cc('max-age=2147483647'), 'Age', '99999999999999999999']],
]

onBothStores(
  t,
  'what is never fresh is asked for each time',
  never.map(([says, fields, status = 200]) => ({ says, status, fields, gives: 'two' as const })),
)

onBothStores(t, 'a lifetime longer than anybody waits is kept to, and its numbers do not overflow', [
  { says: '2^31 - 1', fields: cc('max-age=2147483647'), after: 29 * day, gives: 'one' },
  { says: '2^31', fields: cc('max-age=2147483648'), after: 29 * day, gives: 'one' },
  { says: 'more than that', fields: cc('max-age=99999999999999999999'), after: 29 * day, gives: 'one' },
])

onBothStores(
  t,
  'nothing is guessed where that is turned off',
  [
    { says: 'Last-Modified', fields: ['Last-Modified', -1000 * day], gives: 'two' },
    { says: 'max-age', fields: cc('max-age=100'), gives: 'one' },
  ],
  '{ heuristics: false }',
)

onBothStores(t, 'Age is told in whole seconds, and Date stays the origin’s', [
  { says: 'at once', fields: cc('max-age=100'), gives: 'one', shows: { age: '0' } },
  { says: 'later', fields: cc('max-age=100'), after: 9.9, gives: 'one', shows: { age: '9' } },
  {
    says: 'on top of what it came with',
    fields: [...cc('max-age=100'), 'Age', '5'],
    after: 9,
    gives: 'one',
    shows: { age: '14' },
  },
  {
    says: 'counted from the Date',
    fields: [...cc('max-age=100'), 'Date', 'Fri, 01 Mar 2030 12:00:00 GMT'],
    gives: 'one',
    shows: { date: 'Fri, 01 Mar 2030 12:00:00 GMT' },
  },
  { says: 'not for a fetch', fields: cc('max-age=1'), after: 1, gives: 'two', shows: { age: undefined } },
])

onEachStore(t, 'a lifetime is guessed for an answer without a body', async (t, redis) => {
  const { ask, answer, clock } = await openScene(t, { rules: 'rules: []', redis })
  answer({ status: 204, headers: { 'Last-Modified': new Date(clock.now() - 1_000_000).toUTCString() } })
  t.match(await ask('/a'), { status: 204, cacheStatus: /^fwd=uri-miss; stored/ })
  clock.advance(99_000)
  t.match(await ask('/a'), { status: 204, age: '99', cacheStatus: 'hit; ttl=1; detail=fresh' })
  clock.advance(1_000)
  t.match((await ask('/a')).cacheStatus, /^fwd=stale/)
})

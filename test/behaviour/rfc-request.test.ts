/** What a client asks of stored answers (RFC 9111 §5.2.1, §5.4): heard where no rule matches, unless the rules say otherwise. */
import t from 'tap'
import type { Asked } from '../fixtures/house.ts'
import { onBothStores } from './rfc-case.ts'

const says = (value: string): Asked => ({ headers: { 'Cache-Control': value } })
const minute = ['Cache-Control', 'max-age=60'] as const
const strict = ['Cache-Control', 'max-age=60, must-revalidate'] as const
const etag = ['ETag', '"a"'] as const
const confirmed = { status: 304, headers: ['ETag', '"a"'] }

onBothStores(t, 'request directives', [
  { says: 'max-age, younger', fields: minute, after: 10, again: says('max-age=11'), gives: 'one' },
  { says: 'max-age, older', fields: minute, after: 10, again: says('max-age=9'), gives: 'two' },
  { says: 'max-age=0', fields: minute, after: 1, again: says('max-age=0'), gives: 'two' },
  { says: 'max-age that is no number', fields: minute, after: 1, again: says('max-age=x'), gives: 'two' },
  { says: 'the Age it came with counts', fields: [...minute, 'Age', '30'], again: says('max-age=20'), gives: 'two' },
  {
    says: 'max-age validates',
    fields: [...minute, ...etag],
    after: 10,
    again: says('max-age=1'),
    next: confirmed,
    gives: 'one, validated',
  },
  { says: 'min-fresh, fresh for longer', fields: minute, after: 10, again: says('min-fresh=50'), gives: 'one' },
  { says: 'min-fresh, not for so long', fields: minute, after: 10, again: says('min-fresh=51'), gives: 'two' },
  { says: 'min-fresh that is no number', fields: minute, again: says('min-fresh=x'), gives: 'two' },
  { says: 'max-stale, however stale', fields: minute, after: 100, again: says('max-stale'), gives: 'one, stale' },
  { says: 'max-stale, long enough', fields: minute, after: 100, again: says('max-stale=41'), gives: 'one, stale' },
  { says: 'max-stale, too short', fields: minute, after: 100, again: says('max-stale=39'), gives: 'two' },
  { says: 'max-stale that is no number', fields: minute, after: 100, again: says('max-stale=x'), gives: 'two' },
  { says: 'max-stale with max-age', fields: minute, after: 100, again: says('max-stale=1000, max-age=80'), gives: 'two' },
  { says: 'max-stale against must-revalidate', fields: strict, after: 100, again: says('max-stale'), gives: 'two' },
  {
    says: 'max-stale against s-maxage',
    fields: ['Cache-Control', 's-maxage=60'],
    after: 100,
    again: says('max-stale'),
    gives: 'two',
  },
  { says: 'no-cache', fields: minute, again: says('no-cache'), gives: 'two' },
  { says: 'no-cache, whatever its case', fields: minute, again: says('NO-cache'), gives: 'two' },
  { says: 'no-cache validates', fields: [...minute, ...etag], again: says('no-cache'), next: confirmed, gives: 'one, validated' },
  { says: 'no-store is not about what is stored', fields: minute, again: says('no-store'), gives: 'one' },
  {
    says: 'no-store keeps the answer out',
    fields: minute,
    asked: { headers: { 'Cache-Control': 'no-store' } },
    again: {},
    gives: 'two',
  },
  { says: 'only-if-cached, stored', fields: minute, again: says('only-if-cached'), gives: 'one' },
  { says: 'only-if-cached, stale', fields: minute, after: 60, again: says('only-if-cached'), gives: 504 },
  {
    says: 'only-if-cached, stale as it may be',
    fields: minute,
    after: 61,
    again: says('only-if-cached, max-stale'),
    gives: 'one, stale',
  },
  { says: 'only-if-cached, not stored', fields: ['Cache-Control', 'no-store'], again: says('only-if-cached'), gives: 504 },
  { says: 'only-if-cached, to be validated', fields: minute, again: says('only-if-cached, no-cache'), gives: 504 },
  { says: 'only-if-cached, too old', fields: minute, after: 10, again: says('only-if-cached, max-age=9'), gives: 504 },
  {
    says: 'only-if-cached, another variant',
    fields: [...minute, 'Vary', 'X-Plan'],
    again: { headers: { 'Cache-Control': 'only-if-cached', 'X-Plan': 'b' } },
    gives: 504,
  },
  {
    says: 'only-if-cached, in a window of the origin’s',
    fields: ['Cache-Control', 'max-age=60, stale-while-revalidate=60'],
    after: 61,
    again: says('only-if-cached'),
    gives: 'one, stale',
  },
  { says: 'an unknown one', fields: minute, again: says('foo, bar="no-cache"'), gives: 'one' },
  {
    says: 'stale-if-error, for as long',
    fields: minute,
    after: 100,
    again: says('stale-if-error=41'),
    next: { status: 503 },
    gives: 'one, stale',
  },
  {
    says: 'stale-if-error, not so long',
    fields: minute,
    after: 100,
    again: says('stale-if-error=39'),
    next: { status: 503, body: 'two' },
    gives: 'two',
  },
  { says: 'Pragma: no-cache', fields: minute, again: { headers: { Pragma: 'no-cache' } }, gives: 'two' },
  { says: 'Pragma: no-cache among others', fields: minute, again: { headers: { Pragma: 'foo, No-Cache' } }, gives: 'two' },
  {
    says: 'Pragma: no-cache validates',
    fields: [...minute, ...etag],
    again: { headers: { Pragma: 'no-cache' } },
    next: confirmed,
    gives: 'one, validated',
  },
  { says: 'Pragma: anything else', fields: minute, again: { headers: { Pragma: 'foo' } }, gives: 'one' },
  {
    says: 'Pragma beside Cache-Control',
    fields: minute,
    again: { headers: { Pragma: 'no-cache', 'Cache-Control': 'foo' } },
    gives: 'one',
  },
])

const frozen = ['Cache-Control', 'max-age=60, immutable', 'ETag', '"a"'] as const
onBothStores(t, 'what is immutable is asked for again by no-cache alone, while it is fresh', [
  { says: 'max-age=0', fields: frozen, after: 59, again: says('max-age=0'), gives: 'one', shows: { age: '59' } },
  {
    says: 'a page loaded again',
    fields: frozen,
    after: 59,
    again: { headers: { 'Cache-Control': 'max-age=0', 'If-None-Match': '"a"' } },
    gives: 304,
  },
  { says: 'min-fresh', fields: frozen, after: 30, again: says('min-fresh=31'), gives: 'one' },
  { says: 'no-cache', fields: frozen, after: 1, again: says('no-cache'), next: confirmed, gives: 'one, validated' },
  {
    says: 'Pragma: no-cache',
    fields: frozen,
    after: 1,
    again: { headers: { Pragma: 'no-cache' } },
    next: confirmed,
    gives: 'one, validated',
  },
  { says: 'once it is stale', fields: frozen, after: 60, again: says('max-age=0'), next: confirmed, gives: 'one, validated' },
  { says: 'stale, without a word', fields: frozen, after: 60, next: confirmed, gives: 'one, validated' },
  { says: 'stale, as old as one likes', fields: frozen, after: 70, again: says('max-stale'), gives: 'one, stale' },
  {
    says: 'a lifetime that is guessed',
    fields: ['Cache-Control', 'immutable', 'Last-Modified', -1000],
    after: 1,
    again: says('max-age=0'),
    gives: 'two',
  },
  { says: 'said by the client', fields: minute, after: 1, again: says('max-age=0, immutable'), gives: 'two' },
])

onBothStores(
  t,
  'request directives that are to be ignored',
  [
    { says: 'no-cache', fields: minute, again: says('no-cache'), gives: 'one' },
    { says: 'max-age', fields: minute, after: 10, again: says('max-age=0'), gives: 'one' },
    { says: 'only-if-cached', fields: minute, after: 60, again: says('only-if-cached'), gives: 'two' },
    { says: 'max-stale', fields: minute, after: 61, again: says('max-stale'), gives: 'two' },
    { says: 'Pragma', fields: minute, again: { headers: { Pragma: 'no-cache' } }, gives: 'one' },
  ],
  '{ client_directives: ignore }',
)

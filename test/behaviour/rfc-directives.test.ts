/** What the origin's Cache-Control allows and forbids (RFC 9111 §5.2.2, RFC 8246), its targeted kin (RFC 9213), and Pragma. */
import t from 'tap'
import { onBothStores } from './rfc-case.ts'

const cc = (value: string): readonly string[] => ['Cache-Control', value]
const etag = ['ETag', '"a"'] as const
const confirmed = { status: 304, headers: ['ETag', '"a"'] }

onBothStores(t, 'response directives', [
  { says: 'no-store', fields: cc('no-store, max-age=100'), gives: 'two' },
  { says: 'no-store, whatever its case', fields: cc('No-StoRE, max-age=100'), gives: 'two' },
  { says: 'no-store in a line of its own', fields: [...cc('max-age=100'), ...cc('no-store')], gives: 'two' },
  { says: 'no-store in the string of another', fields: cc('foo="no-store", max-age=100'), gives: 'one' },
  { says: 'no-store with an argument', fields: cc('no-store=1, max-age=100'), gives: 'two' },
  { says: 'no-store behind a semicolon', fields: cc('max-age=100; no-store'), gives: 'two' },
  { says: 'no-cache', fields: cc('no-cache, max-age=100'), gives: 'two' },
  { says: 'no-cache is stored, to be validated', fields: [...cc('no-cache'), ...etag], next: confirmed, gives: 'one, validated' },
  {
    says: 'no-cache with Expires',
    fields: [...cc('no-cache'), 'Expires', 1000, ...etag],
    next: confirmed,
    gives: 'one, validated',
  },
  {
    says: 'no-cache of a field keeps that one out',
    fields: [...cc('no-cache="x-mine", max-age=100'), 'X-Mine', '1', 'X-Other', '2'],
    gives: 'one',
    shows: { 'x-mine': undefined, 'x-other': '2' },
  },
  { says: 'no-cache of what cannot be read', fields: cc('no-cache="a b", max-age=100'), gives: 'two' },
  { says: 'no-cache of a field that an entry needs', fields: cc('no-cache="etag", max-age=100'), gives: 'two' },
  { says: 'private', fields: cc('private, max-age=100'), gives: 'two' },
  { says: 'private, whatever else', fields: cc('private, public, s-maxage=100'), gives: 'two' },
  {
    says: 'private of fields keeps those out',
    fields: [...cc('private="X-Mine, x-yours", max-age=100'), 'X-Mine', '1', 'X-Yours', '2', 'X-Other', '3'],
    gives: 'one',
    shows: { 'x-mine': undefined, 'x-yours': undefined, 'x-other': '3' },
  },
  { says: 'private of nothing', fields: cc('private="", max-age=100'), gives: 'two' },
  {
    says: 'no-cache of fields, whatever their case, beside what has its whole meaning',
    fields: [...cc('No-Cache=" X-MINE,x-yours ", max-age=100'), 'x-mine', '1', 'X-Yours', '2', 'X-Other', '3'],
    gives: 'one',
    shows: { 'x-mine': undefined, 'x-yours': undefined, 'x-other': '3' },
  },
  {
    says: 'no-cache of a field that does not come',
    fields: cc('no-cache="x-mine", max-age=100'),
    after: 99,
    gives: 'one',
  },
  { says: 'no-cache of a field, and of all', fields: cc('no-cache="x-mine", no-cache, max-age=100'), gives: 'two' },
  { says: 'no-cache of nothing', fields: cc('no-cache="", max-age=100'), gives: 'two' },
  {
    says: 'no-cache of one field, private of another',
    fields: [...cc('no-cache="x-mine", private="x-yours", max-age=100'), 'X-Mine', '1', 'X-Yours', '2'],
    gives: 'one',
    shows: { 'x-mine': undefined, 'x-yours': undefined },
  },
  {
    says: 'no-cache of a cookie, which is not stored all the same',
    fields: [...cc('no-cache="set-cookie", max-age=100'), 'Set-Cookie', 'a=b'],
    gives: 'two',
  },
  { says: 'private of a field, and of all', fields: cc('private="x-mine", private, max-age=100'), gives: 'two' },
  { says: 'private of a field that an entry needs', fields: cc('private="vary", max-age=100'), gives: 'two' },
  { says: 'private of what describes the body', fields: cc('private="content-type", max-age=100'), gives: 'two' },
  { says: 'private of what cannot be read', fields: cc('private="x mine", max-age=100'), gives: 'two' },
  { says: 'public alone gives no lifetime', fields: cc('public'), gives: 'two' },
  { says: 'must-understand with a status that is', fields: cc('must-understand, no-store, max-age=100'), gives: 'one' },
  { says: 'must-understand with one that is not', status: 299, fields: cc('must-understand, max-age=100'), gives: 'two' },
  { says: 'and no-store with it', status: 299, fields: cc('must-understand, no-store, max-age=100'), gives: 'two' },
  { says: 'immutable, while it is fresh', fields: cc('immutable, max-age=100'), after: 99, gives: 'one' },
  { says: 'immutable makes nothing fresh', fields: cc('immutable, max-age=100'), after: 100, gives: 'two' },
  { says: 'Pragma says nothing in an answer', fields: [...cc('max-age=100'), 'Pragma', 'no-cache'], gives: 'one' },
  { says: 'not even without Cache-Control', fields: ['Pragma', 'no-cache', 'Expires', 100], gives: 'one' },
  { says: 'and makes no guess worse', fields: ['Pragma', 'no-cache', 'Last-Modified', -1000], after: 99, gives: 'one' },
  { says: 'Surrogate-Control says nothing', fields: [...cc('max-age=100'), 'Surrogate-Control', 'max-age=0'], gives: 'one' },
])

onBothStores(t, 'targeted fields stand in place of Cache-Control and Expires', [
  { says: 'alone', fields: ['CDN-Cache-Control', 'max-age=100'], after: 99, gives: 'one' },
  { says: 'for as long as they say', fields: ['CDN-Cache-Control', 'max-age=100'], after: 100, gives: 'two' },
  { says: 'before Cache-Control', fields: ['CDN-Cache-Control', 'max-age=100', ...cc('no-store')], gives: 'one' },
  { says: 'also where they allow less', fields: ['CDN-Cache-Control', 'no-store', ...cc('max-age=100')], gives: 'two' },
  { says: 'also where they say nothing of it', fields: ['CDN-Cache-Control', 'foo', ...cc('max-age=100')], gives: 'two' },
  { says: 'before Expires', fields: ['CDN-Cache-Control', 'max-age=100', 'Expires', '0'], gives: 'one' },
  { says: 'Expires is not looked at', fields: ['CDN-Cache-Control', 'foo', 'Expires', 1000], gives: 'two' },
  {
    says: 'ours before the general one',
    fields: ['Springhouse-Cache-Control', 'max-age=100', 'CDN-Cache-Control', 'no-store'],
    gives: 'one',
  },
  { says: 'with the Age', fields: ['CDN-Cache-Control', 'max-age=100', 'Age', '100'], gives: 'two' },
  { says: 'private', fields: ['CDN-Cache-Control', 'private, max-age=100'], gives: 'two' },
  { says: 'no-cache', fields: ['CDN-Cache-Control', 'no-cache, max-age=100'], gives: 'two' },
  { says: 'several lines are one', fields: ['CDN-Cache-Control', 'foo', 'CDN-Cache-Control', 'max-age=100'], gives: 'one' },
  { says: 'an empty one is not there', fields: ['CDN-Cache-Control', '', ...cc('max-age=100')], gives: 'one' },
  { says: 'of several the last counts', fields: ['CDN-Cache-Control', 'max-age=1, max-age=100'], after: 50, gives: 'one' },
  { says: 'a huge number', fields: ['CDN-Cache-Control', 'max-age=99999999999'], after: 1e6, gives: 'one' },
  ...[
    'max-age=100,',
    'max-age =100',
    'max-age= 100',
    'Max-Age=100',
    'max-age=100 x',
    'max-age="1',
    '"max-age"',
    '=',
    'max-age=1a',
  ].map((value) => ({
    says: `what is no dictionary is ignored as a whole: ${value}`,
    fields: ['CDN-Cache-Control', value, ...cc('max-age=50')],
    after: 49,
    gives: 'one' as const,
  })),
  ...['max-age="100"', 'max-age=100.5', 'max-age=-1', 'max-age=a', 'max-age', 'max-age=(100)'].map((value) => ({
    says: `a lifetime of the wrong type is none: ${value}`,
    fields: ['CDN-Cache-Control', value, ...cc('max-age=50')],
    gives: 'two' as const,
  })),
  {
    says: 'they are passed on',
    fields: ['CDN-Cache-Control', 'max-age=100', ...cc('no-store')],
    gives: 'one',
    shows: { 'cdn-cache-control': 'max-age=100', 'cache-control': 'no-store' },
  },
])

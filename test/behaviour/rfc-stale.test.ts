/** When the origin fails (RFC 9111 §4.2.4, RFC 5861): a stale answer only where somebody allows it, and an error where it is forbidden. */
import t from 'tap'
import { onBothStores, type RfcCase } from './rfc-case.ts'

const cc = (value: string): readonly string[] => ['Cache-Control', value]
const failures: ReadonlyArray<readonly [says: string, next: NonNullable<RfcCase['next']>]> = [
  ['a closed connection', 'hangs-up'],
  ...[500, 502, 503, 504].map((status) => [`a ${status}`, { status }] as const),
]

onBothStores(
  t,
  'a failing origin',
  failures.flatMap(([says, next]): RfcCase[] => {
    const failed = next === 'hangs-up' ? (502 as const) : statusOf(next.status)
    return [
      { says: `${says}, and no window`, fields: cc('max-age=10'), after: 20, next, gives: failed },
      {
        says: `${says}, inside stale-if-error`,
        fields: cc('max-age=10, stale-if-error=60'),
        after: 69,
        next,
        gives: 'one, stale',
      },
      { says: `${says}, behind it`, fields: cc('max-age=10, stale-if-error=60'), after: 70, next, gives: failed },
      ...['must-revalidate', 'proxy-revalidate', 'no-cache'].map((directive) => ({
        says: `${says}, ${directive}`,
        fields: [...cc(`max-age=10, stale-if-error=60, ${directive}`), 'ETag', '"a"'],
        after: 20,
        next,
        gives: failed,
      })),
      { says: `${says}, s-maxage`, fields: [...cc('s-maxage=10'), 'ETag', '"a"'], after: 20, next, gives: failed },
      {
        says: `${says}, no-cache while it is fresh`,
        fields: [...cc('max-age=10, no-cache'), 'ETag', '"a"'],
        next,
        gives: failed,
      },
    ]
  }),
)

onBothStores(t, 'stale-if-error is about failures alone', [
  { says: 'a 404 is an answer', fields: cc('max-age=10, stale-if-error=60'), after: 20, next: { status: 404 }, gives: 'two' },
  { says: 'a 501 is an answer', fields: cc('max-age=10, stale-if-error=60'), after: 20, next: { status: 501 }, gives: 'two' },
  { says: 'a 200 is an answer', fields: cc('max-age=10, stale-if-error=60'), after: 20, next: {}, gives: 'two' },
])

onBothStores(t, 'stale-while-revalidate', [
  { says: 'inside', fields: cc('max-age=10, stale-while-revalidate=60'), after: 69, next: {}, gives: 'one, stale' },
  { says: 'behind it', fields: cc('max-age=10, stale-while-revalidate=60'), after: 70, gives: 'two' },
  { says: 'must-revalidate', fields: cc('max-age=10, stale-while-revalidate=60, must-revalidate'), after: 20, gives: 'two' },
  { says: 'no number', fields: cc('max-age=10, stale-while-revalidate=x'), after: 11, gives: 'two' },
  {
    says: 'against max-age of the client',
    fields: cc('max-age=10, stale-while-revalidate=60'),
    after: 20,
    again: { headers: { 'Cache-Control': 'max-age=100' } },
    gives: 'two',
  },
])

/** As `gives` has it: those of our own making by their status, the others by the body that the origin sent along. */
function statusOf(status: number | undefined): RfcCase['gives'] {
  return status === 502 || status === 504 ? status : 'two'
}

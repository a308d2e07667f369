import fc from 'fast-check'
import t from 'tap'
import { formatHttpDate, parseHttpDate } from '../../src/http/date.ts'
import { instant } from '../../src/time.ts'

const now = instant(Date.UTC(2025, 10, 20))
const example = Date.UTC(1994, 10, 6, 8, 49, 37)

const valid: ReadonlyArray<readonly [string, number]> = [
  ['Sun, 06 Nov 1994 08:49:37 GMT', example],
  ['Sunday, 06-Nov-94 08:49:37 GMT', example],
  ['Sun Nov  6 08:49:37 1994', example],
  ['Sun Nov 16 08:49:37 1994', Date.UTC(1994, 10, 16, 8, 49, 37)],
  ['SUN, 06 NOV 1994 08:49:37 gmt', example],
  ['wednesday, 29-Feb-12 00:00:00 GMT', Date.UTC(2012, 1, 29)],
  ['Tue, 19 Jan 2038 14:14:08 GMT', Date.UTC(2038, 0, 19, 14, 14, 8)],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['Fri, 31 Dec 9999 23:59:59 GMT', Date.UTC(9999, 11, 31, 23, 59, 59)],
  ['Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2017, 0, 1)],
]

for (const [text, epoch] of valid) {
  t.test(`parseHttpDate reads ${text}`, async (t) => {
    t.equal(parseHttpDate(text, now), epoch)
  })
}

const invalid = [
  '',
  '0',
  '-1',
  'Sun, 06 Nov 1994 08:49:37 UTC',
  'Sun, 06 Nov 1994 08:49:37 +0000',
  'Sun, 06 Nov 1994 08:49:37',
  'Sun, 06 Nov 94 08:49:37 GMT',
  'Sun 06 Nov 1994 08:49:37 GMT',
  'Sun, 06  Nov  1994 08:49:37 GMT',
  'Sun, 06-Nov-1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 08.49.37 GMT',
  'Sun, 06 Nov 1994 8:49:37 GMT',
  'Sun, 6 Nov 1994 08:49:37 GMT',
  'Sun, 31 Apr 1994 08:49:37 GMT',
  'Sun, 00 Apr 1994 08:49:37 GMT',
  'Wed, 29 Feb 2023 08:49:37 GMT',
  'Sun, 06 Nov 1994 24:00:00 GMT',
  'Sun, 06 Nov 1994 08:60:37 GMT',
  'Sun, 06 Nov 1994 08:49:61 GMT',
  'Xxx, 06 Nov 1994 08:49:37 GMT',
  'Sun, 06 Xyz 1994 08:49:37 GMT',
  'Sun, 06-Nov-94 08:49:37 GMT',
  'Sun Nov  6 08:49:37 1994 GMT',
  'Mon, 01 Jan 0001 00:00:00 GMT',
  ' Sun, 06 Nov 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 08:49:37 GMT\n',
  'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
  '1994-11-06T08:49:37Z',
]

for (const text of invalid) {
  t.test(`parseHttpDate refuses ${JSON.stringify(text)}`, async (t) => {
    t.equal(parseHttpDate(text, now), undefined)
  })
}

const centuries: ReadonlyArray<readonly [string, number, number]> = [
  ['75', 2025, 2075],
  ['76', 2025, 1976],
  ['25', 2025, 2025],
  ['00', 2025, 2000],
  ['01', 2099, 2101],
  ['49', 2099, 2149],
  ['50', 2099, 2050],
  ['99', 1999, 1999],
]

for (const [digits, thisYear, year] of centuries) {
  t.test(`parseHttpDate reads the year ${digits} in ${thisYear} as ${year}`, async (t) => {
    const parsed = parseHttpDate(`Monday, 01-Jan-${digits} 00:00:00 GMT`, instant(Date.UTC(thisYear, 6, 1)))
    t.equal(parsed, Date.UTC(year, 0, 1))
  })
}

t.test('parseHttpDate counts the fifty years to the second', async (t) => {
  const start = instant(Date.UTC(2025, 10, 20, 12))
  t.equal(parseHttpDate('Monday, 20-Nov-75 12:00:00 GMT', start), Date.UTC(2075, 10, 20, 12))
  t.equal(parseHttpDate('Monday, 20-Nov-75 12:00:01 GMT', start), Date.UTC(1975, 10, 20, 12, 0, 1))
})

t.test('formatHttpDate writes the fixed-length form', async (t) => {
  t.equal(formatHttpDate(instant(example)), 'Sun, 06 Nov 1994 08:49:37 GMT')
  t.equal(formatHttpDate(instant(example + 999)), 'Sun, 06 Nov 1994 08:49:37 GMT')
})

t.test('parseHttpDate reads what formatHttpDate wrote', async () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(100, 0) / 1000, max: Date.UTC(9999, 11) / 1000 }), (second) => {
      const moment = instant(second * 1000)
      return parseHttpDate(formatHttpDate(moment), now) === moment
    }),
  )
})

t.test('parseHttpDate never throws', async () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseHttpDate(text, now)
    }),
  )
})

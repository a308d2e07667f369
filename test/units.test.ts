import fc from 'fast-check'
import t from 'tap'
import { milliseconds } from '../src/time.ts'
import { formatDuration, formatSize, parseDuration, parseSize } from '../src/units.ts'

t.test('parseDuration reads every unit and their combinations', async (t) => {
  const cases: Array<[string, number]> = [
    ['250ms', 250],
    ['0s', 0],
    ['5s', 5000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['2w', 1_209_600_000],
    ['1h30m', 5_400_000],
    ['1m500ms', 60_500],
    ['1w2d3h4m5s6ms', 788_645_006],
    ['36500d', 3_153_600_000_000],
  ]
  for (const [text, expected] of cases) t.equal(parseDuration(text), expected, text)
})

t.test('parseDuration refuses anything else and says what to write', async (t) => {
  const cases: Array<[string, RegExp, RegExp]> = [
    ['300', /no unit/, /"300s"/],
    ['0', /no unit/, /"0s"/],
    ['-5s', /negative/, /number and a unit/],
    ['5min', /not a duration/, /"5m"/],
    ['5 seconds', /not a duration/, /"5s"/],
    ['5M', /not a duration/, /"5m"/],
    ['1.5h', /not a duration/, /"1h30m"/],
    ['30m1h', /smaller one first/, /"1h30m"/],
    ['1h1h', /repeats/, /"1h30m"/],
    ['', /not a duration/, /number and a unit/],
    ['soon', /not a duration/, /number and a unit/],
    ['5s ', /not a duration/, /"5s"/],
    ['5s\n', /not a duration/, /"5s"/],
    ['36501d', /hundred years/, /36500d/],
    [`${'9'.repeat(400)}w`, /hundred years/, /36500d/],
  ]
  for (const [text, problem, fix] of cases) t.match(parseDuration(text), { problem, fix }, JSON.stringify(text.slice(0, 20)))
})

t.test('parseSize reads every unit', async (t) => {
  const cases: Array<[string, number]> = [
    ['0B', 0],
    ['17B', 17],
    ['16KiB', 16_384],
    ['10MiB', 10_485_760],
    ['2GiB', 2_147_483_648],
  ]
  for (const [text, expected] of cases) t.equal(parseSize(text), expected, text)
})

t.test('parseSize refuses anything else and says what to write', async (t) => {
  const cases: Array<[string, RegExp, RegExp]> = [
    ['1024', /no unit/, /"1024B"/],
    ['16kb', /not a size/, /"16KiB"/],
    ['16 KiB', /not a size/, /"16KiB"/],
    ['1.5MiB', /not a size/, /"1536KiB"/],
    ['8g', /not a size/, /"8GiB"/],
    ['-1B', /negative/, /whole number/],
    ['big', /not a size/, /whole number/],
    ['', /not a size/, /whole number/],
    ['9999999999GiB', /too large/, /GiB/],
  ]
  for (const [text, problem, fix] of cases) t.match(parseSize(text), { problem, fix }, JSON.stringify(text))
})

t.test('formatDuration and formatSize write what the parsers read', async (t) => {
  t.equal(formatDuration(milliseconds(5_400_000)), '1h30m')
  t.equal(formatDuration(milliseconds(0)), '0s')
  t.equal(formatSize(0), '0B')
  t.equal(formatSize(1536), '1536B')
  t.equal(formatSize(268_435_456), '256MiB')
  fc.assert(fc.property(fc.nat(), (ms) => parseDuration(formatDuration(milliseconds(ms))) === ms))
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => parseSize(formatSize(bytes)) === bytes))
})

t.test('a parser never throws and its fix is short, whatever it reads', async () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const outcome of [parseDuration(text), parseSize(text)]) {
        if (typeof outcome !== 'number' && outcome.fix.length > 130) throw new Error(outcome.fix)
      }
    }),
  )
})

import fc from 'fast-check'
import t from 'tap'
import { acceptsCoding, isIdentityRefused, normaliseAcceptEncoding } from '../../src/http/accept-encoding.ts'

const normalised: ReadonlyArray<readonly [string | undefined, string]> = [
  [undefined, ''],
  ['', ''],
  ['identity', ''],
  ['gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['x-gzip', 'gzip'],
  ['gzip, deflate', 'gzip'],
  ['gzip, deflate, br', 'br, gzip'],
  ['gzip, deflate, br, zstd', 'br, gzip, zstd'],
  ['br, gzip, deflate', 'br, gzip'],
  ['zstd,gzip ,  br', 'br, gzip, zstd'],
  ['br;q=0.1, gzip;q=1.0', 'br, gzip'],
  ['br;q=0, gzip', 'gzip'],
  ['br;q=0.000, gzip', 'gzip'],
  ['br;q=x, gzip', 'gzip'],
  ['gzip, gzip;q=0', ''],
  ['gzip;q=0, x-gzip', ''],
  ['*', 'br, gzip, zstd'],
  ['*;q=0', ''],
  ['*;q=0, br', 'br'],
  ['br;q=0, *;q=0.1', 'gzip, zstd'],
  ['deflate, compress, sdch', ''],
  ['gzipped, brotli', ''],
  [',,', ''],
]

for (const [value, codings] of normalised) {
  t.test(`normaliseAcceptEncoding of ${value} is "${codings}"`, async (t) => {
    t.equal(normaliseAcceptEncoding(value), codings)
  })
}

t.test('normaliseAcceptEncoding gives the same for common values written another way', async (t) => {
  for (const value of [
    'gzip, deflate, br, zstd',
    'gzip, deflate, br',
    'gzip, deflate',
    'gzip',
    'br',
    'br, gzip, deflate',
    'identity',
  ]) {
    t.equal(normaliseAcceptEncoding(value), normaliseAcceptEncoding(`${value} ,`), value)
  }
})

t.test('acceptsCoding asks for a coding by either name', async (t) => {
  t.equal(acceptsCoding('gzip', 'x-gzip'), true)
  t.equal(acceptsCoding('x-gzip', 'GZIP'), true)
  t.equal(acceptsCoding('deflate', 'deflate'), true)
  t.equal(acceptsCoding('*', 'compress'), true)
  t.equal(acceptsCoding('br', 'gzip'), false)
  t.equal(acceptsCoding('gzip;q=0', 'gzip'), false)
  t.equal(acceptsCoding('', 'gzip'), false)
})

t.test('acceptsCoding gives a client that does not say only identity', async (t) => {
  t.equal(acceptsCoding(undefined, 'gzip'), false)
  t.equal(acceptsCoding(undefined, 'identity'), true)
  t.equal(acceptsCoding('gzip, identity;q=0', 'identity'), false)
})

const refusals: ReadonlyArray<readonly [string | undefined, boolean]> = [
  [undefined, false],
  ['', false],
  ['gzip', false],
  ['gzip;q=0', false],
  ['identity;q=0', true],
  ['gzip, Identity;q=0.0', true],
  ['*;q=0', true],
  ['*;q=0, identity;q=0.5', false],
  ['*, identity;q=0', true],
  ['identity;q=0.5', false],
]

for (const [value, isRefused] of refusals) {
  t.test(`isIdentityRefused of ${value} is ${isRefused}`, async (t) => {
    t.equal(isIdentityRefused(value), isRefused)
  })
}

t.test('the normal form is sorted, and means the same when normalised again', async () => {
  const coding = fc.constantFrom('gzip', 'br', 'zstd', 'deflate', 'identity', '*', 'x-gzip')
  const weight = fc.constantFrom('', ';q=0', ';q=0.5', ';q=1', ';q=z')
  const element = fc.tuple(coding, weight).map(([name, quality]) => name + quality)
  const value = fc.oneof(
    fc.string(),
    fc.array(element).map((elements) => elements.join(', ')),
  )
  fc.assert(
    fc.property(value, (text) => {
      const codings = normaliseAcceptEncoding(text)
      const accepted = ['br', 'gzip', 'zstd'].filter((name) => acceptsCoding(text, name))
      return codings === accepted.join(', ') && normaliseAcceptEncoding(codings) === codings
    }),
  )
})

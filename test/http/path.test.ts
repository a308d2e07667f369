import fc from 'fast-check'
import t from 'tap'
import { foldPath, isAmbiguousPath, normalisePath, otherReadings } from '../../src/http/path.ts'

const clear = [
  '/',
  '/a',
  '/a/',
  '/a.b/c',
  '/.well-known/x',
  '/a/.b',
  '/a/...',
  '/a;x=1',
  '/a%20b',
  '/%C3%A9',
  '/%7Euser',
  '/a%2eb',
  '/a..b',
]
const ambiguous = [
  '',
  '*',
  'a',
  '//',
  '//a',
  '/a//b',
  '/a//',
  '/.',
  '/..',
  '/a/./b',
  '/a/../b',
  '/a/..',
  '/a/%2e/b',
  '/a/%2E%2e/b',
  '/a/.%2e',
  '/a/%2e./',
  '/a/..;/b',
  '/a/.;x/b',
  '/a%2fb',
  '/a%2Fb',
  '/a%5cb',
  '/a%5Cb',
  '/a\\b',
  '/\\evil.example',
  '/a%00',
  '/a%0d%0ab',
  '/a%7f',
  '/a\0b',
  '/a%',
  '/a%2',
  '/a%zz',
  '/a%%41',
]

for (const path of clear) {
  t.test(`isAmbiguousPath finds nothing in ${path}`, async (t) => {
    t.equal(isAmbiguousPath(path), false)
  })
}

for (const path of ambiguous) {
  t.test(`isAmbiguousPath finds ${JSON.stringify(path)}`, async (t) => {
    t.equal(isAmbiguousPath(path), true)
  })
}

const normalised: ReadonlyArray<readonly [string, string]> = [
  ['/api/bookings', '/api/bookings'],
  ['/api/%62ookings', '/api/bookings'],
  ['/%7euser/%2D%5f%2e', '/~user/-_.'],
  ['/a%2fb%c3%a9', '/a%2Fb%C3%A9'],
  ['/%2541', '/%2541'],
  ['/A%', '/A%'],
  ['/a%zz/', '/a%zz/'],
]

for (const [path, normal] of normalised) {
  t.test(`normalisePath of ${path}`, async (t) => {
    t.equal(normalisePath(path), normal)
  })
}

t.test('foldPath meets every spelling that a lenient router takes for the same', async (t) => {
  for (const path of ['/api/bookings', '/API/Bookings/', '/api/%62ookings', '/%41pi/bookings/']) {
    t.equal(foldPath(path), '/api/bookings', path)
  }
  t.equal(foldPath('/'), '/')
  t.equal(foldPath(''), '')
  t.not(foldPath('/a%2Fb'), foldPath('/a/b'))
})

t.test('an escaped path that is not ambiguous normalises once and for all', async () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'/%2efa6.') }), (text) => {
      const path = `/${text}`
      if (isAmbiguousPath(path)) return true
      const normal = normalisePath(path)
      return normalisePath(normal) === normal && !isAmbiguousPath(normal) && foldPath(foldPath(path)) === foldPath(path)
    }),
    { numRuns: 1000 },
  )
})

t.test('what URL would fold or move to another host is ambiguous', async () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'/\\.%2e5cab') }), (text) => {
      const path = `/${text}`
      return isAmbiguousPath(path) || new URL(path, 'http://host.example').href === `http://host.example${path}`
    }),
    { numRuns: 1000 },
  )
})

t.test('the functions never throw', async () => {
  fc.assert(
    fc.property(fc.string(), (path) => {
      isAmbiguousPath(path)
      foldPath(path)
    }),
  )
})

t.test('otherReadings: what an origin may make of an ambiguous path, and nothing for any other', async (t) => {
  for (const path of ['/', '/a', '/a/', '/a%20b', '/a;b', '/%61']) t.same(otherReadings(path), [], path)
  t.same(otherReadings('//a/./b/../c;x/%2e%2e%2fd\\e%00'), ['/a/d/e', '/d/e'])
  t.same(otherReadings('/../..//'), ['/'])
})

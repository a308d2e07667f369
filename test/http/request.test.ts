import fc from 'fast-check'
import t from 'tap'
import { parseTarget } from '../../src/http/request.ts'

const cases: ReadonlyArray<readonly [string, string, string | undefined]> = [
  ['/', '/', undefined],
  ['/a?', '/a', ''],
  ['/a?b=1', '/a', 'b=1'],
  ['/a?b=/c?d', '/a', 'b=/c?d'],
  ['//evil.example/a', '//evil.example/a', undefined],
  ['/a/../b?x', '/a/../b', 'x'],
]

for (const [raw, path, query] of cases) {
  t.test(`parseTarget splits ${raw} on its first question mark and folds nothing`, async (t) => {
    t.same(parseTarget(raw), { raw, path, query })
  })
}

t.test('parseTarget loses no byte', async () => {
  fc.assert(
    fc.property(fc.string(), (raw) => {
      const { path, query } = parseTarget(raw)
      return raw === (query === undefined ? path : `${path}?${query}`) && !path.includes('?')
    }),
  )
})

import fc from 'fast-check'
import t from 'tap'
import { globMatcher, redisPattern } from '../../src/store/glob.ts'

t.test('globMatcher: a star is any text, everything else itself', async (t) => {
  const cases: Array<[string, string, boolean]> = [
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', 'any:thing', true],
    ['a', 'a', true],
    ['a', 'A', false],
    ['a*', 'ab', true],
    ['*a', 'ba', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['ab*ba', 'aba', false],
    ['*ab*ab*', 'ab', false],
    ['*ab*ab*', 'xabyabz', true],
    ['a.c', 'abc', false],
    ['a**b', 'ab', true],
  ]
  for (const [glob, key, expected] of cases) t.equal(globMatcher(glob)(key), expected, `${glob} ${key}`)
})

t.test('globMatcher says what a plain search over every split says', async () => {
  const few = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 7 })
  const keys = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })
  fc.assert(
    fc.property(few, keys, (glob, key) => globMatcher(glob)(key) === slow(glob, key)),
    { numRuns: 3000 },
  )
})

t.test('redisPattern leaves no character but the star its meaning', async (t) => {
  t.equal(redisPattern('a*b'), 'a*b')
  t.equal(redisPattern('[a-z]?\\^***'), '\\[a\\-z\\]\\?\\\\\\^*')
})

function slow(glob: string, key: string): boolean {
  if (glob === '') return key === ''
  if (glob[0] !== '*') return key !== '' && key[0] === glob[0] && slow(glob.slice(1), key.slice(1))
  return slow(glob.slice(1), key) || (key !== '' && slow(glob, key.slice(1)))
}

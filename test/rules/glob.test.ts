import fc from 'fast-check'
import t from 'tap'
import { matchGlob } from '../../src/rules/glob.ts'

t.test('matchGlob agrees with a slow definition', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 })
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 })
  fc.assert(
    fc.property(pattern, text, (p, s) => matchGlob(p, s) === slowly(p, s)),
    { numRuns: 5000 },
  )
})

t.test('matchGlob knows one special character', async (t) => {
  t.ok(matchGlob('a.c', 'a.c'))
  t.notOk(matchGlob('a.c', 'abc'))
  t.notOk(matchGlob('a?', 'ab'))
  t.ok(matchGlob('', ''))
  t.notOk(matchGlob('', 'a'))
  t.ok(matchGlob('**', ''))
})

t.test('matchGlob finishes on many stars', async (t) => {
  t.notOk(matchGlob(`${'a*'.repeat(2000)}b`, 'a'.repeat(5000)))
  t.ok(matchGlob('*a'.repeat(2000), 'a'.repeat(5000)))
})

function slowly(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern[0] === '*') return slowly(pattern.slice(1), text) || (text !== '' && slowly(pattern, text.slice(1)))
  return text !== '' && pattern[0] === text[0] && slowly(pattern.slice(1), text.slice(1))
}

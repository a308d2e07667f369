import t from 'tap'
import { nearest } from '../../src/rules/spelling.ts'

t.test('nearest finds a misspelt word and guesses nothing wilder', async (t) => {
  const known = ['params', 'query', 'header', 'jwt']
  t.equal(nearest('parms', known), 'params')
  t.equal(nearest('Qeury', known), 'query', 'swapped neighbours are one mistake')
  t.equal(nearest('qvzry', known), undefined, 'a third of the word at most')
  t.equal(nearest('HEADERS', known), 'header', 'case makes no difference')
  t.equal(nearest('jtw', known), 'jwt')
  t.equal(nearest('jwtt', known), 'jwt')
  t.equal(nearest('entirely', known), undefined)
  t.equal(nearest('x'.repeat(100_000), known), undefined)
})

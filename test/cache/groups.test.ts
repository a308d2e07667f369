import t from 'tap'
import { cacheGroups, invalidatedGroups } from '../../src/cache/groups.ts'
import { makeRequest, makeResponse } from './builders.ts'

t.test('cacheGroups: a List of Strings, or nothing', async (t) => {
  // biome-ignore format: one case, one line
  const cases: [fields: string[], groups: string[]][] = [
    [[], []], [['Cache-Groups', '"a", "b"'], ['a', 'b']], [['Cache-Groups', '"a"', 'cache-groups', '"b"'], ['a', 'b']], [['Cache-Groups', '"a", "a"'], ['a']],
    [['Cache-Groups', '"a";x=1'], ['a']], [['Cache-Groups', '"A", "a"'], ['A', 'a']], [['Cache-Groups', '"a, b"'], ['a, b']], [['Cache-Groups', ''], []],
    [['Cache-Groups', 'a'], []], [['Cache-Groups', '"a", b'], []], [['Cache-Groups', '("a" "b")'], []], [['Cache-Groups', '"a",'], []], [['Cache-Groups', '1'], []],
  ]
  for (const [fields, groups] of cases) t.same(cacheGroups(fields), groups, fields.join())
})

t.test('invalidatedGroups: what a write that succeeded says', async (t) => {
  const cases: [method: string, status: number, groups: string[]][] = [
    ['POST', 200, ['a']],
    ['DELETE', 303, ['a']],
    ['FOO', 204, ['a']],
    ['POST', 400, []],
    ['POST', 500, []],
    ['GET', 200, []],
    ['QUERY', 200, []],
  ]
  for (const [method, status, groups] of cases) {
    const response = makeResponse(['Cache-Group-Invalidation', '"a"'], status)
    t.same(invalidatedGroups(makeRequest([], method), response), groups, `${method} ${status}`)
  }
})

import t from 'tap'
import { z } from 'zod'
import { listed, section, textLeaf } from '../../src/rules/leaf.ts'

t.test('listed joins words as a sentence does', async (t) => {
  t.equal(listed([]), '')
  t.equal(listed(['a']), '"a"')
  t.equal(listed(['a', 'b', 'c']), '"a", "b" or "c"')
})

t.test('textLeaf hands on what its parser says, offset and all', async (t) => {
  const leaf = textLeaf({ examples: ['x'] }, (text) =>
    text === 'x' ? { kind: 'value', value: 1 } : { kind: 'problem', problem: { what: 'No x', fix: 'Write x', offset: 3 } },
  )
  t.equal(leaf.parse('x'), 1)
  t.match(leaf.safeParse('y').error?.issues, [{ code: 'custom', message: 'No x', params: { fix: 'Write x', offset: 3 } }])
  t.match(z.toJSONSchema(leaf, { io: 'input' }), { type: 'string', examples: ['x'] })
})

t.test('section names the known keys to whoever translates an unknown one', async (t) => {
  const issues = section({ a: z.string().optional(), b: z.string().optional() }, '{ a: x }').safeParse({ c: 1 }).error?.issues
  t.match(issues, [{ code: 'unrecognized_keys', keys: ['c'], message: 'a b' }])
})

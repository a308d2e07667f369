import fc from 'fast-check'
import t from 'tap'
import { keysOfPath, pathOfKey, renderedKeyOf } from '../../src/admin/listed-key.ts'
import { formatPrimaryKey } from '../../src/cache/key.ts'

t.test('renderedKeyOf is what was rendered, whatever it was and whatever was appended', async (t) => {
  const text = fc.string({ unit: fc.constantFrom('a', ':', '|', '%7C', '=') })
  const appended = fc.record({ query: text, host: text, identity: text }, { requiredKeys: [] })
  fc.assert(
    fc.property(text, appended, (key, parts) => {
      const listed = formatPrimaryKey({ prefix: 'p', key, appended: parts }).slice(2)
      t.ok(renderedKeyOf(listed) === key || t.fail(`${listed} → ${renderedKeyOf(listed)}, not ${key}`))
    }),
  )
})

t.test('pathOfKey and keysOfPath bring back the key, before any other', async (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }).map((key) => key.toWellFormed()),
      (key) => {
        const path = pathOfKey(key)
        t.match(path, /^[!-~]*$/)
        t.notMatch(path, /[?#/]/)
        t.ok(keysOfPath(path).includes(key), key)
      },
    ),
  )
  t.equal(keysOfPath(pathOfKey('user:a%40b:x|h=h'))[0], 'user:a%40b:x|h=h')
  t.same(keysOfPath('%ff'), ['%ff'], 'what cannot be decoded stands for itself')
})

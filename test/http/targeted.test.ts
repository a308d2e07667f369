import fc from 'fast-check'
import t from 'tap'
import { delta, restrictedFields } from '../../src/http/cache-control.ts'
import { parseTargeted } from '../../src/http/targeted.ts'

for (const value of [undefined, '', ' ', 'max-age=10000, &&&&&', 'max-age =100', 'MaX-aGe=3600', 'max-age=60,']) {
  t.test(`parseTargeted: ${value} must be ignored`, async (t) => {
    t.equal(parseTargeted(value), undefined)
  })
}

t.test('parseTargeted reads the shape of Cache-Control', async (t) => {
  const directives = parseTargeted('max-age=60;x=1, no-store, private="a, b", must-revalidate=?0, s=token')
  t.same(
    [...(directives ?? [])],
    [
      ['max-age', ['60']],
      ['no-store', [true]],
      ['private', ['a, b']],
      ['s', ['"token"']],
    ],
  )
})

for (const value of ['"60"', '60.5', '-1', '?1', '(60)', 'x', ':NjA=:']) {
  t.test(`parseTargeted makes max-age=${value} an invalid number`, async (t) => {
    const directives = parseTargeted(`max-age=${value}`)
    t.equal(directives && delta(directives, 'max-age'), 'invalid')
  })
}

t.test('parseTargeted caps lifetimes as Cache-Control does', async (t) => {
  const directives = parseTargeted('max-age=99999999999')
  t.equal(directives && delta(directives, 'max-age'), 2 ** 31)
})

t.test('parseTargeted makes an unreadable list of fields mean all', async (t) => {
  for (const value of ['no-cache=(a b)', 'no-cache=1.5', 'no-cache=60', 'no-cache=""', 'no-cache']) {
    const directives = parseTargeted(value)
    t.equal(directives && restrictedFields(directives, 'no-cache'), 'all', value)
  }
})

t.test('parseTargeted never throws', async () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      parseTargeted(value)
    }),
  )
})

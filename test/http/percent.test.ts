import fc from 'fast-check'
import t from 'tap'
import { decodePercent, hasValidEscapes } from '../../src/http/percent.ts'

const cases: ReadonlyArray<readonly [string, string]> = [
  ['', ''],
  ['abc', 'abc'],
  ['a%20b', 'a b'],
  ['%C3%a9', 'é'],
  ['%E2%82%AC', '€'],
  ['%F0%9F%98%80', '😀'],
  ['%', '%'],
  ['%4', '%4'],
  ['%zz', '%zz'],
  ['%41%zz%42', 'A%zzB'],
  ['%41%ff%42', 'A%ffB'],
  ['%C3%41', '%C3A'],
  ['%E2%82', '%E2%82'],
  ['%C0%AF', '%C0%AF'],
  ['%ED%A0%80', '%ED%A0%80'],
  ['%F4%90%80%80', '%F4%90%80%80'],
  ['%2541', '%41'],
  ['%ff%C3%A9', '%ffé'],
  ['%00', '\0'],
]

for (const [text, decoded] of cases) {
  t.test(`decodePercent of ${text}`, async (t) => {
    t.equal(decodePercent(text), decoded)
  })
}

t.test('hasValidEscapes wants two digits behind every percent sign', async (t) => {
  for (const text of ['', 'a', '%41', '%ff%FF']) t.equal(hasValidEscapes(text), true, text)
  for (const text of ['%', '%4', '%4g', '%%41', 'a%']) t.equal(hasValidEscapes(text), false, text)
})

t.test('decodePercent undoes encodeURIComponent', async () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => decodePercent(encodeURIComponent(text)) === text))
})

t.test('decodePercent never throws', async () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'%0129afCEF\ud800') }), (text) => {
      decodePercent(text)
    }),
  )
})

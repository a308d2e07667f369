import fc from 'fast-check'
import t from 'tap'
import { escapeValue } from '../../src/cache/key.ts'
import { normaliseLabelText } from '../../src/rules/label-text.ts'

t.test('normaliseLabelText spells a literal as an escaped value is spelt', async (t) => {
  t.equal(normaliseLabelText('a/b ñ*'), 'a%2Fb%20%C3%B1%2A')
  t.equal(normaliseLabelText('a:b'), 'a:b', 'separators stay')
  t.equal(normaliseLabelText('%2f%41%7e'), '%2FA~', 'escapes stay, those of unreserved characters are decoded')
  t.equal(normaliseLabelText('100%'), '100%25')
  t.equal(normaliseLabelText('x:*', '*'), 'x:*')
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 8 }),
      (text) => /[%:]/.test(text) || normaliseLabelText(text) === escapeValue(text),
    ),
  )
})

t.test('normaliseLabelText leaves what it made alone', async () => {
  fc.assert(fc.property(fc.string(), (text) => normaliseLabelText(normaliseLabelText(text)) === normaliseLabelText(text)))
})

import fc from 'fast-check'
import t from 'tap'
import type { Entry, Tagged } from '../../src/cache/entry.ts'
import { lendableTag, mostTags, termsOf, withTagged } from '../../src/cache/lend.ts'
import type { Fields } from '../../src/http/fields.ts'
import { makeEntry, makePolicy } from './builders.ts'

t.test('lendableTag is the strong ETag of a whole 200 that sets no cookie', async (t) => {
  const cases: ReadonlyArray<readonly [Fields, Partial<Entry>, string | undefined]> = [
    [['ETag', '"a"'], {}, '"a"'],
    [['ETag', 'W/"a"'], {}, undefined],
    [['ETag', 'a'], {}, undefined],
    [[], {}, undefined],
    [['ETag', '"a"'], { status: 404 }, undefined],
    [['ETag', '"a"'], { part: { ranges: [{ first: 0, last: 9 }], length: 20 } }, undefined],
    [['ETag', '"a"', 'Set-Cookie', 'a=b'], {}, undefined],
    [['ETag', `"${'a'.repeat(254)}"`], {}, `"${'a'.repeat(254)}"`],
    [['ETag', `"${'a'.repeat(255)}"`], {}, undefined],
  ]
  for (const [fields, changes, expected] of cases) t.equal(lendableTag(makeEntry(fields, changes)), expected, fields.join())
})

t.test('termsOf is one for requests that differ by what a tag tells, and no other', async (t) => {
  const terms = (selector: string[], requestFields: Fields, madeBy = ['h:1', 'page']): string =>
    termsOf(selector, { requestFields, policy: makePolicy(), madeBy, credentials: ['authorization', 'cookie', 'x-key'] })
  t.equal(terms(['accept-language'], ['Accept-Language', 'de']), terms(['accept-language'], ['Accept-Language', 'fr']))
  t.equal(terms(['x-plan'], ['X-Plan', 'a']), terms(['accept-language'], []), 'by whatever field')
  t.equal(terms([], ['Accept-Encoding', 'br']), terms([], ['Cookie', 'a=b']), 'what does not select is not looked at')
  for (const [name, value] of [
    ['accept-encoding', 'gzip'],
    ['origin', 'https://a.example'],
    ['authorization', 'Bearer a'],
    ['cookie', 'a=b'],
    ['x-key', '1'],
  ] as const) {
    t.equal(terms([name], [name, value]), terms([name], [name, value]), name)
    t.not(terms([name], [name, value]), terms([name], []), name)
    t.not(terms([name], [name, value]), terms([], [name, value]), `${name}: selects, or does not`)
  }
  t.not(terms([], [], ['h:2', 'page']), terms([], []), 'other rules')
  t.not(terms([], [], ['h:1', 'list']), terms([], []), 'another rule')
})

t.test('withTagged: newest first, one of each key and tag, never more than are sent', async () => {
  const letter = fc.constantFrom(...'abcdefghijkl')
  const tagged: fc.Arbitrary<Tagged> = fc.record({
    key: letter,
    etag: letter,
    terms: fc.constantFrom('x', 'y'),
    stamp: fc.record({ epoch: fc.constant('e'), number: fc.nat() }),
  })
  fc.assert(
    fc.property(fc.array(fc.tuple(letter, fc.option(tagged, { nil: undefined })), { maxLength: 40 }), (steps) => {
      let listed: readonly Tagged[] = []
      for (const [key, added] of steps) {
        listed = withTagged(listed, added?.key ?? key, added)
        const keys = new Set(listed.map((each) => each.key))
        const tags = new Set(listed.map(({ etag, terms }) => etag + terms))
        if (listed.length > mostTags || keys.size < listed.length || tags.size < listed.length) throw new Error('twice')
        if (added === undefined ? keys.has(key) : listed[0] !== added) throw new Error('not the newest')
      }
    }),
  )
})

import fc from 'fast-check'
import t from 'tap'
import type { Entry, Stored } from '../../src/cache/entry.ts'
import { keyFootprint, openFootprint } from '../../src/store/footprint.ts'
import { makeEntry, stored } from './contract.ts'

const length = 500
const costOf = (given: Partial<Entry>): number => openFootprint(stored(given), length)
const plain: Partial<Entry> = { fields: [], labels: [], vary: [], rule: '', reasonPhrase: '', stamp: { epoch: '', number: 1 } }

t.test('keyFootprint: every character of the key, and something for its place', async (t) => {
  t.ok(keyFootprint('') > 0)
  t.equal(keyFootprint('x'.repeat(5000)) - keyFootprint(''), 5000)
})

t.test('openFootprint: every text of an entry counts, more the longer it is', async (t) => {
  const grow: Record<string, (text: string) => Partial<Entry>> = {
    'a field': (text) => ({ fields: ['x', text] }),
    'a label': (text) => ({ labels: [text] }),
    'a name of Vary': (text) => ({ vary: [text] }),
    'the rule': (rule) => ({ rule }),
    'the reason phrase': (reasonPhrase) => ({ reasonPhrase }),
    'the epoch': (epoch) => ({ stamp: { epoch, number: 1 } }),
  }
  for (const [name, given] of Object.entries(grow)) {
    const short = costOf({ ...plain, ...given('') })
    t.equal(costOf({ ...plain, ...given('x'.repeat(1000)) }) - short, 1000, name)
  }
})

t.test('openFootprint: an empty text is not for nothing, so that many of them cannot be', async (t) => {
  const none = costOf(plain)
  for (const name of ['fields', 'labels', 'vary'] as const) {
    const many = costOf({ ...plain, [name]: Array<string>(100).fill('') })
    t.ok(many - none >= 100 * 16, `${name}: ${many - none}`)
  }
  const variants = (selectors: string[][]): number => openFootprint({ kind: 'variants', selectors }, length)
  t.ok(variants([Array<string>(100).fill('')]) - variants([]) >= 100 * 16)
})

t.test('openFootprint: the bytes it is made of count once, body included', async (t) => {
  const cases: ReadonlyArray<readonly [string, Stored]> = [
    ['an entry', stored()],
    ['variants', { kind: 'variants', selectors: [['accept-encoding']] }],
    [
      'tags',
      { kind: 'variants', selectors: [], tagged: [{ key: 'k', etag: '"1"', stamp: { epoch: 'e', number: 1 }, terms: '' }] },
    ],
  ]
  for (const [name, value] of cases) {
    t.equal(openFootprint(value, length + 70_000) - openFootprint(value, length), 70_000, name)
    t.ok(openFootprint(value, 0) > 0, `${name}: and something for the objects`)
  }
  const body = Buffer.alloc(70_000)
  t.equal(costOf({ body, bodyLength: body.length }), costOf({}), 'the body is a part of the length, not added to it')
})

t.test('openFootprint: never less with more in it, never below what it is made of', async () => {
  const texts = fc.array(fc.string(), { maxLength: 20 })
  fc.assert(
    fc.property(texts, texts, texts, fc.nat(1_000_000), (fields, labels, more, bytes) => {
      const entry = makeEntry({ fields, labels })
      const less = openFootprint({ kind: 'entry', entry }, bytes)
      const larger = openFootprint({ kind: 'entry', entry: { ...entry, labels: [...labels, ...more] } }, bytes)
      if (less < bytes || (more.length > 0 ? larger <= less : larger !== less)) throw new Error(`${less} ${larger}`)
    }),
  )
})

import fc from 'fast-check'
import t from 'tap'
import { type BareItem, formatString, formatToken, parseDictionary, parseList } from '../../src/http/structured-field.ts'

const none = new Map()

const items: ReadonlyArray<readonly [string, BareItem]> = [
  ['1', { kind: 'integer', value: 1 }],
  ['-0042', { kind: 'integer', value: -42 }],
  ['999999999999999', { kind: 'integer', value: 999_999_999_999_999 }],
  ['1.5', { kind: 'decimal', value: 1.5 }],
  ['-123456789012.125', { kind: 'decimal', value: -123_456_789_012.125 }],
  ['"a\\"b\\\\, c"', { kind: 'string', value: 'a"b\\, c' }],
  ['""', { kind: 'string', value: '' }],
  ['*a:/b', { kind: 'token', value: '*a:/b' }],
  [':aGVsbG8=:', { kind: 'bytes', value: 'aGVsbG8=' }],
  ['::', { kind: 'bytes', value: '' }],
  ['?1', { kind: 'boolean', value: true }],
  ['?0', { kind: 'boolean', value: false }],
  ['@1659578233', { kind: 'date', value: 1_659_578_233 }],
  ['%"f%c3%bc"', { kind: 'display-string', value: 'fü' }],
]

for (const [text, item] of items) {
  t.test(`parseDictionary reads the value ${text}`, async (t) => {
    t.same(parseDictionary(`a=${text}`)?.get('a'), { item, parameters: none })
  })
}

t.test('parseDictionary reads members, parameters and inner lists', async (t) => {
  const yes: BareItem = { kind: 'boolean', value: true }
  const dictionary = parseDictionary('  no-store , max-age=60;a;b=1\t,\t list=( 1;x  "y" );z, e=(), f=(1)  ')
  t.same(
    [...(dictionary ?? [])],
    [
      ['no-store', { item: yes, parameters: none }],
      [
        'max-age',
        {
          item: { kind: 'integer', value: 60 },
          parameters: new Map<string, BareItem>([
            ['a', yes],
            ['b', { kind: 'integer', value: 1 }],
          ]),
        },
      ],
      [
        'list',
        {
          items: [
            { item: { kind: 'integer', value: 1 }, parameters: new Map([['x', yes]]) },
            { item: { kind: 'string', value: 'y' }, parameters: none },
          ],
          parameters: new Map([['z', yes]]),
        },
      ],
      ['e', { items: [], parameters: none }],
      ['f', { items: [{ item: { kind: 'integer', value: 1 }, parameters: none }], parameters: none }],
    ],
  )
})

t.test('parseDictionary keeps the last of duplicate keys', async (t) => {
  t.same(parseDictionary('a=1, a=2')?.get('a'), { item: { kind: 'integer', value: 2 }, parameters: none })
})

t.test('parseDictionary reads an empty text as an empty dictionary', async (t) => {
  t.equal(parseDictionary('')?.size, 0)
  t.equal(parseDictionary('  ')?.size, 0)
})

const invalid = [
  'a,',
  ',a',
  'a b',
  'a,,b',
  'A=1',
  'MaX-aGe=1',
  'a =1',
  'a= 1',
  'a=',
  '\ta',
  'max-age=10000, &&&&&',
  'a=1.',
  'a=.5',
  'a=-',
  'a=1.2345',
  'a=1234567890123456',
  'a=12345678901234567890abc',
  'a=1234567890123.1',
  'a="b',
  'a="b\\c"',
  'a="ü"',
  'a="\t"',
  'a=?2',
  'a=:b:c',
  'a=:b',
  'a=@1.5',
  'a=@',
  'a=%"%C3"',
  'a=%"%ff"',
  'a=%"b',
  'a=(1"b")',
  'a=(1',
  'a=(1, 2)',
  'a=((1))',
  'a;',
  'a;B',
  'a;b=',
  'a=1 ;b',
]

for (const text of invalid) {
  t.test(`parseDictionary refuses ${JSON.stringify(text)}`, async (t) => {
    t.equal(parseDictionary(text), undefined)
  })
}

t.test('parseList reads items with parameters, in order', async (t) => {
  const list = parseList('ExampleCache; hit; ttl=3, "b";fwd=miss')
  t.same(list, [
    {
      item: { kind: 'token', value: 'ExampleCache' },
      parameters: new Map<string, BareItem>([
        ['hit', { kind: 'boolean', value: true }],
        ['ttl', { kind: 'integer', value: 3 }],
      ]),
    },
    { item: { kind: 'string', value: 'b' }, parameters: new Map([['fwd', { kind: 'token', value: 'miss' }]]) },
  ])
  for (const text of ['a,', 'a, b="', 'a b', '=']) t.equal(parseList(text), undefined, text)
})

t.test('formatString escapes, and percent-encodes what a String cannot hold', async (t) => {
  t.equal(formatString('a"b\\c'), '"a\\"b\\\\c"')
  t.equal(formatString('ü\n\u{1f600}'), '"%C3%BC%0A%F0%9F%98%80"')
  t.equal(formatString('\ud800'), '"%EF%BF%BD"')
})

t.test('formatToken writes a token where it can, else a string', async (t) => {
  t.equal(formatToken('key-incomplete'), 'key-incomplete')
  t.equal(formatToken('*a/b:c'), '*a/b:c')
  t.equal(formatToken('1a'), '"1a"')
  t.equal(formatToken('a b'), '"a b"')
  t.equal(formatToken(''), '""')
})

t.test('the parsers never throw', async () => {
  const structured = fc.string({ unit: fc.constantFrom(...'ab1-.,;=()"\\?@%:* \t') })
  fc.assert(
    fc.property(fc.oneof(fc.string(), structured), (text) => {
      parseDictionary(text)
      parseList(text)
    }),
  )
})

t.test('parseList reads whatever formatString and formatToken wrote', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
      const [first, second] = parseList(`${formatString(text)}, ${formatToken(text)}`) ?? []
      return [first, second].every((member) => member !== undefined && 'item' in member && member.item.value === text)
    }),
  )
})

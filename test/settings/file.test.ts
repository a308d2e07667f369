import fc from 'fast-check'
import t from 'tap'
import { readConfiguration } from '../../src/settings/file.ts'

const read = (text: string) => readConfiguration(text, 'a.yaml')
const texts = (text: string) => read(text).given.map(({ row, texts }) => [row.path, texts])

t.test('readConfiguration gives the text of each value as written, with its place', async (t) => {
  t.match(read('server:\n  port: 0x50\n').given, [
    { row: { path: 'server.port' }, layer: 'file', source: 'a.yaml:2:9', texts: ['0x50'] },
  ])
  t.same(texts('server: { via: off, host: "a b" }'), [
    ['server.via', ['off']],
    ['server.host', ['a b']],
  ])
  t.same(texts('origin:\n  url: [http://a, http://b]\n'), [['origin.addresses', ['http://a', 'http://b']]])
  t.same(texts('server: { trusted_proxies: [] }'), [['server.trusted_proxies', []]])
})

t.test('readConfiguration takes a key without a value as unset', async (t) => {
  for (const text of ['', '# nothing\n', 'server:\n', 'server:\n  port:\n', 'server: ~\n'])
    t.same(read(text), { given: [], problems: [] }, text)
})

t.test('readConfiguration finds every fault, with its place', async (t) => {
  const cases: Array<[string, string, RegExp, RegExp]> = [
    ['server:\n  prot: 1\n', 'a.yaml:2:3', /No such setting/, /"server\.port"/],
    ['port: 1\n', 'a.yaml:1:1', /No such setting/, /"server\.port"/],
    ['redis: { nonsense: 1 }', 'a.yaml:1:10', /No such setting/, /Write one of enabled, url, host/],
    ['server: 8080', 'a.yaml:1:1', /Holds settings/, /below it/],
    ['server: { port: { at: 1 } }', 'a.yaml:1:17', /A map stands/, /the value itself/],
    ['server: { port: &a 1, host: *a }', 'a.yaml:1:29', /An alias stands/, /in quotes/],
    ['- a\n', 'a.yaml:1:1', /Not a map/, /key: value/],
    ['server:\n  port: 1\n  port: 2\n', 'a.yaml:3:3', /unique/, /key: value/],
    ['server: {', 'a.yaml:1:10', /Not YAML/, /key: value/],
    ['? [a]\n: b\n', 'a.yaml:1:3', /No such setting/, /./],
  ]
  for (const [text, source, problem, fix] of cases) t.match(read(text).problems[0], { source, problem, fix }, text)
  t.equal(read('a: 1\nb: 2\n').problems.length, 2)
})

t.test('readConfiguration never throws', async () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'a:-[]{}"\'&*!|>#?, \n\t%@`server'.split('')), maxLength: 60 }),
      (text) => void read(text),
    ),
  )
  fc.assert(fc.property(fc.string(), (text) => void read(text)))
})

import fc from 'fast-check'
import t from 'tap'
import { canBeEqual, isOpen, TemplateTree } from '../../src/rules/overlap.ts'
import { template } from './builders.ts'

t.test('canBeEqual: a value is any run without ":", a glob any run', async (t) => {
  const cases: Array<[string, string, boolean]> = [
    ['a:b', 'a:b', true],
    ['a:b', 'a:c', false],
    ['a:{query.x}', 'a:b', true],
    ['a:{query.x}', 'a:', true],
    ['a:{query.x}', 'a:b:c', false],
    ['a:{query.x}', 'b:{query.x}', false],
    ['a{query.x}c', 'ab{query.y}', true],
    ['a{query.x}c', 'ab{query.y}d', false],
    ['{query.x}:b', 'a:{query.y}', true],
    ['{query.x}', 'a:b', false],
    ['user:{user}', 'user:{user}:stats', false],
    ['x:*', 'x:{params.id}:detail', true],
    ['x:*', 'x', false],
    ['x*', 'x', true],
    ['*:detail', 'x:{params.id}:detail', true],
    ['*:detail', 'x:{params.id}', true],
    ['*:detail', 'x:{params.id}:list', false],
    ['x:{params.id}:slots:*', 'x:1:slots:{query.from}:{query.to}', true],
    ['x:{params.id}:slots:*', 'x:1:detail', false],
    ['a{query.x}b{query.y}c{query.z}d', 'a1b2c3e', false],
  ]
  for (const [a, b, expected] of cases) {
    t.equal(canBeEqual(template(a), template(b)), expected, `${a} ~ ${b}`)
    t.equal(canBeEqual(template(b), template(a)), expected, `${b} ~ ${a}`)
    if (b.includes('*')) continue
    const tree = new TemplateTree<string>()
    tree.add(template('zzz:{params.id}:y:y:y:y:y'), 'other')
    tree.add(template(b), b)
    t.equal(tree.mayProduce(template(a)), expected, `tree: ${a} ~ ${b}`)
  }
})

t.test('TemplateTree finds whatever produces a common text, and only that', async () => {
  const segment = fc.string({ unit: fc.constantFrom('a', 'b', '1'), maxLength: 3 })
  const source = fc
    .array(fc.array(fc.oneof(segment, fc.constant('{query.x}')), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })
    .map((segments) => segments.map((parts) => parts.join('')).join(':'))
    .filter((text) => text !== '')
  fc.assert(
    fc.property(fc.array(source, { maxLength: 8 }), source, fc.boolean(), (sources, wanted, isGlob) => {
      const sought = template(isGlob ? `${wanted}*` : wanted)
      const tree = new TemplateTree<string>()
      for (const one of sources) tree.add(template(one), one)
      const found = tree.find(sought, () => true)
      const expected = sources.filter((one) => canBeEqual(template(one), sought))
      return found === undefined ? expected.length === 0 : expected.includes(found)
    }),
  )
})

t.test('templates made of one text can be equal', async () => {
  // Values replace random parts of one text, so both templates can produce it.
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ':', 'c'), minLength: 1, maxLength: 12 })
  const blur = (from: string, mask: readonly boolean[]) =>
    [...from].map((c, i) => (c !== ':' && mask[i] ? '{query.x}' : c)).join('')
  const mask = fc.array(fc.boolean(), { minLength: 12, maxLength: 12 })
  fc.assert(fc.property(text, mask, mask, (from, a, b) => canBeEqual(template(blur(from, a)), template(blur(from, b)))))
})

t.test('isOpen: a tag that is nothing but what the origin names', async (t) => {
  t.equal(isOpen(template('{response.header.surrogate-key}')), true)
  t.equal(isOpen(template('{response.json.tags[*]}')), true)
  t.equal(isOpen(template('x:{response.json.tags[*]}')), false)
  t.equal(isOpen(template('{request.json.tag}')), false)
})

t.test('a search that would take minutes is given up, in favour of the rules', async (t) => {
  const tree = new TemplateTree<number>()
  for (let i = 0; i < 10_000; i++) tree.add(template(`k${i}:{params.id}`), i)
  const wanted = template('*zz:*y')
  let searches = 1
  while (!tree.mayProduce(wanted) && searches < 1000) searches++
  t.ok(searches > 10 && searches < 100, `given up in search ${searches}`)
  t.equal(tree.mayProduce(template('nothing-like-it')), true, 'and from then on nothing is called missing')
})

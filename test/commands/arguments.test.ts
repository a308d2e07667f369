import t from 'tap'
import { type Flag, listOf, parseArguments, textOf } from '../../src/commands/arguments.ts'

const flags: readonly Flag[] = [
  { name: 'json', help: '' },
  { name: 'rules', value: 'FILE', help: '' },
  { name: 'tag', value: 'TAG', isRepeatable: true, help: '' },
]

t.test('parseArguments reads flags in both forms, anywhere, and the last of one wins', async (t) => {
  const parsed = parseArguments(['a', '--rules=x', '--tag', 't1', '--json', '--rules', '-y', '--tag=--t2', '--', '--json'], flags)
  if (parsed.kind === 'problem') return t.fail(parsed.problem)
  t.same(parsed.positionals, ['a', '--json'])
  t.equal(parsed.flags['json'], true)
  t.equal(textOf(parsed.flags, 'rules'), '-y')
  t.same(listOf(parsed.flags, 'tag'), ['t1', '--t2'])
  t.same(listOf(parsed.flags, 'rules'), [])
  t.equal(textOf(parsed.flags, 'tag'), undefined)
})

t.test('parseArguments says what is wrong, and what was meant', async (t) => {
  const cases: Array<[args: string[], problem: string | RegExp]> = [
    [['--jsn'], 'There is no flag --jsn: did you mean --json?'],
    [['--rule', 'x'], 'There is no flag --rule: did you mean --rules?'],
    [['--quite-another'], 'There is no flag --quite-another'],
    [['-x'], /^There is no flag -x/],
    [['--no-json'], /^There is no flag --no-json/],
    [['--__proto__'], /^There is no flag --__proto__/],
    [['--json=yes'], '--json takes no value'],
    [['--rules'], '--rules needs a value: write --rules=FILE'],
    [['--rules', '--json'], '--rules needs a value: write --rules=FILE'],
  ]
  for (const [args, problem] of cases) {
    const parsed = parseArguments(args, flags)
    t.match(parsed, { kind: 'problem', problem }, args.join(' '))
  }
})

import t from 'tap'
import { formatProblem, type Problem } from '../../src/rules/problem.ts'

const problem: Problem = {
  file: 'rules.yaml',
  line: 2,
  column: 5,
  severity: 'error',
  what: 'Unknown key "tll"',
  fix: 'Write "ttl"',
}

t.test('formatProblem says where, what and what to write', async (t) => {
  t.equal(formatProblem(problem), 'rules.yaml:2:5: error: Unknown key "tll": write "ttl"')
  t.equal(
    formatProblem(problem, 'a: 1\nb: {tll: 5m}\n'),
    'rules.yaml:2:5: error: Unknown key "tll": write "ttl"\n    2 | b: {tll: 5m}\n      |     ^',
  )
})

t.test('formatProblem keeps terminals safe and lines short', async (t) => {
  t.match(formatProblem(problem, 'a\n\u001b[31mred\t'), /\n {4}2 \| {2}\[31mred\n/)
  const cut = formatProblem({ ...problem, column: 501 }, `a\n${'x'.repeat(500)}!${'y'.repeat(500)}`).split('\n')
  t.equal(cut[1]?.length, 108)
  t.equal(cut[1]?.[cut[2]?.indexOf('^') ?? 0], '!')
  t.equal(formatProblem({ ...problem, line: 9 }, 'a\n'), 'rules.yaml:9:5: error: Unknown key "tll": write "ttl"')
})

import t from 'tap'
import { formatProblem } from '../../src/settings/problem.ts'

t.test('formatProblem names the place, the key where it says more, what is wrong and what to write', async (t) => {
  const problem = { problem: 'Too loud', fix: 'Write "info"' }
  t.equal(formatProblem({ ...problem, key: 'log.level', source: 'LOG_LEVEL' }), 'LOG_LEVEL: log.level: Too loud. Write "info"')
  t.equal(formatProblem({ ...problem, key: 'WORKERS', source: 'WORKERS' }), 'WORKERS: Too loud. Write "info"')
  t.equal(formatProblem({ ...problem, key: '', source: 'a.yaml:1:1' }), 'a.yaml:1:1: Too loud. Write "info"')
})

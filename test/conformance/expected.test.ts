import { readFileSync } from 'node:fs'
import t from 'tap'
import { compare, parseDifferences } from './expected.ts'
import { type Case, loadCases } from './suite.ts'
import { formatScores } from './table.ts'

const cases: readonly Case[] = [
  { id: 'a', topic: 'Age', kind: 'required', name: 'A' },
  { id: 'b', topic: 'Age', kind: 'optimal', name: 'B' },
  { id: 'c', topic: 'Stale', kind: 'check', name: 'C' },
]
const failed = ['Assertion', 'no'] as const

t.test('compare says nothing when what fails is what is listed', async (t) => {
  const list = [{ cases: ['b'], because: 'of the RFC' }]
  t.same(compare(cases, { a: true, b: failed, c: failed }, list), [], 'a check may fail')
  t.same(compare(cases, { a: true, b: failed, c: true }, list), [], 'or pass')
})

t.test('compare names every difference, either way', async (t) => {
  t.match(compare(cases, { a: failed, b: true, c: true }, []), [/^a: A: Assertion: no$/])
  t.match(compare(cases, { a: true, b: true, c: true }, [{ cases: ['a'], because: '' }]), [/^a: listed, but it passes/])
  t.match(compare(cases, { b: true }, []), [/^a: A: not run$/], 'a case that was not run has not passed')
  t.match(compare(cases, { a: true, b: true }, [{ cases: ['c', 'x'], because: '' }]), [
    /^c: .*no such case$/,
    /^x: .*no such case$/,
  ])
})

t.test('parseDifferences refuses a difference without a reason, a case twice, and words it does not know', async (t) => {
  t.same(parseDifferences('differences: [{ cases: [a], because: so }]'), [{ cases: ['a'], because: 'so' }])
  const named = parseDifferences('differences: [{ cases: [a], because: so, passes_with: { rfc: { b: c }, origin: { d: e } } }]')
  t.same(named[0]?.passes_with, { rfc: { b: 'c' }, origin: { d: 'e' } })
  for (const passing of ['{}', '{ store: { b: c } }', '"rfc: { b: c }"', '{ rfc: b }']) {
    t.throws(() => parseDifferences(`differences: [{ cases: [a], because: so, passes_with: ${passing} }]`), passing)
  }
  t.throws(() => parseDifferences('differences: [{ cases: [a] }]'))
  t.throws(() => parseDifferences('differences: [{ cases: [a], because: "" }]'))
  t.throws(() => parseDifferences('differences: [{ cases: [a], because: so, unless: not }]'))
  t.throws(
    () => parseDifferences('differences: [{ cases: [a, b], because: so }, { cases: [b], because: so }]'),
    /"b" is listed twice/,
  )
})

t.test('the list names cases of the suite', async (t) => {
  const list = parseDifferences(readFileSync(new URL('expected.yaml', import.meta.url), 'utf8'))
  const suite = await loadCases()
  const listed = new Set(list.flatMap(({ cases }) => cases))
  const results = Object.fromEntries(suite.map(({ id }) => [id, listed.has(id) ? failed : true] as const))
  t.same(compare(suite, results, list), [])
  t.equal(suite.filter(({ kind }) => kind === 'required').length, 157)
  t.equal(suite.filter(({ kind }) => kind === 'optimal').length, 86)
})

t.test('formatScores counts by topic and kind, and in all', async (t) => {
  t.same(formatScores(cases, { a: true, b: failed }), [
    'topic  required  optimal   check',
    'Age      1 of 1   0 of 1        ',
    'Stale                     0 of 1',
    'all      1 of 1   0 of 1  0 of 1',
  ])
})

import fc from 'fast-check'
import t from 'tap'
import { parseRules } from '../../src/rules/parse.ts'
import { problemLines, withIdentity } from '../fixtures/rules-text.ts'

t.test('aliases are read, and problems in them are said once', async (t) => {
  const text = withIdentity(`- name: a
  match: GET /a
  cache: &common { scope: public, ttl: 1 m }
- name: b
  match: GET /b
  cache: *common
`)
  t.same(problemLines(text), ['6:40: error: "1 m" is not a duration: write "1m"'])
})

t.test('aliases that multiply and brackets without end are refused', async (t) => {
  const nine = (name: string) => `[${Array(9).fill(`*${name}`).join(',')}]`
  let bomb = 'a: &a [x,x,x,x,x,x,x,x,x]\n'
  for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg']) bomb += `${name}: &${name} ${nine(of as string)}\n`
  t.match(problemLines(bomb), [/^1:1: error: The aliases of this file multiply beyond all use/])
  t.match(problemLines(`a: ${'['.repeat(50_000)}${']'.repeat(50_000)}`), [/error: This is nested too deeply to be read/])
})

t.test('bytes that are no UTF-8 text are said where they stand, and not repeated', async (t) => {
  const latin = Buffer.from('version: 1\nprefix: café\n', 'latin1').toString('utf8')
  t.same(problemLines(latin), ['2:12: error: This is not text in UTF-8: save the file as UTF-8'])
  t.same(problemLines(Buffer.from('version: 1\n', 'utf16le').toString('utf8')), [
    '1:2: error: This is not text in UTF-8: save the file as UTF-8',
  ])
})

t.test('a comment that cuts a template short is a warning', async (t) => {
  const rule = (key: string) => withIdentity(`- name: a\n  match: GET /a\n  cache:\n    key: ${key}\n    ttl: 1m\n`)
  t.match(problemLines(rule('a:b #c')), [
    /^7:10: warning: YAML reads what follows the "#" as a comment: put quotes around all of it/,
  ])
  t.same(problemLines(rule('a:b # c')), [])
  t.same(problemLines(rule('"a:b" #c')), [])
})

t.test('parseRules never throws, whatever it reads', async () => {
  const line = fc.constantFrom(
    'version: 1',
    'rules:',
    '- name: a',
    '  match: GET /a',
    '  cache:',
    '    key: x',
    '<<: *a',
    '&a',
    '- *a',
    '? [',
    '__proto__: 1',
  )
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.array(line).map((lines) => lines.join('\n')),
  )
  fc.assert(fc.property(text, (any) => ['rules', 'problems'].includes(parseRules(any, 'f').kind)))
})

t.test('parseRules never throws, whatever value stands anywhere', async () => {
  const good = {
    version: 1,
    identity: { from: ['jwt.sub'], jwt: { secret_env: 'S' } },
    rules: [
      {
        name: 'a',
        match: { path: '/a', query: { a: 'b' } },
        cache: { key: 'a:{query.a}', negative: { 404: '1s' }, vary: { a: ['b'] } },
      },
      { name: 'b', match: 'POST /a', purge: { keys: ['a:{request.json.x}'], status: [200], when: 'status' } },
    ],
  }
  const paths = pathsOf(good)
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
      const parsed = parseRules(JSON.stringify(replaced(good, path, value)), 'f')
      const problems = parsed.kind === 'rules' ? parsed.warnings : parsed.problems
      return problems.every(
        ({ line, column, what, fix }) => line >= 1 && column >= 1 && what !== '' && !/undefined|Invalid input/.test(what + fix),
      )
    }),
  )
})

function pathsOf(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [[]]
  return [[], ...Object.entries(value).flatMap(([key, child]) => pathsOf(child).map((path) => [key, ...path]))]
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by
  if (Array.isArray(value)) return value.map((child, i) => (String(i) === key ? replaced(child, rest, by) : child))
  const members = value as Record<string, unknown>
  return { ...members, [key]: replaced(members[key], rest, by) }
}

import fc from 'fast-check'
import t from 'tap'
import { parseRules } from '../../src/rules/parse.ts'
import { problemLines, withIdentity } from '../fixtures/rules-text.ts'

t.test('what YAML makes of unquoted templates has its own message', async (t) => {
  const cases: Array<[string, string[]]> = [
    ['key: {user}:badges', ['1:6: error: YAML reads a template without quotes as a map: put quotes around it: "{user}:badges"']],
    [
      'a: "{x}"\ntags: [user:{user}:x]',
      ['2:8: error: YAML reads a template without quotes as a map: put quotes around it: "user:{user}:x"'],
    ],
    [
      'a:\n  - {user|nobody}-x',
      ['2:5: error: YAML reads a template without quotes as a map: put quotes around it: "{user|nobody}-x"'],
    ],
    [
      'patterns: [*x]',
      ['1:12: error: YAML reads "*x" as an alias, and there is no anchor of that name: put quotes around it: "*x"'],
    ],
    ['pattern: *', ['1:10: error: YAML reads "*" as an alias: put quotes around the text that starts with it: "*"']],
    ['? {user}\n: 1', ['1:3: error: A map or a list stands where a key should be: put quotes around it: "{user}"']],
  ]
  for (const [text, expected] of cases) t.same(problemLines(text), expected, text)
})

t.test('what is not YAML is said in words of the file', async (t) => {
  const cases: Array<[string, RegExp]> = [
    ['', /^1:1: error: The file is empty: start with "version: 1"/],
    ['# nothing\n', /^1:1: error: The file is empty/],
    ['a: 1\nb: 2\na: 3', /^3:1: error: "a" is written twice in one map: keep one of the two$/],
    ['version: 1\n---\nversion: 1', /^2:1: error: A second YAML document starts here: leave out the "---"$/],
    ['a:\n\tb: 1', /^2:1: error: A tab indents this line: indent with spaces$/],
    ['a: @x', /^1:4: error: A text without quotes cannot start with "@": put quotes around it$/],
    ['a: `x', /^1:4: error: A text without quotes cannot start with "`"/],
    ['a: b: c', /^1:4: error: A second ": " stands on this line: put quotes/],
    ['a: "x', /error: Something opened here is not closed: close the quotes/],
    ['a: [1', /^\d+:\d+: error: The indentation does not fit: .+ and close brackets and braces$/],
    ['a: "\\q"', /^1:5: error: A backslash stands before a character that needs none/],
    ['a: !env X', /^1:4: error: A YAML tag stands here/],
    ['a: &a [*a]', /^1:8: error: "\*a" stands inside itself/],
    ['[a]\nb', /^2:1: error: This is not YAML \(.+\): check the indentation and the quotes of this line$/],
  ]
  for (const [text, expected] of cases) t.match(problemLines(text)[0], expected, JSON.stringify(text))
})

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

import t from 'tap'
import { problemLines } from '../fixtures/rules-text.ts'

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
    ['- a: b\n   c: d', /^2:4: error: This line is indented deeper .+: indent the keys of one map alike$/],
    ['- a: b: c\n   d: e', /^1:6: error: A second ": " stands on this line/],
    ['a: "x', /error: Something opened here is not closed: close the quotes/],
    ['a: [1', /^\d+:\d+: error: The indentation does not fit: .+ and close brackets and braces$/],
    ['a: "\\q"', /^1:5: error: A backslash stands before a character that needs none/],
    ['a: !env X', /^1:4: error: A YAML tag stands here/],
    ['a: &a [*a]', /^1:8: error: "\*a" stands inside itself/],
    ['[a]\nb', /^2:1: error: This is not YAML \(.+\): check the indentation and the quotes of this line$/],
  ]
  for (const [text, expected] of cases) t.match(problemLines(text)[0], expected, JSON.stringify(text))
})

/**
 * The README against the program: its tables are those of the code, its rules are rules, its commands print what it says they print. What
 * a person copies from there must work.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { createApi } from '../src/admin/api.ts'
import { run } from '../src/commands/run.ts'
import { reasons } from '../src/observe/reasons.ts'
import { series } from '../src/observe/series.ts'
import { clusterCommands, neededCommands } from '../src/redis/rights.ts'
import { parseRules } from '../src/rules/parse.ts'
import { formatProblem } from '../src/rules/problem.ts'
import { formatSettingsTable } from '../src/settings/describe.ts'
import { readConfiguration } from '../src/settings/file.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
/** Language and the words behind it, as in "yaml file", and the text without the indentation of a list that it stands in. */
const fences = [...readme.matchAll(/^( *)```(.+)\n([\s\S]*?)^ *```$/gm)].map(([, indent = '', info = '', text = '']) => ({
  info,
  text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
}))
const fenced = (info: string): string[] => fences.filter((fence) => fence.info === info).map(({ text }) => text)

t.test('README: the table of settings is that of the settings', async (t) => {
  t.equal(tableBelow('| setting |'), formatSettingsTable())
})

t.test("README: the user of Redis's access control list has the rights that are needed, and no other", async (t) => {
  const [line = ''] = /^ *user springhouse [\s\S]*?(?=^ *```)/m.exec(readme) ?? []
  const given = line.split(/\s+/).filter((word) => word.startsWith('+'))
  t.same(
    given.toSorted(),
    Object.values(neededCommands)
      .flat()
      .map((name) => `+${name}`)
      .toSorted(),
  )
  for (const name of clusterCommands) t.match(readme, `+${name}`)
})

t.test('README: every reason stands in the table, with its outcome and its sentence', async (t) => {
  const rows = Object.entries(reasons).map(([reason, { outcome, help }]) => `| \`${reason}\` | ${outcome} | ${help} |`)
  t.equal(tableBelow('| reason |'), ['| reason | outcome | what |', '|---|---|---|', ...rows].join('\n'))
})

t.test('README: every metric stands in the table, with its type and its sentence', async (t) => {
  const rows = series.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`)
  t.equal(tableBelow('| metric |'), ['| metric | type | what |', '|---|---|---|', ...rows].join('\n'))
})

t.test('README: every path of the admin API stands in its table, and no other', async (t) => {
  const api = createApi({} as never, () => undefined)
  const { body = '' } = await api({
    method: 'GET',
    target: '/nowhere',
    credentials: {} as never,
    body: async () => ({}) as never,
  })
  const paths = String(JSON.parse(body).fix)
    .split(' ')
    .filter((word) => word.startsWith('/'))
  const named = [...tableBelow('| endpoint |').matchAll(/^\| `[A-Z]+ ([^`]+)` \|/gm)].map(([, path = '']) =>
    path.replace(/<.*>/, ''),
  )
  t.same(named.sort(), paths.sort())
})

t.test('README: every command stands in the table, and no other', async (t) => {
  const { out } = await springhouse(['--help'])
  const listed = [...out.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name)
  const named = [...tableBelow('| command |').matchAll(/^\| `springhouse ([a-z]+)/gm)].map(([, name]) => name)
  t.same(named.sort(), listed.sort())
})

t.test('README: the rules by example are one file without problems', async (t) => {
  t.same(problemsOf(fenced('yaml').join('\n')), [])
  for (const file of fenced('yaml file')) t.same(problemsOf(file), [])
})

t.test('README: settings by example are settings', async (t) => {
  for (const text of fenced('yaml settings')) t.same(readConfiguration(text, 'README.md').problems, [])
})

t.test('README: explain says of the rules by example what the README says', async (t) => {
  const cwd = folderWith(fenced('yaml').join('\n'))
  const [example = ''] = fenced('console').filter((text) => text.startsWith('$ springhouse explain'))
  const { command, output } = session(example)
  const { out } = await springhouse(command, cwd)
  t.ok(out.startsWith(output.replace(/…\n$/, '')), out)
})

t.test('README: check names the mistakes that the README shows', async (t) => {
  const cwd = folderWith(mistaken)
  const [right = '', wrong = ''] = fenced('console').filter((text) => text.startsWith('$ springhouse check'))
  t.equal((await springhouse(session(wrong).command, cwd)).out, session(wrong).output)
  const [first = ''] = fenced('yaml file')
  t.equal((await springhouse(session(right).command, folderWith(first))).out, session(right).output)
})

t.test('README: links lead somewhere', async (t) => {
  const anchors = new Set([...readme.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => anchorOf(title)))
  for (const [, target = ''] of readme.matchAll(/\]\(([^)]+)\)/g)) {
    if (target.startsWith('#')) t.ok(anchors.has(target.slice(1)), target)
    else t.ok(existsSync(join(root, target)), target)
  }
})

t.test('CHANGELOG: begins with the version of the package', async (t) => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const [, first] = /^## (\S+)/m.exec(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')) ?? []
  t.equal(first, version)
})

const mistaken = `version: 1
identity: { from: [jwt.sub], jwt: { secret_env: JWT_SECRET } }
rules:
  - name: cart
    match: GET /api/cart
    cache: { scope: public, key: "cart:{user}", ttl: 1m }
  - name: experience-list
    match: GET /api/experiences
    cache: { scope: public, key: "experiences:{query.page|1}", ttl: 5m, tags: [experiences] }
  - name: booking-created
    match: POST /api/bookings
    purge: { tags: [experience] }
`

/** The table whose head begins so; empty where there is none. */
function tableBelow(head: string): string {
  const lines = readme.split('\n')
  const from = lines.findIndex((line) => line.startsWith(head))
  const length = lines.slice(from).findIndex((line) => !line.startsWith('|'))
  return from < 0 ? '' : lines.slice(from, from + length).join('\n')
}

function problemsOf(text: string): string[] {
  const parsed = parseRules(text, 'README.md')
  return (parsed.kind === 'rules' ? parsed.warnings : parsed.problems).map((problem) => formatProblem(problem, text))
}

function folderWith(rules: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'springhouse-readme-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'rules.yaml'), rules)
  return folder
}

/** "$ springhouse a 'b c'" and what stands below it. */
function session(text: string): { readonly command: string[]; readonly output: string } {
  const end = text.indexOf('\n')
  const words = text.slice('$ springhouse '.length, end).match(/'[^']*'|\S+/g) ?? []
  return { command: words.map((word) => word.replaceAll("'", '')), output: text.slice(end + 1) }
}

/** The secret is there, as it is wherever tokens are verified. */
async function springhouse(argv: readonly string[], cwd = root): Promise<{ readonly out: string }> {
  const printed: string[] = []
  const terminal = { out: (text: string) => void printed.push(text), err: () => {}, isInteractive: false }
  await run(argv, { variables: { JWT_SECRET: 'a secret for tests, and for nothing else' }, cwd }, terminal)
  return { out: printed.join('') }
}

/** As GitHub names them. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}

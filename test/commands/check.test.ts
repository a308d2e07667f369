import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { run } from './springhouse.ts'

t.test('check accepts what ships, with one line for each file', async (t) => {
  const { status, out, err } = await run(t, ['check', 'rules.yaml', 'config/examples/concerts.yaml', 'config/examples/shop.yaml'])
  t.equal(status, 0, err)
  t.match(out, /^rules\.yaml: \d+ rules, \d+ warnings?$/m)
  t.match(out, /^config\/examples\/shop\.yaml: \d+ rules/m)
})

t.test('check names file, line and column, shows the line, and says what to write', async (t) => {
  const cwd = t.testdir()
  const text = 'version: 1\nrules:\n  - name: a\n    match: GET /a\n    cache: { scope: public, key: a, tll: 5m }\n'
  await writeFile(join(cwd, 'rules.yaml'), text)
  const { status, out } = await run(t, ['check', 'rules.yaml'], { cwd })
  t.equal(status, 1)
  t.match(out, /^rules\.yaml:5:37: error: .*"tll".*"ttl"/)
  t.match(out, '    5 |     cache: { scope: public, key: a, tll: 5m }')
  t.match(out, /\n {5} \| +\^\n/)
  t.match(out, /^rules\.yaml: 1 error, 0 warnings$/m)

  const json = await run(t, ['check', 'rules.yaml', '--json'], { cwd })
  t.equal(json.status, 1)
  t.match(JSON.parse(json.out), [{ file: 'rules.yaml', isUsable: false, problems: [{ line: 5, column: 37, severity: 'error' }] }])
})

t.test('check of one bad file among good ones exits 1; warnings alone do not', async (t) => {
  const cwd = t.testdir()
  const good = 'version: 1\nrules:\n  - { name: a, match: GET /a, cache: { scope: public, key: a, ttl: 5m } }\n'
  const doubtful = `${good}  - { name: b, match: POST /a, purge: { keys: [nothing-makes-this] } }\n`
  await writeFile(join(cwd, 'good.yaml'), good)
  await writeFile(join(cwd, 'doubtful.yaml'), doubtful)
  await writeFile(join(cwd, 'bad.yaml'), '{')
  t.match(await run(t, ['check', 'good.yaml'], { cwd }), { status: 0, out: 'good.yaml: 1 rule, 0 warnings\n' })
  t.match(await run(t, ['check', 'doubtful.yaml'], { cwd }), { status: 0, out: /doubtful\.yaml:4:\d+: warning: / })
  t.match(await run(t, ['check', 'good.yaml', 'bad.yaml'], { cwd }), { status: 1, out: /good\.yaml: 1 rule/ })
})

t.test('check of what is not there, or of nothing, says so', async (t) => {
  t.match(await run(t, ['check', 'nope.yaml']), { status: 1, err: 'springhouse check: There is no file "nope.yaml"\n' })
  t.match(await run(t, ['check', 'src']), { status: 1, err: 'springhouse check: Cannot read "src": it is a folder\n' })
  t.match(await run(t, ['check']), { status: 2, err: /No file is named/ })
})

t.test('check --schema prints the JSON Schema', async (t) => {
  const { status, out } = await run(t, ['check', '--schema'])
  t.equal(status, 0)
  const schema = JSON.parse(out)
  t.equal(schema.title, 'Springhouse rules')
  t.match(schema.properties, { rules: {} })
  t.match(await readFile(new URL('../../rules.yaml', import.meta.url), 'utf8'), /^rules:/m)
})

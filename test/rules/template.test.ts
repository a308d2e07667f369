import t from 'tap'
import { parseTemplate, type Template, type TemplateProblem } from '../../src/rules/template.ts'

function parsed(source: string): Template {
  const result = parseTemplate(source)
  if (result.kind === 'problem') throw new Error(`"${source}": ${result.problem.message}`)
  return result.template
}

function refused(source: string): TemplateProblem {
  const result = parseTemplate(source)
  if (result.kind === 'template') throw new Error(`"${source}" was accepted`)
  return result.problem
}

t.test('parseTemplate splits text and values', async (t) => {
  t.same(parsed('experience:{params.id}:detail'), {
    source: 'experience:{params.id}:detail',
    parts: [
      { kind: 'text', text: 'experience:' },
      { kind: 'value', value: { root: 'params', path: ['id'], isList: false }, fallback: undefined },
      { kind: 'text', text: ':detail' },
    ],
  })
})

t.test('parseTemplate reads every kind of value', async (t) => {
  const cases: ReadonlyArray<readonly [string, string, readonly string[], boolean]> = [
    ['{user}', 'user', [], false],
    ['{status}', 'status', [], false],
    ['{jwt.realm.id}', 'jwt', ['realm', 'id'], false],
    ['{query.filter[a.b]}', 'query', ['filter[a.b]'], false],
    ['{header.X-Api-Key}', 'header', ['x-api-key'], false],
    ['{cookie.Sid}', 'cookie', ['Sid'], false],
    ['{response.header.Surrogate-Key}', 'response.header', ['surrogate-key'], false],
    ['{request.json.items.0.id}', 'request.json', ['items', '0', 'id'], false],
    ['{response.json.items[*].id}', 'response.json', ['items', '*', 'id'], true],
    ['{response.json[*]}', 'response.json', ['*'], true],
  ]
  for (const [source, root, path, isList] of cases) {
    t.same(parsed(source).parts, [{ kind: 'value', value: { root, path, isList }, fallback: undefined }], source)
  }
})

t.test('parseTemplate reads defaults, also empty ones', async (t) => {
  const fallbacks = parsed('{query.a|all}{query.b|}{query.c|x y}').parts.map((part) => part.kind === 'value' && part.fallback)
  t.same(fallbacks, ['all', '', 'x y'])
})

t.test('parseTemplate spells literal text as an escaped value would be', async (t) => {
  t.same(parsed('a/b:ñ:%2f%41').parts, [{ kind: 'text', text: 'a%2Fb:%C3%B1:%2FA' }])
})

t.test('parseTemplate says where, what and what to write instead', async (t) => {
  const cases: ReadonlyArray<readonly [source: string, offset: number, message: RegExp, fix: RegExp]> = [
    ['', 0, /empty/, /experience/],
    ['a:{params.id', 2, /never closed/, /}/],
    ['a:}', 2, /closes nothing/, /{/],
    ['a:{user{b}', 7, /inside braces/, /Close/],
    ['{}', 1, /empty/, /params, .*query|query.*params/],
    ['{|x}', 1, /empty/, /Name/],
    ['a b', 1, /white space/, /-/],
    ['a\u0007', 1, /control/, /-/],
    ['a|b', 1, /"\|"/, /\{query.page\|1\}/],
    ['{query.q|lower|x}', 9, /default/, /one plain text/],
    ['{ user }', 1, /white space/, /"\{user\}"/],
    ['a:*', 2, /patterns/, /patterns/],
    ['{parms.id}', 1, /no value "parms"/, /"\{params\.id\}"/],
    ['{param.id}', 1, /no value "param"/, /"\{params\.id\}"/],
    ['{request.body.id}', 1, /no value "request.body"/, /"\{request\.json\.id\}"/],
    ['{response.jsn.id}', 1, /no value "response.jsn"/, /"\{response\.json\.id\}"/],
    ['{response.status}', 1, /response.status/, /"\{status\}"/],
    ['{usr}', 1, /"usr"/, /"\{user\}"/],
    ['{entirely.else}', 1, /entirely/, /one of .*request\.json/],
    ['{user.id}', 5, /no members/, /\{jwt\.id\}/],
    ['{host.x}', 5, /no members/, /"\{host\}"/],
    ['{params}', 1, /needs a name/, /\{params\.id\}/],
    ['{request.json}', 1, /needs a name/, /request\.json/],
    ['{jwt.roles[*]}', 10, /only in request\.json/, /Leave out/],
    ['{query.id[*]}', 9, /only in request\.json/, /Leave out/],
    ['{request.json.a[0].b}', 15, /no path of members/, /items\.0/],
    ['{request.json.a..b}', 15, /no path of members/, /dots/],
    ['{request.json.*}', 13, /no path of members/, /\[\*\]/],
    ['{request.json.a[*].b[*]}', 20, /at most one/, /Leave one/],
    ['{request.json.a[*]}:{request.json.b[*]}', 20, /at most one/, /one template for each/],
  ]
  for (const [source, offset, message, fix] of cases) {
    const problem = refused(source)
    t.equal(problem.offset, offset, `offset in "${source}"`)
    t.match(problem.message, message, source)
    t.match(problem.fix, fix, source)
  }
})

t.test('parseTemplate allows a glob where it is asked to', async (t) => {
  const result = parseTemplate('experience:{params.id}:slots:*', { allowGlob: true })
  t.equal(result.kind, 'template')
  t.equal(parseTemplate('a b*', { allowGlob: true }).kind, 'problem')
})

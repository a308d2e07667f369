import t from 'tap'
import { knownRoots, parseReference } from '../../src/rules/reference.ts'

t.test('parseReference reads names of one part and paths of members', async (t) => {
  t.same(parseReference('query.a.b'), { root: 'query', path: ['a.b'], isList: false })
  t.same(parseReference('jwt.a.b'), { root: 'jwt', path: ['a', 'b'], isList: false })
  t.same(parseReference('request.json[*].__proto__'), { root: 'request.json', path: ['*', '__proto__'], isList: true })
})

t.test('parseReference offers what was meant', async (t) => {
  const fix = (name: string): string | undefined => {
    const parsed = parseReference(name)
    return 'message' in parsed ? parsed.fix : undefined
  }
  t.match(fix('request.headers.accept'), '{header.accept}')
  t.match(fix('body.items[*].id'), '{request.json.items[*].id}')
  t.match(fix('cookies.sid'), '{cookie.sid}')
  t.match(fix('respnse.json.id'), '{response.json.id}')
  t.match(fix('request.path.x'), '"{path}"')
  t.match(fix('constructor'), knownRoots)
})

import t from 'tap'
import { parseJson } from '../../src/rules/json.ts'
import { formatReference, resolve, valuesOf, withResponse } from '../../src/rules/values.ts'
import { reference, request, values } from './builders.ts'

t.test('resolve finds every kind of value', async (t) => {
  const all = withResponse(
    valuesOf({
      request: request('HEAD', '/a%20b/?q=1', ['X-Org', 'one', 'x-org', 'two', 'Cookie', 'a=1; sid=xyz', 'Cookie', 'b=2']),
      params: new Map([['id', '%C3%B1-%41']]),
      user: 'ana',
      claims: { org: { id: 7 }, big: 2 ** 60 },
      requestJson: parseJson('{"id":9007199254740993,"flag":true,"list":[{"id":1},{"id":"b"}],"no":null}'),
    }),
    { status: 201, fields: ['Location', '/x'], json: parseJson('[{"id":5}]') },
  )
  const cases: ReadonlyArray<readonly [string, readonly string[] | undefined]> = [
    ['params.id', ['%C3%B1-A']],
    ['query.q', ['1']],
    ['header.X-Org', ['one%2C%20two']],
    ['cookie.sid', ['xyz']],
    ['cookie.b', ['2']],
    ['jwt.org.id', ['7']],
    ['jwt.big', undefined],
    ['jwt.toString', undefined],
    ['user', ['ana']],
    ['host', ['shop.example']],
    ['path', ['%2Fa%20b']],
    ['method', ['GET']],
    ['request.json.id', ['9007199254740993']],
    ['request.json.flag', ['true']],
    ['request.json.no', undefined],
    ['request.json.list', undefined],
    ['request.json.list[*].id', ['1', 'b']],
    ['request.json.list.1.id', ['b']],
    ['response.json[*].id', ['5']],
    ['response.header.location', ['%2Fx']],
    ['status', ['201']],
    ['params.other', undefined],
    ['query.other', undefined],
    ['header.other', undefined],
    ['cookie.other', undefined],
    ['request.json.other', undefined],
  ]
  for (const [name, expected] of cases) t.same(resolve(reference(name), all), expected, name)
})

t.test('resolve spells a query value alike however it was written', async (t) => {
  for (const query of ['q=a+b', 'q=a%20b', '%71=a%20%62']) {
    t.same(resolve(reference('query.q'), values(`/?${query}`)), ['a%20b'], query)
  }
  t.same(
    resolve(reference('query.q'), values('/?q=%C3%B1')),
    resolve(reference('request.json.q'), values('/', { requestJson: parseJson('{"q":"ñ"}') })),
  )
})

t.test('resolve takes an empty value for present and a repeated one for several', async (t) => {
  t.same(resolve(reference('query.q'), values('/?q='), { fallback: 'x' }), [''])
  t.same(resolve(reference('query.q'), values('/?q=1&r=2&q=3')), ['1', '3'])
  t.same(resolve(reference('query.q'), values('/'), { fallback: 'a b' }), ['a%20b'])
})

t.test('resolve never loses a member of a list', async (t) => {
  const json = parseJson('{"items":[{"id":1},{},{"id":null}],"none":[]}')
  t.equal(resolve(reference('request.json.items[*].id'), values('/', { requestJson: json })), undefined)
  t.same(resolve(reference('request.json.items[*].id'), values('/', { requestJson: json }), { fallback: 'x' }), ['1', 'x', 'x'])
  t.same(resolve(reference('request.json.none[*].id'), values('/', { requestJson: json })), [])
  t.equal(resolve(reference('request.json.absent[*].id'), values('/', { requestJson: json })), undefined)
})

t.test('resolve gives an object a text in keys only, and no string can pretend to be it', async (t) => {
  const object = { requestJson: parseJson('{"v":{"b":1,"a":2}}') }
  const [digest] = resolve(reference('request.json.v'), values('/', object), { isKey: true }) ?? []
  t.match(digest, /^json=/)
  t.same(resolve(reference('request.json.v'), values('/', { requestJson: parseJson('{"v":{"a":2,"b":1}}') }), { isKey: true }), [
    digest,
  ])
  const pretender = { requestJson: parseJson(JSON.stringify({ v: digest })) }
  t.notSame(resolve(reference('request.json.v'), values('/', pretender), { isKey: true }), [digest])
})

t.test('resolve takes field bytes that are no UTF-8 for missing', async (t) => {
  const [utf8, broken] = ['\u00c3\u00b1', '\u00f1']
  t.same(resolve(reference('header.x'), values('/', { request: request('GET', '/', ['x', utf8]) })), ['%C3%B1'])
  t.equal(resolve(reference('header.x'), values('/', { request: request('GET', '/', ['x', broken]) })), undefined)
})

t.test('formatReference is what the operator wrote', async (t) => {
  for (const name of ['user', 'params.id', 'request.json.items[*].id', 'response.json[*]'])
    t.equal(formatReference(reference(name)), name)
})

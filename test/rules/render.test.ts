import fc from 'fast-check'
import t from 'tap'
import { formatQuery } from '../../src/http/query.ts'
import { parseJson } from '../../src/rules/json.ts'
import { appendedQuery, renderKey, renderTags } from '../../src/rules/render.ts'
import { type Values, withResponse } from '../../src/rules/values.ts'
import { type CacheParts, reading, template, values } from './builders.ts'

function key(source: string, from: Values): string | undefined {
  const rendered = renderKey(template(source), from)
  return rendered.kind === 'key' ? rendered.key : undefined
}

/** The whole key: what the rule renders, and what is appended. */
function exact(parts: CacheParts, target: string, params: Record<string, string> = {}): string {
  const from = values(target, { params: new Map(Object.entries(params)) })
  return `${key(parts.key ?? 'key', from)} ${appendedQuery(reading('r', parts), from).forKey}`
}

t.test('renderKey fills in values, defaults and prefixes', async (t) => {
  const rendered = renderKey(template('list:cat:{query.category|all}:page:{query.page|1}'), values('/?category=a:b*'))
  t.same(rendered, {
    kind: 'key',
    key: 'list:cat:a%3Ab%2A:page:1',
    prefixes: ['list:', 'list:cat:', 'list:cat:a%3Ab%2A:', 'list:cat:a%3Ab%2A:page:'],
  })
  t.same(renderKey(template('a:{query.page}'), values('/')), { kind: 'incomplete', missing: 'query.page' })
})

t.test('renderKey joins repeated values in order and tells every list apart', async (t) => {
  t.equal(key('x:{query.id}', values('/?id=2&id=1')), 'x:2,1')
  t.not(key('x:{query.id}', values('/?id=2,1')), 'x:2,1')
  const list = (json: string): string | undefined =>
    key('x:{request.json.ids[*]}', values('/', { requestJson: parseJson(`{"ids":${json}}`) }))
  t.equal(new Set([list('[]'), list('[""]'), list('["a","b"]'), list('["a,b"]'), list('["b","a"]')]).size, 5)
})

t.test('renderKey says each value by itself where the key does not show where one ends', async (t) => {
  const apart = (source: string, target: string): string | undefined => {
    const rendered = renderKey(template(source), values(target))
    return rendered.kind === 'key' ? rendered.apart : 'incomplete'
  }
  for (const source of [
    '{query.a}{query.b}',
    '{query.a}-{query.b}',
    'x:{query.a}~{query.b}:y',
    '{query.a}{query.b|1}:{query.a}',
  ]) {
    t.not(apart(source, '/?a=1&b=-1'), apart(source, '/?a=1-&b=1'), source)
    t.not(apart(source, '/?a=1&b=11'), apart(source, '/?a=11&b=1'), source)
  }
  for (const source of ['{query.a}', 'x-{query.a}-y', '{query.a}:{query.b}', '{query.a}:x-{query.b}', '{query.a}-:{query.b}'])
    t.equal(apart(source, '/?a=1&b=1'), undefined, `${source}: no value holds a colon`)
})

t.test('renderKey refuses more combinations than an entry can be labelled with', async (t) => {
  const repeated = (count: number): string => `/?${'id=1&'.repeat(count)}`
  t.equal(renderKey(template('x:{query.id}'), values(repeated(128))).kind, 'key')
  t.equal(renderKey(template('x:{query.id}'), values(repeated(129))).kind, 'incomplete')
  t.equal(renderKey(template('x:{query.id}:{query.id}'), values(repeated(12))).kind, 'incomplete')
})

t.test('a rendered value never contains a separator, a glob or an appendix', async () => {
  const text = fc.string({ unit: 'binary', maxLength: 200 })
  fc.assert(
    fc.property(text, text, text, (param, user, member) => {
      const from = values('/', { params: new Map([['id', param]]), user, requestJson: new Map([['m', member]]) })
      return /^a:[A-Za-z0-9._~%-]*:[A-Za-z0-9._~%-]*:[A-Za-z0-9._~%-]*$/.test(
        key('a:{params.id}:{user}:{request.json.m}', from) ?? '',
      )
    }),
  )
})

t.test('renderTags gives a tag for each member, once', async (t) => {
  const answer = withResponse(values('/?id=1&id=2'), {
    status: 200,
    fields: ['Surrogate-Key', 'product:1 shelf/a,product:1', 'surrogate-key', 'x'],
    json: parseJson('{"items":[{"id":1},{"id":2},{"id":1}],"bad":[{"id":1},{}]}'),
  })
  const tags = (...sources: string[]): unknown => renderTags(sources.map(template), answer)
  t.same(tags('all', 'e:{response.json.items[*].id}'), { kind: 'tags', tags: ['all', 'e:1', 'e:2'] })
  t.same(tags('q:{query.id}'), { kind: 'tags', tags: ['q:1', 'q:2'] })
  t.same(tags('{response.header.surrogate-key}'), { kind: 'tags', tags: ['product:1', 'shelf%2Fa', 'x'] })
  t.same(tags('s:{response.header.surrogate-key}'), { kind: 'tags', tags: ['s:product%3A1%20shelf%2Fa%2Cproduct%3A1%2C%20x'] })
  t.same(tags('e:{response.json.bad[*].id}'), { kind: 'incomplete', missing: 'response.json.bad[*].id' })
  t.same(tags('{response.header.absent}'), { kind: 'incomplete', missing: 'response.header.absent' })
})

t.test('renderTags refuses more than an entry may carry, and stops early', async (t) => {
  const answer = (count: number): Values => values('/', { requestJson: Array.from({ length: count }, (_, i) => `t${i}`) })
  t.equal(renderTags([template('{request.json[*]}')], answer(128)).kind, 'tags')
  t.equal(renderTags([template('{request.json[*]}')], answer(129)).kind, 'too-many')
  t.equal(renderTags([template('{request.json[*]}'), template('one')], answer(128)).kind, 'too-many')
  t.equal(renderTags([template('{request.json[*]}')], answer(500_000)).kind, 'too-many')
})

t.test('appendedQuery names what the key does not, sorted, in its own spelling', async (t) => {
  const parts = { key: 'x:{query.page|1}' }
  t.equal(exact(parts, '/?page=2'), 'x:2 ')
  t.equal(exact(parts, '/?b=2&page=2&a=%41'), 'x:2 a=%41&b=2')
  t.equal(exact(parts, '/?a=%41&b=2&page=2'), exact(parts, '/?b=2&page=2&a=%41'))
  t.equal(exact(parts, '/?z=2&z=1&y'), 'x:1 y&z=2&z=1')
  t.equal(exact({ key: 'x:{query.q}' }, '/?q=a%20b'), 'x:a%20b ')
})

t.test('keys tell apart what an origin could, where the rule does not say otherwise', async (t) => {
  const query = { key: 'x:{query.q|}' }
  const targets = [
    '/',
    '/?q',
    '/?q=',
    '/?q=a+b',
    '/?q=a%20b',
    '/?%71=a%20b',
    '/?q=%ff',
    '/?q=%25ff',
    '/?q=a&q=b',
    '/?q=b&q=a',
    '/?q=a%2Cb',
    '/?q=a,b',
    '/a/?q=1',
    '/a?q=1',
  ]
  t.equal(new Set(targets.map((target) => exact(query, target))).size, targets.length)
  const path = { key: 'x:{params.id}' }
  const ids = ['a:b', 'a%3Ab', 'a%3ab', 'A', '%41', 'a+b', 'a%20b', '%ff', '%25ff']
  t.equal(new Set(ids.map((id) => exact(path, `/x/${id}`, { id }))).size, ids.length)
  const mixed = ['/x?&&/x/', '/x/?', '/x/', '/x?/x/', '/x?%26%26/x/']
  t.equal(
    new Set(mixed.map((target) => exact({ key: 'x' }, target))).size,
    mixed.length - 2,
    'only what is empty makes no difference',
  )
})

t.test('appendedQuery keeps every difference between queries, in a property', async () => {
  const piece = fc.constantFrom('a', 'b', 'q', '=', '&', '+', '%20', '%61', '%zz', ',', '1', '')
  const query = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))
  const sorted = (text: string): string =>
    text
      .split('&')
      .filter((part) => part !== '')
      .sort()
      .join('&')
  fc.assert(
    fc.property(query, query, (one, other) => {
      fc.pre(sorted(one) !== sorted(other))
      return (
        exact({ key: 'x:{query.a|1}' }, `/?${one}`) !== exact({ key: 'x:{query.a|1}' }, `/?${other}`) ||
        differsInDefaultAlone(one, other)
      )
    }),
    { numRuns: 3000 },
  )
})

/** "{query.a|1}" says itself that "?a=1" and no "a" are the same. */
function differsInDefaultAlone(one: string, other: string): boolean {
  const without = (text: string): string =>
    text
      .split('&')
      .filter((part) => part !== 'a=1' && part !== '')
      .sort()
      .join('&')
  return without(one) === without(other)
}

t.test('query rules drop parameters from the key and from what is forwarded', async (t) => {
  const forwarded = (query: CacheParts['query'], target: string): string =>
    formatQuery(appendedQuery(reading('r', { key: 'x:{query.page|1}', ...(query && { query }) }), values(target)).forwarded)
  const only = { kind: 'only', names: ['a', 'f_*'] } as const
  t.equal(forwarded(only, '/?b=1&f_x=2&page=3&a=4'), 'f_x=2&page=3&a=4', 'what the key mentions is kept')
  t.equal(exact({ key: 'x:{query.page|1}', query: only }, '/?b=1&f_x=2&page=3&a=4'), 'x:3 a=4&f_x=2')
  const ignore = { kind: 'ignore', names: ['utm_*', 'page'] } as const
  t.equal(forwarded(ignore, '/?utm_x=1&ut%6d_y=1&b=+2&page=3'), 'b=+2&page=3')
  t.equal(forwarded(undefined, '/?b=+2&&a'), 'b=+2&a', 'what is not in the key is not forwarded')
})

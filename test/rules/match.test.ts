import t from 'tap'
import { parseJson } from '../../src/rules/json.ts'
import { compileMatcher, type Matched, type Matcher } from '../../src/rules/match.ts'
import type { Rule } from '../../src/rules/rule.ts'
import { cache, type MatchParts, match, purge, request, rule, ruleSet } from './builders.ts'

function caching(name: string, path: string, parts: MatchParts = {}): Rule {
  return rule(name, match(path, parts), { cache: cache() })
}

function purging(name: string, path: string, parts: MatchParts = {}): Rule {
  return rule(name, match(path, parts), { purge: purge({ isAll: true }) })
}

function lenient(...rules: Rule[]): Matcher {
  return compileMatcher(ruleSet(rules), { paths: 'lenient' })
}

function purgeNames(matched: Matched): string[] {
  return matched.purges.map(({ rule }) => rule.name)
}

t.test('the first cache rule decides, every purge rule applies', async (t) => {
  const matcher = lenient(
    purging('p1', '/a/:id'),
    caching('mine', '/a/me'),
    caching('one', '/a/:id'),
    purging('p2', '/a/*'),
    caching('rest', '/a/*'),
    purging('other', '/b'),
  )
  t.equal(matcher.match(request('GET', '/a/me')).cache?.rule.name, 'mine')
  t.equal(matcher.match(request('GET', '/a/7')).cache?.rule.name, 'one')
  t.equal(matcher.match(request('GET', '/a/7/b')).cache?.rule.name, 'rest')
  t.equal(matcher.match(request('GET', '/c')).cache, undefined)
  t.same(purgeNames(matcher.match(request('POST', '/a/7'))), ['p1', 'p2'])
})

t.test('params are the texts of the path, rest is what the star stands for', async (t) => {
  const matcher = lenient(
    caching('cart', '/api/cart*'),
    caching('two', '/x/:a/y/:b'),
    caching('pages', '/pages/*'),
    caching('root', '/'),
  )
  const params = (target: string): unknown => Object.fromEntries(matcher.match(request('GET', target)).cache?.params ?? [])
  t.same(params('/x/%41/y/b%20c?q=1'), { a: '%41', b: 'b%20c' })
  t.same(params('/api/cart'), { rest: '' })
  t.same(params('/api/carts/7'), { rest: 's/7' })
  t.same(params('/api/cart/7/'), { rest: '/7' })
  t.same(params('/pages'), { rest: '' })
  t.same(params('/pages/a/b'), { rest: 'a/b' })
  t.equal(matcher.match(request('GET', '/')).cache?.rule.name, 'root')
  t.equal(matcher.match(request('GET', '/api/car')).cache, undefined)
  t.equal(matcher.match(request('GET', '/x//y/b')).cache, undefined)
})

t.test('cache rules match exactly, purge rules generously', async (t) => {
  const both = [caching('c', '/api/Bookings/:id'), purging('p', '/api/Bookings/:id')]
  const matcher = lenient(...both)
  for (const path of ['/API/bookings/Ab', '/api/%62ookings/Ab', '/api/BOOKINGS/Ab/']) {
    const { cache, purges } = matcher.match(request('POST', path))
    t.equal(cache, undefined, path)
    t.equal(purges[0]?.params.get('id'), 'Ab', path)
    t.equal(purges[0]?.path, '/api/Bookings/Ab', path)
  }
  t.equal(matcher.match(request('GET', '/api/Bookings/1/')).cache?.rule.name, 'c', 'a trailing slash makes no difference')
  const exact = compileMatcher(ruleSet(both), { paths: 'exact' })
  t.same(purgeNames(exact.match(request('POST', '/api/Bookings/1'))), ['p'])
  t.same(purgeNames(exact.match(request('POST', '/api/bookings/1'))), [])
  t.equal(exact.match(request('GET', '/api/Bookings/1/')).cache, undefined)
  const slash = compileMatcher(ruleSet([caching('slash', '/a/')]), { paths: 'exact' })
  t.equal(slash.match(request('GET', '/a/')).cache?.rule.name, 'slash')
  t.equal(slash.match(request('GET', '/a')).cache, undefined)
})

t.test('an ambiguous path is never cached, and writes to it reach every purge rule', async (t) => {
  const matcher = lenient(
    caching('c', '/*'),
    purging('p1', '/a/:id', { methods: ['POST'] }),
    purging('p2', '/b', { methods: ['GET'] }),
  )
  for (const path of ['//a/1', '/a/../b', '/a%2fb', '/a%00', '/a\\b']) {
    const write = matcher.match(request('DELETE', path))
    t.ok(write.isAmbiguousPath, path)
    t.equal(write.cache, undefined)
    t.same(purgeNames(write), ['p1', 'p2'])
    t.equal(write.purges[0]?.params.size, 0)
    t.same(purgeNames(matcher.match(request('GET', path))), ['p2'])
  }
})

t.test('method, host, fields and query must fit', async (t) => {
  const matcher = lenient(
    caching('method', '/m', { methods: ['GET', 'HEAD'] }),
    caching('host', '/h', { host: '*.example' }),
    caching('port', '/p', { host: 'shop.example:8080' }),
    caching('field', '/f', { headers: new Map([['content-type', 'application/json*']]) }),
    caching('query', '/q', { query: new Map([['view', 'f*']]) }),
    purging('purge', '/q', { query: new Map([['view', 'f*']]) }),
  )
  const name = (method: string, target: string, fields: string[] = []): string | undefined =>
    matcher.match(request(method, target, fields)).cache?.rule.name
  t.equal(name('HEAD', '/m'), 'method')
  t.equal(name('POST', '/m'), undefined)
  t.equal(name('GET', '/h'), 'host')
  t.equal(matcher.match({ ...request('GET', '/h'), host: 'a.b.example:81' }).cache?.rule.name, 'host')
  t.equal(matcher.match({ ...request('GET', '/h'), host: 'example' }).cache, undefined)
  t.equal(matcher.match({ ...request('GET', '/h'), host: 'evilexample' }).cache, undefined)
  t.equal(name('GET', '/p'), undefined)
  t.equal(matcher.match({ ...request('GET', '/p'), host: 'shop.example:8080' }).cache?.rule.name, 'port')
  t.equal(name('GET', '/f', ['Content-Type', 'application/json; charset=utf-8']), 'field')
  t.equal(name('GET', '/f'), undefined)
  t.equal(name('GET', '/q?view=full'), 'query')
  t.equal(name('GET', '/q?vie%77=full'), 'query')
  t.equal(name('GET', '/q'), undefined)
  t.equal(name('GET', '/q?view=full&view=small'), undefined, 'no one knows which the origin takes')
  t.same(purgeNames(matcher.match(request('GET', '/q?view=small&view=full'))), ['purge'])
})

t.test('match.json waits for the body, and without one purges rather than not', async (t) => {
  const json = new Map([['operation.name', ['A', '7']]])
  const matcher = lenient(
    caching('early', '/early'),
    caching('gql', '/gql', { json }),
    caching('other', '/gql'),
    purging('p', '/gql', { json }),
  )
  const unread = matcher.match(request('POST', '/gql'))
  t.ok(unread.needsJson)
  t.same(purgeNames(unread), ['p'])
  const fits = matcher.match(request('POST', '/gql'), parseJson('{"operation":{"name":7}}'))
  t.same([fits.cache?.rule.name, purgeNames(fits), fits.needsJson], ['gql', ['p'], false])
  const differs = matcher.match(request('POST', '/gql'), parseJson('{"operation":{"name":"B"}}'))
  t.same([differs.cache?.rule.name, purgeNames(differs), differs.needsJson], ['other', [], false])
  t.notOk(matcher.match(request('GET', '/early')).needsJson)
})

t.test('a match looks at the rules of its path alone, however many there are', async (t) => {
  let looks = 0
  const rules = Array.from({ length: 5000 }, (_, i) => {
    const where = match(`/api/r${i}/:id`)
    return {
      ...caching(`r${i}`, '/'),
      get match() {
        looks++
        return where
      },
    }
  })
  const matcher = lenient(...rules)
  looks = 0
  t.equal(matcher.match(request('GET', '/api/r4999/7')).cache?.rule.name, 'r4999')
  t.ok(looks < 10, `looked ${looks} times`)
})

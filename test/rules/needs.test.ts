import t from 'tap'
import { cacheNeeds, isOfTargetAlone, needsIdentity, needsOf, purgeNeeds } from '../../src/rules/needs.ts'
import { match, purge, reading, rule, template } from './builders.ts'

t.test('needsOf: the root of every value in every template, once', async (t) => {
  t.same(needsOf([]), new Set())
  t.same(needsOf([template('badges:all')]), new Set())
  t.same(needsOf([template('{params.id}:{params.name}:{query.page|1}')]), new Set(['params', 'query']), 'a default is no excuse')
  t.same(
    needsOf([template('a:{user}'), template('{response.json.items[*].id}')]),
    new Set(['user', 'response.json']),
    'over all templates',
  )
})

t.test('cacheNeeds: key and tags, and nothing of the purge', async (t) => {
  t.same(
    cacheNeeds(reading('list', { key: 'list:{query.page}', tags: ['a', '{response.header.x-tag}'] })),
    new Set(['query', 'response.header']),
  )
  const writing = rule('write', match('/'), { purge: purge({ keys: ['{user}'] }) })
  t.same(cacheNeeds(writing), new Set())
})

t.test('purgeNeeds: keys, patterns, tags and the condition, and nothing of the cache', async (t) => {
  const parts = {
    keys: ['{request.json.id}'],
    patterns: ['x:{params.id}:*'],
    tags: ['user:{user}', '{cookie.shop}'],
    when: '{response.json.paid}',
  }
  const roots = { keys: ['request.json'], patterns: ['params'], tags: ['user', 'cookie'], when: ['response.json'] }
  for (const name of Object.keys(parts) as Array<keyof typeof parts>) {
    const one = rule('write', match('/'), { purge: purge({ [name]: parts[name] }) })
    t.same(purgeNeeds(one), new Set(roots[name]), name)
  }
  t.same(purgeNeeds(rule('write', match('/'), { purge: purge(parts) })), new Set(Object.values(roots).flat()))
  t.same(purgeNeeds(reading('list', { key: '{user}' })), new Set())
})

t.test('isOfTargetAlone, needsIdentity: every root is told apart', async (t) => {
  const cases: ReadonlyArray<readonly [source: string, ofTarget: boolean, ofIdentity: boolean]> = [
    ['text', true, false],
    ['{params.id}', true, false],
    ['{query.page}', true, false],
    ['{host}', true, false],
    ['{path}', true, false],
    ['{method}', true, false],
    ['{status}', true, false],
    ['{response.json.id}', true, false],
    ['{response.header.x-tag}', true, false],
    ['{header.accept-language}', false, false],
    ['{cookie.shop}', false, false],
    ['{request.json.id}', false, false],
    ['{user}', false, true],
    ['{jwt.org}', false, true],
    ['{path}:{user}:{status}', false, true],
  ]
  for (const [source, ofTarget, ofIdentity] of cases) {
    const needs = needsOf([template(source)])
    t.equal(isOfTargetAlone(needs), ofTarget, `${source}: of the target alone`)
    t.equal(needsIdentity(needs), ofIdentity, `${source}: of the identity`)
  }
})

/** The heart of purging: whatever a purge names, every entry that it could mean carries one of its labels. */
import fc from 'fast-check'
import t from 'tap'
import { type Label, madeLabel, ruleLabel } from '../../src/cache/label.ts'
import { entryLabels } from '../../src/rules/entry-labels.ts'
import { isList, type Json } from '../../src/rules/json.ts'
import { mayHaveResponseTags } from '../../src/rules/reach.ts'
import { renderKey, renderTags } from '../../src/rules/render.ts'
import type { Rule } from '../../src/rules/rule.ts'
import { labelsForKey, labelsForPattern, labelsForUri, triggerLabels } from '../../src/rules/trigger.ts'
import { type Values, withResponse } from '../../src/rules/values.ts'
import { purge, reading, ruleSet, values } from './builders.ts'

function labelsOf(rule: Rule, from: Values): Label[] | undefined {
  if (rule.cache === undefined) return undefined
  const rendered = renderKey(rule.cache.key, from)
  const tags = renderTags(rule.cache.tags, from)
  if (rendered.kind !== 'key' || tags.kind !== 'tags') return undefined
  const { host, target } = from.request
  return entryLabels({ rule, values: from, ...rendered, ...tags, host, path: target.path, rulesHash: 'v1' })
}

function share(one: readonly Label[], other: readonly Label[]): boolean {
  return one.some((label) => other.includes(label))
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('', '7', 'a:b', '*', 'a,b', 'ñ', '%41', 'x'.repeat(200)),
)
const literal = fc.constantFrom('a', 'b:', ':c', 'd/e', 'ñ', ':', ',')
const reference = fc.constantFrom(
  'params.id',
  'query.id',
  'request.json.id',
  'user',
  'request.json.ids[*]',
  'query.page',
  'query.page|1',
)
const source = fc
  .array(
    fc.oneof(
      literal,
      reference.map((name) => `{${name}}`),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .filter((parts) => parts.filter((part) => part.includes('[*]')).length <= 1)
  .map((parts) => parts.join(''))

const filled = fc
  .record({
    id: fc.option(text),
    query: fc.array(text, { maxLength: 3 }),
    user: fc.option(text),
    ids: fc.array(text, { maxLength: 3 }),
    page: fc.option(text),
  })
  .map(({ id, query, user, ids, page }) => {
    const parameters = [...query.map((value) => ['id', value]), ...(page === null ? [] : [['page', page]])]
    const search = parameters.map(([name, value]) => `${name}=${encodeURIComponent((value as string).toWellFormed())}`).join('&')
    return withResponse(
      values(search === '' ? '/' : `/?${search}`, {
        params: new Map(id === null ? [] : [['id', encodeURIComponent(id.toWellFormed())]]),
        user: user ?? undefined,
        requestJson: new Map<string, Json>([['ids', ids], ...(id === null ? [] : ([['id', id]] as const))]),
      }),
      { status: 200, fields: [], json: ids },
    )
  })

function isEmptyList({ response }: Values): boolean {
  return isList(response?.json) && response.json.length === 0
}

t.test('an entry and a purge of its key, its tag or a pattern of it always share a label', async () => {
  fc.assert(
    fc.property(source, filled, (written, from) => {
      const rule = reading('r', { key: written, tags: [written] })
      const entry = labelsOf(rule, from)
      // A key from an empty list is not among the members of anything; a purge that names no member names nothing.
      fc.pre(entry !== undefined && !(written.includes('[*]') && isEmptyList(from)))
      const set = ruleSet([rule])
      const purges = [
        { keys: [written] },
        { tags: [written] },
        { patterns: [written] },
        { patterns: [`${written}*`] },
        { patterns: [`*${written}`] },
      ]
      return purges.every((parts) => share(entry, triggerLabels(purge(parts), from, set).labels))
    }),
    { numRuns: 1000 },
  )
})

t.test('a purge that knows less than the entry still reaches it', async () => {
  fc.assert(
    fc.property(source, filled, (written, from) => {
      const rule = reading('r', { key: written, tags: [written] })
      const entry = labelsOf(rule, from)
      fc.pre(entry !== undefined && !/\[\*\]|\|/.test(written))
      const blind = values('/')
      const set = ruleSet([rule])
      return [{ keys: [written] }, { tags: [written] }, { patterns: [written] }].every((parts) => {
        return share(entry, triggerLabels(purge(parts), blind, set).labels)
      })
    }),
    { numRuns: 1000 },
  )
})

t.test('a key and its beginnings, typed as they are listed, reach the entry', async () => {
  fc.assert(
    fc.property(source, filled, (written, from) => {
      const rule = reading('r', { key: written })
      const entry = labelsOf(rule, from)
      const rendered = renderKey(rule.cache?.key ?? { source: '', parts: [] }, from)
      fc.pre(entry !== undefined && rendered.kind === 'key')
      if (rendered.kind !== 'key' || entry === undefined) return true
      const set = ruleSet([rule])
      // Never cut inside an escape.
      const halves = Array.from(rendered.key, (_, i) => rendered.key.slice(0, i)).filter((half) => !/%.?$/.test(half))
      return share(entry, labelsForKey(rendered.key)) && halves.every((half) => share(entry, labelsForPattern(`${half}*`, set)))
    }),
    { numRuns: 200 },
  )
})

t.test('equal things have equal labels, wherever their text came from', async () => {
  fc.assert(
    fc.property(text, (raw) => {
      const value = raw.toWellFormed()
      const encoded = encodeURIComponent(value)
      const rules = ['params.id', 'query.id'].map((name) => reading(name, { key: `x:{${name}}`, tags: [`t:{${name}}`] }))
      const from = values(`/?id=${encoded}`, { params: new Map([['id', encoded]]), requestJson: new Map([['id', value]]) })
      const made = reading('made', { key: 'list', tags: ['t:{response.json[*]}'] })
      const set = ruleSet([...rules, made])
      const written = triggerLabels(purge({ tags: ['t:{request.json.id}'] }), from, set).labels
      const named = triggerLabels(purge({ keys: ['x:{request.json.id}'] }), from, set).labels
      const list = labelsOf(made, withResponse(values('/'), { status: 200, fields: [], json: ['other', value] })) ?? []
      return (
        share(list, written) &&
        rules.every((rule) => share(labelsOf(rule, from) ?? [], written) && share(labelsOf(rule, from) ?? [], named))
      )
    }),
  )
})

t.test('a repeated parameter is reached by each of its values', async (t) => {
  const rule = reading('r', { key: 'x:{query.id}:detail' })
  const entry = labelsOf(rule, values('/?id=1&id=2')) ?? []
  for (const id of ['1', '2']) {
    const from = values('/', { requestJson: new Map([['id', id]]) })
    t.ok(share(entry, triggerLabels(purge({ keys: ['x:{request.json.id}:detail'] }), from, ruleSet([rule])).labels), id)
    t.ok(share(entry, triggerLabels(purge({ patterns: ['x:{request.json.id}:*'] }), from, ruleSet([rule])).labels), id)
  }
})

t.test('whoever waits for an answer that makes tags counts every purge of a tag it could make', async (t) => {
  const rule = reading('list', { key: 'list', tags: ['e:{response.json[*]}'] })
  t.ok(mayHaveResponseTags(rule))
  t.notOk(mayHaveResponseTags(reading('r', { key: 'x', tags: ['a', 'e:{params.id}'] })))
  const from = values('/', { requestJson: new Map([['id', '7']]) })
  t.ok(triggerLabels(purge({ tags: ['e:{request.json.id}'] }), from, ruleSet([rule])).labels.includes(madeLabel('list')))
  t.notOk(triggerLabels(purge({ tags: ['f:{request.json.id}'] }), from, ruleSet([rule])).labels.includes(madeLabel('list')))
})

t.test('a write to another spelling of the path reaches what is stored under it', async (t) => {
  const entry = labelsOf(reading('r', { key: 'x' }), values('/api/Cart')) ?? []
  for (const path of ['/api/cart/', '/API/%43art', '/api/Cart']) t.ok(share(entry, labelsForUri('shop.example', path)), path)
  t.notOk(share(entry, labelsForUri('shop.example', '/api/carts')))
  t.notOk(share(entry, [ruleLabel('other')]))
})

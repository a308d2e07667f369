import t from 'tap'
import { allLabel, keyLabel, type Label, madeLabel, prefixLabel, ruleLabel, tagLabel, uriLabel } from '../../src/cache/label.ts'
import { parseJson } from '../../src/rules/json.ts'
import {
  isTriggered,
  labelsForKey,
  labelsForPattern,
  labelsForTag,
  labelsForUrl,
  statusMatches,
  type TriggerLabels,
  triggerLabels,
} from '../../src/rules/trigger.ts'
import { type ValuesInput, withResponse } from '../../src/rules/values.ts'
import { type PurgeParts, purge, reading, ruleSet, values } from './builders.ts'

const set = ruleSet([
  reading('detail', { key: 'experience:{params.id}:detail', tags: ['experience:{params.id}'] }),
  reading('slots', { key: 'experience:{params.id}:slots:{query.start}', tags: ['slots'] }),
  reading('list', { key: 'experiences:list:{query.page|1}', tags: ['experiences', 'experience:{response.json.items[*].id}'] }),
  reading('page', { key: 'page-{path}', tags: ['{response.header.surrogate-key}'] }),
])

function labels(parts: PurgeParts, body = '', input: Partial<ValuesInput> = {}): TriggerLabels {
  return triggerLabels(purge(parts), values('/', { requestJson: parseJson(body), ...input }), set)
}

t.test('keys, patterns, tags, rules and all become labels', async (t) => {
  const cases: ReadonlyArray<readonly [PurgeParts, readonly Label[]]> = [
    [{ keys: ['experience:{request.json.id}:detail'] }, [keyLabel('experience:7:detail')]],
    [{ patterns: ['experience:{request.json.id}:slots:*'] }, [prefixLabel('experience:7:slots:')]],
    [{ patterns: ['experience:*'] }, [prefixLabel('experience:')]],
    [{ patterns: ['experience:{request.json.id}:detail'] }, [keyLabel('experience:7:detail')]],
    [{ patterns: ['experience:*:slots:*'] }, [ruleLabel('slots')]],
    [{ patterns: ['experience*'] }, ['detail', 'slots', 'list'].map(ruleLabel)],
    [{ patterns: ['**'] }, [allLabel]],
    [{ patterns: ['page-*'] }, [ruleLabel('page')]],
    [{ patterns: ['*a'] }, ['slots', 'list', 'page', '(unmatched)'].map(ruleLabel)],
    [{ tags: ['experience:{request.json.id}'] }, [tagLabel('experience:7'), madeLabel('list'), madeLabel('page')]],
    [{ tags: ['slots'] }, [tagLabel('slots'), madeLabel('page')]],
    [
      { tags: ['experience:{request.json.lines[*].id}'] },
      [tagLabel('experience:1'), madeLabel('list'), madeLabel('page'), tagLabel('experience:2')],
    ],
    [{ rules: ['list', 'page'] }, [ruleLabel('list'), ruleLabel('page')]],
    [{ isAll: true, keys: ['x'] }, [allLabel]],
    [{ keys: ['x:{request.json.none[*]}'] }, []],
  ]
  for (const [parts, expected] of cases) {
    t.same(
      labels(parts, '{"id":7,"lines":[{"id":1},{"id":2}],"none":[]}'),
      { labels: expected, widened: 0 },
      JSON.stringify(parts),
    )
  }
})

t.test('what is missing or ambiguous widens and is counted', async (t) => {
  const cases: ReadonlyArray<readonly [PurgeParts, readonly Label[]]> = [
    [{ keys: ['experience:{request.json.absent}:detail'] }, [prefixLabel('experience:')]],
    [{ keys: ['experience:{request.json.object}:detail'] }, [prefixLabel('experience:')]],
    [{ keys: ['experience:{request.json.null}:detail'] }, [prefixLabel('experience:')]],
    [{ keys: ['experience:x{request.json.absent}:detail'] }, [prefixLabel('experience:')]],
    [{ keys: ['experience:{query.id}:detail'] }, [prefixLabel('experience:')]],
    [{ keys: ['experience:{request.json.lines[*].id}:detail'] }, [prefixLabel('experience:')]],
    [{ keys: ['page-{request.json.absent}'] }, [ruleLabel('page')]],
    [{ keys: ['{request.json.absent}:7:detail'] }, [ruleLabel('detail')]],
    [{ patterns: ['experience:{request.json.absent}:slots:*'] }, [ruleLabel('slots')]],
    [{ tags: ['experience:{request.json.absent}'] }, ['detail', 'list', 'page'].map(ruleLabel)],
    [{ tags: ['{response.header.surrogate-key}'] }, ['detail', 'slots', 'list', 'page'].map(ruleLabel)],
  ]
  const twice = values('/?id=1&id=2').request
  for (const [parts, expected] of cases) {
    const body = '{"object":{},"null":null,"lines":[{"id":1},{}]}'
    t.same(labels(parts, body, { request: twice }), { labels: expected, widened: 1 }, JSON.stringify(parts))
  }
})

t.test('an answer may name the tags to purge in a field', async (t) => {
  const answered = withResponse(values('/'), { status: 200, fields: ['Surrogate-Key', 'slots experience:7'], json: undefined })
  const made = triggerLabels(purge({ tags: ['{response.header.surrogate-key}'] }), answered, set)
  t.same(made, { labels: [tagLabel('slots'), madeLabel('page'), tagLabel('experience:7'), madeLabel('list')], widened: 0 })
})

t.test('above what one purge may name it takes whole rules', async (t) => {
  const body = (count: number): string => JSON.stringify({ ids: Array.from({ length: count }, (_, i) => i) })
  t.equal(labels({ keys: ['experience:{request.json.ids[*]}:detail'] }, body(256)).labels.length, 256)
  const many = labels({ keys: ['experience:{request.json.ids[*]}:detail'], tags: ['slots'], rules: ['list'] }, body(256))
  t.same(many.labels.sort(), ['list', 'detail', 'slots', 'page'].map(ruleLabel).sort())
  t.ok(many.widened > 0)
  t.same(labels({ keys: ['experience:{request.json.ids[*]}:detail'] }, body(100_000)).labels, [prefixLabel('experience:')])
})

t.test('isTriggered asks whether the value is there, and takes the unread for there', async (t) => {
  const json = parseJson('{"yes":true,"no":false,"text":"","null":null,"zero":0,"list":[],"one":[1]}')
  const answered = withResponse(values('/?a='), { status: 200, fields: ['X-Done', '1'], json })
  const cases: ReadonlyArray<readonly [string, boolean]> = [
    ['yes', true],
    ['no', false],
    ['text', false],
    ['null', false],
    ['absent', false],
    ['absent|x', true],
    ['zero', true],
    ['list', false],
    ['one', true],
    ['one[*]', true],
    ['list[*]', false],
  ]
  for (const [name, expected] of cases) t.equal(isTriggered(purge({ when: `{response.json.${name}}` }), answered), expected, name)
  t.equal(isTriggered(purge({}), answered), true)
  t.equal(isTriggered(purge({ when: '{response.header.x-done}' }), answered), true)
  t.equal(isTriggered(purge({ when: '{response.header.absent}' }), answered), false)
  t.equal(isTriggered(purge({ when: '{query.a}' }), answered), false)
  for (const when of ['{response.json.no}', '{response.header.absent}', '{status}', '{request.json.no}']) {
    t.equal(isTriggered(purge({ when }), values('/')), true, `${when} without an answer or body`)
  }
})

t.test('statusMatches takes exact statuses and classes', async (t) => {
  t.ok(statusMatches(['2xx', '3xx'], 204))
  t.notOk(statusMatches(['2xx', '3xx'], 404))
  t.ok(statusMatches(['202'], 202))
  t.notOk(statusMatches(['202'], 200))
})

t.test('the operator names keys as listed or as typed', async (t) => {
  t.same(labelsForKey('x:a%2Fb:1'), [keyLabel('x:a%2Fb:1')])
  t.same(labelsForKey('x:a/b:ñ'), [keyLabel('x:a%2Fb:%C3%B1')])
  t.same(labelsForKey('x:1,2'), [keyLabel('x:1,2'), keyLabel('x:1%2C2')])
  t.same(labelsForPattern('experience:7:*', set), [prefixLabel('experience:7:')])
  t.same(labelsForPattern('experience:a/b:*', set), [prefixLabel('experience:a%2Fb:')])
  t.same(labelsForPattern('experience:7:s*', set), [ruleLabel('slots')])
  t.same(labelsForPattern('*:7:detail', set), [ruleLabel('detail')])
  t.same(labelsForTag('experience:7', set), [tagLabel('experience:7'), madeLabel('list'), madeLabel('page')])
})

t.test('the operator names a URL whole or by its path', async (t) => {
  t.same(labelsForUrl('/a/b?c=d', 'shop.example'), [uriLabel('shop.example', '/a/b')])
  t.same(labelsForUrl('http://Shop.Example:8080/a', 'x'), [uriLabel('shop.example:8080', '/a')])
  t.same(labelsForUrl('https://shop.example:443', 'x'), [uriLabel('shop.example', '/')])
  for (const url of ['', 'a/b', 'ftp://shop.example/', 'http://', '/a b']) t.equal(labelsForUrl(url, 'x'), undefined, url)
})

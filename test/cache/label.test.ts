import t from 'tap'
import { allLabel, keyLabel, madeLabel, prefixLabel, ruleLabel, rulesLabel, tagLabel, uriLabel } from '../../src/cache/label.ts'

t.test('labels of different kinds are never equal, whatever they name', async (t) => {
  const makers = [keyLabel, prefixLabel, tagLabel, ruleLabel, rulesLabel, madeLabel, (name: string) => uriLabel(name, '')]
  for (const name of ['all', '', 'a:', 'k:a', 't:a']) {
    const labels = [allLabel, ...makers.map((make) => make(name))]
    t.equal(new Set(labels).size, labels.length, name)
  }
})

t.test('uriLabel names host and path', async (t) => {
  t.equal(uriLabel('a.example', '/x'), uriLabel('a.example', '/x'))
  t.not(uriLabel('a.example', '/x'), uriLabel('a.example:8080', '/x'))
  t.not(uriLabel('a.example', '/x'), uriLabel('a.example', '/y'))
})

t.test('uriLabel is one for all spellings of a host that name the same', async (t) => {
  for (const host of ['a.example:80', 'a.example:443', 'a.example:', 'a.example.', 'a.example.:80'])
    t.equal(uriLabel(host, '/x'), uriLabel('a.example', '/x'), host)
  t.not(uriLabel('a.example:8080', '/x'), uriLabel('a.example:80', '/x'))
  t.equal(uriLabel('[::1]:80', '/x'), uriLabel('[::1]', '/x'))
  t.not(uriLabel('[::1]', '/x'), uriLabel('[::1:80]', '/x'))
})

t.test('uriLabel stays short, however long the path, and tells long paths apart', async (t) => {
  const long = `/${'x'.repeat(8000)}`
  t.ok(uriLabel('a.example', long).length < 100)
  t.not(uriLabel('a.example', long), uriLabel('a.example', `${long}y`))
  t.equal(uriLabel('a.example', `${long}/`), uriLabel('a.example', long.toUpperCase()), 'folded as any other')
})

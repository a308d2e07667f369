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

import t from 'tap'
import { sitesOf } from '../../src/rules/site.ts'
import { rulesOf, withIdentity } from '../fixtures/rules-text.ts'

t.test('sitesOf lists every template with the path that it stands at', async (t) => {
  const rules = rulesOf(
    withIdentity(`- { name: a, match: GET /a, cache: { key: "a:{query.x}", tags: [s, t], ttl: 1m } }
- { name: b, match: GET /b, cache: { ttl: 1m } }
- { name: c, match: POST /c, purge: { keys: ["a:1"], patterns: ["a:*"], tags: [t], when: status } }
`),
  )
  t.same(
    sitesOf(rules).map(({ kind, path, template }) => `${kind} ${path.join('.')} ${template.source}`),
    [
      'key rules.0.cache.key a:{query.x}',
      'tag rules.0.cache.tags.0 s',
      'tag rules.0.cache.tags.1 t',
      'key rules.1.cache.key b:{path}',
      'purge-key rules.2.purge.keys.0 a:1',
      'pattern rules.2.purge.patterns.0 a:*',
      'purge-tag rules.2.purge.tags.0 t',
      'when rules.2.purge.when status',
    ],
  )
})

import t from 'tap'
import type { FakeClient } from '../fixtures/exchange.ts'
import { makeParts } from '../fixtures/parts.ts'
import { makeOrigin, reply } from './fake-origin.ts'

const target = '/list'
const json = ['Content-Type', 'application/json']
const rules = 'rules:\n  - { name: list, match: GET /list, cache: { scope: public, key: "list:{query.page|1}", ttl: 1m } }\n'

const detailOf = ({ cacheStatus }: FakeClient): string | undefined => cacheStatus.at(-1)?.slice(7)

for (const isRemote of [false, true]) {
  t.test(`putEntry: variants lie side by side, ${isRemote ? 'over a store elsewhere' : 'in this process'}`, async (t) => {
    const origin = makeOrigin(({ fields }) => {
      const language = fields[fields.indexOf('Accept-Language') + 1]
      return reply({ fields: ['Vary', 'Accept-Language', ...json], body: `{"items":[],"language":"${language}"}` })
    })
    const { ask, parts } = makeParts({ rules, origin, isRemote })
    const inLanguage = (language: string): Promise<FakeClient> => ask({ target, fields: ['Accept-Language', language] })
    t.equal(detailOf(await inLanguage('es')), 'uri-miss')
    t.equal(detailOf(await inLanguage('en')), 'vary-miss')
    for (const language of ['es', 'en']) {
      const hit = await inLanguage(language)
      t.same([detailOf(hit), JSON.parse(hit.text).language], ['fresh', language])
    }
    parts.memory.selectors.clear()
    t.equal(detailOf(await inLanguage('es')), 'fresh', 'without what is remembered, the list in the store says it')
    t.equal(origin.requests.length, 2)
  })
}

t.test('putEntry: at most four field sets are known, the oldest goes', async (t) => {
  let selector = ''
  const origin = makeOrigin(() => reply({ fields: ['Vary', selector, ...json], body: '{"items":[]}' }))
  const { ask, parts } = makeParts({ rules, origin })
  for (const name of ['A', 'B', 'C', 'D', 'E']) {
    selector = name
    await ask({ target, fields: [`X-${name}`, '1', ...['A', 'B', 'C', 'D', 'E'].flatMap((each) => [each, name])] })
  }
  t.same(await parts.store.get('springhouse:list:1|h=shop.example'), {
    kind: 'variants',
    selectors: [['e'], ['d'], ['c'], ['b']],
  })
})

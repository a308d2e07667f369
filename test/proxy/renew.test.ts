import t from 'tap'
import { makeParts } from '../fixtures/parts.ts'
import { makeOrigin, reply } from './fake-origin.ts'

const day = 86_400_000

function open(ttl: string, vary = ''): ReturnType<typeof makeParts> {
  const rules = `rules:\n  - { name: page, match: GET /page, cache: { scope: public, key: page, ttl: ${ttl} } }\n`
  return makeParts({ rules, origin: makeOrigin(() => reply({ fields: vary === '' ? [] : ['Vary', vary], body: 'once' })) })
}

t.test('renew: what lives until purged and is read lives on, past the 30 days of the store', async (t) => {
  for (const vary of ['', 'Accept-Language']) {
    const { ask, clock, idle, observed } = open('forever', vary)
    await ask({ target: '/page' })
    for (let days = 0; days < 60; days += 20) {
      clock.advance(20 * day)
      await ask({ target: '/page' })
      t.equal(observed.reports.at(-1)?.reason, 'fresh', `after ${days + 20} days, Vary: "${vary}"`)
      await idle()
    }
    clock.advance(31 * day)
    await ask({ target: '/page' })
    t.not(observed.reports.at(-1)?.reason, 'fresh', 'and not without being read')
  }
})

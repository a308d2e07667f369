import t from 'tap'
import type { Shown } from '../../src/admin/admin.ts'
import { detailsOf } from '../../src/admin/stored-details.ts'
import { instant, seconds } from '../../src/time.ts'
import { entryUnder } from './fake-admin.ts'

type ShownEntry = Extract<Shown, { kind: 'entry' }>

t.test('detailsOf says how old it is, how long it lasts and where it stands', async (t) => {
  const shown = entryUnder('badges:all') as ShownEntry
  t.match(detailsOf(shown), {
    age: 12,
    lifetime: 60,
    ttl: 48,
    state: 'fresh',
    lifetimeFrom: 'rule',
    storedAt: '1970-01-01T00:16:40.000Z',
  })
  t.match(detailsOf({ ...shown, now: instant(1_090_000) }), { age: 92, ttl: -32, state: 'stale' })
  t.match(detailsOf({ ...shown, validity: { kind: 'purged' } }), { state: 'purged' })
  t.match(detailsOf({ ...shown, validity: { kind: 'expired', at: instant(1_005_000) } }), { state: 'purged softly' })
  const forever = { ...shown.lifetime, fresh: seconds(Number.POSITIVE_INFINITY) }
  t.match(JSON.parse(JSON.stringify(detailsOf({ ...shown, lifetime: forever }))), {
    lifetime: 'forever',
    ttl: 'forever',
    state: 'fresh',
  })
})

t.test('detailsOf shows no secret and no body', async (t) => {
  const fields = [
    'Set-Cookie',
    'a=secret1',
    'set-cookie',
    'b=secret2',
    'X-Api-Key',
    'secret3',
    'Location',
    'https://user:secret4@host/',
  ]
  const text = JSON.stringify(detailsOf(entryUnder('a', { fields, body: Buffer.from('secret5') })))
  t.notMatch(text, /secret\d/)
  t.match(text, '"set-cookie":"***"')
})

t.test('detailsOf of answers that vary lists by what', async (t) => {
  t.same(detailsOf({ kind: 'variants', key: 'a', selectors: [['accept-language'], []] }), {
    kind: 'variants',
    key: 'a',
    selectors: [['accept-language'], []],
  })
})

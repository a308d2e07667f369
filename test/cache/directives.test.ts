import t from 'tap'
import { governing, restriction } from '../../src/cache/directives.ts'
import { parseCacheControl } from '../../src/http/cache-control.ts'
import type { Fields } from '../../src/http/fields.ts'
import { makePolicy } from './builders.ts'

t.test('governing takes the closest targeted field in place of Cache-Control', async (t) => {
  const cases: ReadonlyArray<readonly [string, Fields, readonly string[], boolean]> = [
    ['nothing', [], [], false],
    ['Cache-Control', ['Cache-Control', 'public, max-age=1'], ['public', 'max-age'], false],
    ['for CDNs', ['CDN-Cache-Control', 'max-age=1', 'Cache-Control', 'no-store'], ['max-age'], true],
    ['for us', ['CDN-Cache-Control', 'max-age=1', 'Springhouse-Cache-Control', 'private'], ['private'], true],
    ['unreadable for us', ['Springhouse-Cache-Control', 'max-age=', 'CDN-Cache-Control', 'public'], ['public'], true],
    ['unreadable', ['CDN-Cache-Control', '&max-age', 'Cache-Control', 'no-store'], ['no-store'], false],
    ['empty', ['CDN-Cache-Control', '', 'Cache-Control', 'no-store'], ['no-store'], false],
  ]
  for (const [name, fields, directives, isTargeted] of cases) {
    const governed = governing(fields)
    t.same([[...governed.directives.keys()], governed.isTargeted], [directives, isTargeted], name)
  }
})

t.test('restriction tells all from some fields', async (t) => {
  const cases: ReadonlyArray<readonly [string, 'all' | readonly string[]]> = [
    ['max-age=1', []],
    ['private', 'all'],
    ['private="X-User"', ['x-user']],
    ['private="X-User", private', 'all'],
    ['private=""', 'all'],
    ['private="vary"', 'all'],
    ['private="X-User, Content-Type"', 'all'],
    ['private="Springhouse-Cache-Control"', 'all'],
  ]
  for (const [value, expected] of cases) t.same(restriction(parseCacheControl(value), 'private', makePolicy()), expected, value)
  t.same(restriction(parseCacheControl('private'), 'private', makePolicy({ override: new Set(['private']) })), [], 'overruled')
  t.same(
    restriction(parseCacheControl('private'), 'private', makePolicy({ override: new Set(['no-cache']) })),
    'all',
    'by name only',
  )
})

import fc from 'fast-check'
import t from 'tap'
import { appendCacheStatus, type CacheStatus, formatCacheStatus } from '../../src/http/cache-status.ts'
import { parseList } from '../../src/http/structured-field.ts'
import { seconds } from '../../src/time.ts'

const cases: ReadonlyArray<readonly [CacheStatus, string]> = [
  [{ kind: 'hit' }, 'springhouse; hit'],
  [{ kind: 'hit', ttl: seconds(376.9) }, 'springhouse; hit; ttl=376'],
  [
    { kind: 'hit', ttl: seconds(-0.5), detail: 'stale-while-revalidate' },
    'springhouse; hit; ttl=-1; detail=stale-while-revalidate',
  ],
  [{ kind: 'forward', fwd: 'uri-miss', isStored: true }, 'springhouse; fwd=uri-miss; stored'],
  [{ kind: 'forward', fwd: 'method', isStored: false, isCollapsed: false }, 'springhouse; fwd=method'],
  [
    {
      kind: 'forward',
      detail: 'purged',
      key: 'a:"b"',
      isCollapsed: true,
      isStored: true,
      ttl: seconds(60),
      fwdStatus: 304,
      fwd: 'stale',
    },
    'springhouse; fwd=stale; fwd-status=304; ttl=60; stored; collapsed; key="a:\\"b\\""; detail=purged',
  ],
  [{ kind: 'neither', detail: 'only if cached' }, 'springhouse; detail="only if cached"'],
  [{ kind: 'hit', ttl: seconds(Number.POSITIVE_INFINITY) }, 'springhouse; hit; ttl=999999999999999'],
]

for (const [status, text] of cases) {
  t.test(`formatCacheStatus writes ${text}`, async (t) => {
    t.equal(formatCacheStatus(status), text)
  })
}

t.test("appendCacheStatus puts the origin's members first", async (t) => {
  t.equal(appendCacheStatus('Edge; hit, "b"; fwd=miss', 'springhouse; hit'), 'Edge; hit, "b"; fwd=miss, springhouse; hit')
  t.equal(appendCacheStatus(undefined, 'springhouse; hit'), 'springhouse; hit')
})

t.test('appendCacheStatus drops what would make the field unreadable', async (t) => {
  for (const existing of ['', 'HIT from edge', 'a; key="', 'a,', 'a; B']) {
    t.equal(appendCacheStatus(existing, 'springhouse; hit'), 'springhouse; hit', existing)
  }
})

t.test('the field is always a list that ends with our member, whatever stood there and whatever the key', async () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (existing, key, detail) => {
      const value = appendCacheStatus(existing, formatCacheStatus({ kind: 'hit', key, detail }))
      const last = parseList(value)?.at(-1)
      return last !== undefined && 'item' in last && last.item.value === 'springhouse' && last.parameters.size === 3
    }),
  )
})

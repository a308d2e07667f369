import fc from 'fast-check'
import t from 'tap'
import { acceptsFresh, staleLimit, wishesOf } from '../../src/cache/wishes.ts'
import { seconds } from '../../src/time.ts'
import { makePolicy } from './builders.ts'

const silent = {
  isNoCache: false,
  isOnlyIfCached: false,
  maxAge: undefined,
  minFresh: undefined,
  maxStale: undefined,
  staleIfError: undefined,
}

t.test('wishesOf reads what the client asks, where the policy listens', async (t) => {
  const fields = [
    'Cache-Control',
    'no-cache, Only-If-Cached',
    'cache-control',
    'max-age=1, min-fresh=2, max-stale, stale-if-error=4',
  ]
  const all = {
    isNoCache: true,
    isOnlyIfCached: true,
    maxAge: 1,
    minFresh: 2,
    maxStale: Number.POSITIVE_INFINITY,
    staleIfError: 4,
  }
  t.same(wishesOf(fields, makePolicy()), all)
  t.same(wishesOf(fields, makePolicy({ clientDirectives: 'ignore' })), silent)
  t.same(wishesOf(['Pragma', 'no-cache'], makePolicy({ clientDirectives: 'ignore' })), silent)
  t.same(wishesOf([], makePolicy()), silent)
})

t.test('wishesOf takes what it cannot read as the stricter wish', async (t) => {
  const fields = ['Cache-Control', 'max-age=x, min-fresh, max-stale=x, stale-if-error=-1']
  const strict = { ...silent, maxAge: 0, minFresh: Number.POSITIVE_INFINITY, maxStale: 0, staleIfError: 0 }
  t.same(wishesOf(fields, makePolicy()), strict)
})

t.test('no directive but max-stale makes a stale response more acceptable, and none a fresh one', async () => {
  const directive = fc.constantFrom(
    'no-cache',
    'max-age=5',
    'max-age=50',
    'min-fresh=5',
    'only-if-cached',
    'stale-if-error=9',
    'x',
  )
  fc.assert(
    fc.property(fc.array(directive), directive, fc.nat(60), fc.boolean(), (list, more, age, isImmutable) => {
      const [before, after] = [list, [...list, more]].map((all) => wishesOf(['Cache-Control', all.join()], makePolicy()))
      if (before === undefined || after === undefined) return false
      const accepts = [before, after].map((wishes) =>
        acceptsFresh(wishes, { age: seconds(age), ttl: seconds(60 - age), isImmutable }),
      )
      const limits = [before, after].map((wishes) => staleLimit(wishes, seconds(age), seconds(30)))
      return (accepts[0] || !accepts[1]) && (limits[0] as number) >= (limits[1] as number)
    }),
  )
})

t.test('acceptsFresh: for what is immutable only no-cache asks for more', async (t) => {
  const cases: ReadonlyArray<readonly [string, changing: boolean, immutable: boolean]> = [
    ['max-age=20', true, true],
    ['max-age=0', false, true],
    ['max-age=x', false, true],
    ['min-fresh=50', true, true],
    ['min-fresh=51', false, true],
    ['max-stale', true, true],
    ['no-cache', false, false],
    ['no-cache, max-age=0', false, false],
  ]
  const freshness = { age: seconds(10), ttl: seconds(50) }
  for (const [value, changing, immutable] of cases) {
    const wishes = wishesOf(['Cache-Control', value], makePolicy())
    t.equal(acceptsFresh(wishes, { ...freshness, isImmutable: false }), changing, value)
    t.equal(acceptsFresh(wishes, { ...freshness, isImmutable: true }), immutable, `${value}, immutable`)
  }
  const pragma = wishesOf(['Pragma', 'no-cache'], makePolicy())
  t.equal(acceptsFresh(pragma, { ...freshness, isImmutable: true }), false, 'Pragma')
})

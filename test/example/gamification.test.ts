import t from 'tap'
import { startClient } from './client.ts'

t.test('check-in: gains XP, moves stats, rank and leaderboard, and says which badge it unlocked', async (t) => {
  const { call } = await startClient(t)
  const before = (await call('GET /api/gamification/rank', { as: 'nayeli' })).body

  const first = await call('POST /api/gamification/check-in', { as: 'nayeli', body: { placeId: 'zocalo' } })
  t.match(first, { status: 201, body: { user: 'nayeli', xp: before.xp + 25, unlocked: ['first-steps'] } })
  const second = await call('POST /api/gamification/check-in', { as: 'nayeli', body: { placeId: 'zocalo' } })
  t.same(second.body.unlocked, [], 'a badge is unlocked once')
  const third = await call('POST /api/gamification/check-in', { as: 'nayeli', body: { placeId: 'mitla' } })
  t.same(third.body.unlocked, ['wanderer'])
  for (let i = 0; i < 30; i++) await call('POST /api/gamification/check-in', { as: 'nayeli', body: { placeId: 'mitla' } })

  const { badges } = (await call('GET /api/gamification/badges', { as: 'nayeli' })).body
  t.same(
    badges.map(({ id }: { id: string }) => id),
    ['first-steps', 'wanderer', 'explorer'],
  )
  t.same((await call('GET /api/gamification/stats', { as: 'nayeli' })).body, {
    user: 'nayeli',
    xp: before.xp + 33 * 25,
    checkIns: 33,
    bookings: 0,
    badges: 3,
  })
  t.equal((await call('GET /api/gamification/rank', { as: 'nayeli' })).body.rank, 1)
  t.equal((await call('GET /api/gamification/leaderboard?page=1&limit=5')).body.items[0].id, 'nayeli')
})

t.test('check-in: a place is needed', async (t) => {
  const { call } = await startClient(t)
  for (const body of [{}, { placeId: 7 }, { placeId: '' }]) {
    t.equal((await call('POST /api/gamification/check-in', { as: 'nayeli', body })).status, 422)
  }
})

t.test('badges and stats: belong to their owner and name them; the catalogue is for everybody', async (t) => {
  const { call } = await startClient(t)
  await call('POST /api/gamification/check-in', { as: 'mateo', body: { placeId: 'zocalo' } })
  t.same((await call('GET /api/gamification/badges', { as: 'itzel' })).body, { user: 'itzel', badges: [] })
  t.match((await call('GET /api/gamification/stats', { as: 'itzel' })).body, { user: 'itzel', checkIns: 0 })
  t.equal((await call('GET /api/gamification/badges/all')).body.badges.length, 4)
})

t.test('leaderboard: pages follow each other without overlap', async (t) => {
  const { call } = await startClient(t)
  const one = (await call('GET /api/gamification/leaderboard?page=1&limit=3')).body
  const two = (await call('GET /api/gamification/leaderboard?page=2&limit=3')).body
  const both = (await call('GET /api/gamification/leaderboard?limit=6')).body
  t.same([...one.items, ...two.items], both.items)
})

/**
 * Badges, experience points, ranks. A check-in is the write behind them: it gains XP, which moves the caller's stats, rank and the
 * leaderboard, and now and then unlocks a badge, which it says.
 */
import type { DatabaseSync } from 'node:sqlite'
import { atomically } from './database.ts'
import { badPaging, created, ok, pagingOf, type Route, refuse } from './route.ts'

const xpPerCheckIn = 25

export function gamificationRoutes(db: DatabaseSync): Route[] {
  const catalogue = db.prepare('SELECT id, title, description, checkIns FROM badges ORDER BY checkIns')
  const badgesOf = db.prepare(
    'SELECT b.id, b.title FROM userBadges u JOIN badges b ON b.id = u.badge WHERE u.user = ? ORDER BY b.checkIns',
  )
  const statsOf = db.prepare(`
    SELECT xp, (SELECT count(*) FROM checkIns WHERE user = users.id) AS checkIns,
      (SELECT count(*) FROM bookings WHERE user = users.id) AS bookings,
      (SELECT count(*) FROM userBadges WHERE user = users.id) AS badges
    FROM users WHERE id = ?`)
  const rankOf = db.prepare(`
    SELECT xp, (SELECT count(*) FROM users AS other WHERE other.xp > users.xp) + 1 AS rank, (SELECT count(*) FROM users) AS total
    FROM users WHERE id = ?`)
  const leaders = db.prepare('SELECT id, name, xp FROM users ORDER BY xp DESC, id LIMIT ? OFFSET ?')
  const userCount = db.prepare('SELECT count(*) AS total FROM users')
  const checkIn = checkInStatements(db)

  return [
    { method: 'GET', path: '/api/gamification/badges/all', allows: 'anybody', answer: () => ok({ badges: catalogue.all() }) },
    {
      method: 'GET',
      path: '/api/gamification/badges',
      allows: 'users',
      answer: ({ user }) => ok({ user, badges: badgesOf.all(user) }),
    },
    {
      method: 'GET',
      path: '/api/gamification/stats',
      allows: 'users',
      answer: ({ user }) => ok({ user, ...statsOf.get(user) }),
    },
    {
      method: 'GET',
      path: '/api/gamification/rank',
      allows: 'users',
      answer: ({ user }) => ok({ user, ...rankOf.get(user) }),
    },
    {
      method: 'GET',
      path: '/api/gamification/leaderboard',
      allows: 'anybody',
      answer({ query }) {
        const paging = pagingOf(query)
        if (paging === undefined) return badPaging
        const { page, limit, offset } = paging
        return ok({ items: leaders.all(limit, offset), page, limit, total: userCount.get()?.['total'] })
      },
    },
    {
      method: 'POST',
      path: '/api/gamification/check-in',
      allows: 'users',
      answer({ user, body }) {
        const place = body['placeId']
        if (typeof place !== 'string' || place === '' || place.length > 100) return refuse(422, '"placeId" must be a short text')
        return created({ user, placeId: place, ...atomically(db, () => checkIn(user, place)) })
      },
    },
  ]
}

function checkInStatements(db: DatabaseSync): (user: string, place: string) => { xp: unknown; unlocked: unknown[] } {
  const addCheckIn = db.prepare('INSERT INTO checkIns (user, place) VALUES (?, ?)')
  const addXp = db.prepare('UPDATE users SET xp = xp + ? WHERE id = ? RETURNING xp')
  const unlock = db.prepare(`
    INSERT OR IGNORE INTO userBadges (user, badge)
    SELECT @user, id FROM badges WHERE checkIns <= (SELECT count(*) FROM checkIns WHERE user = @user)
    RETURNING badge`)
  return (user, place) => {
    addCheckIn.run(user, place)
    const xp = addXp.get(xpPerCheckIn, user)?.['xp']
    return { xp, unlocked: unlock.all({ user }).map((row) => row['badge']) }
  }
}

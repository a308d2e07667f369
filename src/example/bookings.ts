/**
 * Bookings: a write that takes places from an experience, shows in the caller's bookings and stats, and is announced to everybody
 * who watches. A cancellation gives the places back and says which experience it was.
 */
import type { DatabaseSync } from 'node:sqlite'
import { atomically } from './database.ts'
import { type Answer, badPaging, type Call, created, idOf, ok, pagingOf, type Route, refuse, wholeNumber } from './route.ts'

/** Called after each change of an experience's free places. */
export type PlacesChanged = (kind: 'booking' | 'cancellation', experienceId: number) => void

export function bookingRoutes(db: DatabaseSync, changed: PlacesChanged): Route[] {
  const mine = db.prepare(`
    SELECT b.id, b.experience AS experienceId, e.title, b.places, s.date, s.time
    FROM bookings b JOIN experiences e ON e.id = b.experience JOIN slots s ON s.id = b.slot
    WHERE b.user = ? ORDER BY b.id DESC LIMIT ? OFFSET ?`)
  const count = db.prepare('SELECT count(*) AS total FROM bookings WHERE user = ?')
  const book = bookStatements(db)
  const cancel = cancelStatements(db)

  return [
    {
      method: 'GET',
      path: '/api/bookings',
      allows: 'users',
      answer({ user, query }) {
        const paging = pagingOf(query)
        if (paging === undefined) return badPaging
        const { page, limit, offset } = paging
        return ok({ user, items: mine.all(user, limit, offset), page, limit, total: count.get(user)?.['total'] })
      },
    },
    {
      method: 'POST',
      path: '/api/bookings',
      allows: 'users',
      answer(call) {
        const answer = atomically(db, () => book(call))
        if (answer.status === 201) changed('booking', call.body['experienceId'] as number)
        return answer
      },
    },
    {
      method: 'DELETE',
      path: '/api/bookings/:id',
      allows: 'users',
      answer(call) {
        const cancelled = atomically(db, () => cancel(call.user, idOf(call)))
        if (cancelled === undefined) return refuse(404, 'You have no such booking')
        changed('cancellation', cancelled.experienceId)
        return ok({ user: call.user, ...cancelled })
      },
    },
  ]
}

function bookStatements(db: DatabaseSync): (call: Call) => Answer {
  const experience = db.prepare('SELECT id FROM experiences WHERE id = ?')
  const freeSlot = db.prepare(`
    SELECT id, date, time FROM slots
    WHERE experience = @experience AND (@slot = 0 OR id = @slot) AND places - taken >= @places ORDER BY date, time LIMIT 1`)
  const take = db.prepare('UPDATE slots SET taken = taken + ? WHERE id = ?')
  const add = db.prepare('INSERT INTO bookings (user, experience, slot, places) VALUES (?, ?, ?, ?) RETURNING id')

  return ({ user, body }) => {
    const experienceId = wholeNumber(body['experienceId'], 1, 1e9)
    const slotId = body['slotId'] === undefined ? 0 : wholeNumber(body['slotId'], 1, 1e9)
    const places = wholeNumber(body['places'] ?? 1, 1, 20)
    if (experienceId === undefined || slotId === undefined || places === undefined) {
      return refuse(422, '"experienceId", "slotId" (optional) and "places" (1 to 20) must be whole numbers')
    }
    if (experience.get(experienceId) === undefined) return refuse(404, 'There is no such experience')
    const slot = freeSlot.get({ experience: experienceId, slot: slotId, places })
    if (slot === undefined) return refuse(409, 'There are not enough free places')
    take.run(places, slot['id'] as number)
    const id = add.get(user, experienceId, slot['id'] as number, places)?.['id']
    return created({ user, id, experienceId, slotId: slot['id'], date: slot['date'], time: slot['time'], places })
  }
}

function cancelStatements(db: DatabaseSync): (user: string, id: number) => { id: number; experienceId: number } | undefined {
  const remove = db.prepare('DELETE FROM bookings WHERE id = ? AND user = ? RETURNING experience, slot, places')
  const giveBack = db.prepare('UPDATE slots SET taken = taken - ? WHERE id = ?')
  return (user, id) => {
    const booking = remove.get(id, user)
    if (booking === undefined) return undefined
    giveBack.run(booking['places'] as number, booking['slot'] as number)
    return { id, experienceId: booking['experience'] as number }
  }
}

/**
 * Events and who comes: an RSVP changes an event's count, the list that shows it, and the caller's own RSVPs. `going: false` takes
 * it back.
 */
import type { DatabaseSync } from 'node:sqlite'
import { badPaging, idOf, ok, pagingOf, type Route, refuse } from './route.ts'

/** Called after each change of who comes to an event. */
export type GuestsChanged = (eventId: number, going: number) => void

const unknown = refuse(404, 'There is no such event')
const guestCount = '(SELECT count(*) FROM rsvps WHERE event = events.id) AS going'

export function eventRoutes(db: DatabaseSync, changed: GuestsChanged): Route[] {
  const list = db.prepare(`SELECT id, title, date, place, ${guestCount} FROM events ORDER BY date, id LIMIT ? OFFSET ?`)
  const count = db.prepare('SELECT count(*) AS total FROM events')
  const detail = db.prepare(`SELECT id, title, date, place, description, ${guestCount} FROM events WHERE id = ?`)
  const mine = db.prepare(
    'SELECT e.id, e.title, e.date FROM rsvps r JOIN events e ON e.id = r.event WHERE r.user = ? ORDER BY e.date, e.id',
  )
  const come = db.prepare('INSERT OR IGNORE INTO rsvps (user, event) VALUES (?, ?)')
  const stayAway = db.prepare('DELETE FROM rsvps WHERE user = ? AND event = ?')

  return [
    {
      method: 'GET',
      path: '/api/events',
      allows: 'anybody',
      answer({ query }) {
        const paging = pagingOf(query)
        if (paging === undefined) return badPaging
        const { page, limit, offset } = paging
        return ok({ items: list.all(limit, offset), page, limit, total: count.get()?.['total'] })
      },
    },
    {
      method: 'GET',
      path: '/api/events/:id',
      allows: 'anybody',
      answer(call) {
        const event = detail.get(idOf(call))
        return event === undefined ? unknown : ok(event)
      },
    },
    {
      method: 'POST',
      path: '/api/events/:id/rsvp',
      allows: 'users',
      answer(call) {
        const { going = true } = call.body
        if (typeof going !== 'boolean') return refuse(422, '"going" must be true or false')
        const eventId = idOf(call)
        if (detail.get(eventId) === undefined) return unknown
        if (going) come.run(call.user, eventId)
        else stayAway.run(call.user, eventId)
        changed(eventId, detail.get(eventId)?.['going'] as number)
        return ok({ user: call.user, eventId, going })
      },
    },
    { method: 'GET', path: '/api/rsvps', allows: 'users', answer: ({ user }) => ok({ user, events: mine.all(user) }) },
  ]
}

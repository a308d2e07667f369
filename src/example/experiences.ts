/**
 * Experiences to book: the list by category, one with its free places, its time slots by date range. Bookings change the places that
 * all three show; an admin's update changes one and thereby every list that contains it.
 */
import type { DatabaseSync } from 'node:sqlite'
import { badPaging, idOf, ok, pagingOf, type Route, refuse, wholeNumber } from './route.ts'

/** One slot as clients see it. */
export interface Slot {
  readonly id: number
  readonly date: string
  readonly time: string
  readonly left: number
}

const unknown = refuse(404, 'There is no such experience')
const freePlaces = '(SELECT sum(places - taken) FROM slots WHERE experience = experiences.id) AS placesLeft'

export function experienceRoutes(db: DatabaseSync): Route[] {
  const list = db.prepare(`
    SELECT id, title, category, price, ${freePlaces} FROM experiences
    WHERE @category = 'all' OR category = @category ORDER BY id LIMIT @limit OFFSET @offset`)
  const count = db.prepare(`SELECT count(*) AS total FROM experiences WHERE @category = 'all' OR category = @category`)
  const detail = db.prepare(`SELECT id, title, category, price, host, description, ${freePlaces} FROM experiences WHERE id = ?`)
  const update = db.prepare('UPDATE experiences SET title = coalesce(?, title), price = coalesce(?, price) WHERE id = ?')
  const slotsOf = slotQuery(db)

  return [
    {
      method: 'GET',
      path: '/api/experiences',
      allows: 'anybody',
      answer({ query }) {
        const paging = pagingOf(query)
        if (paging === undefined) return badPaging
        const { page, limit, offset } = paging
        const category = query.get('category') ?? 'all'
        return ok({ items: list.all({ category, limit, offset }), page, limit, total: count.get({ category })?.['total'] })
      },
    },
    {
      method: 'GET',
      path: '/api/experiences/:id',
      allows: 'anybody',
      answer(call) {
        const experience = detail.get(idOf(call))
        return experience === undefined ? unknown : ok(experience)
      },
    },
    {
      method: 'GET',
      path: '/api/experiences/:id/slots',
      allows: 'anybody',
      answer(call) {
        const start = call.query.get('start') ?? '0000-00-00'
        const end = call.query.get('end') ?? '9999-99-99'
        if (!isDate(start) || !isDate(end)) return refuse(400, '"start" and "end" must be dates like 2027-07-19')
        const experienceId = idOf(call)
        return detail.get(experienceId) === undefined ? unknown : ok({ experienceId, slots: slotsOf(experienceId, start, end) })
      },
    },
    {
      method: 'PUT',
      path: '/api/experiences/:id',
      allows: 'admins',
      answer(call) {
        const { title = null, price = null } = call.body
        if (title !== null && typeof title !== 'string') return refuse(422, '"title" must be text')
        if (price !== null && wholeNumber(price, 0, 1e6) === undefined)
          return refuse(422, '"price" must be a whole number from 0')
        const { changes } = update.run(title, price as number | null, idOf(call))
        return changes === 0 ? unknown : ok(detail.get(idOf(call)))
      },
    },
  ]
}

/** Free places by slot, in order of time; without dates all of them. */
export function slotQuery(db: DatabaseSync): (experience: number, start?: string, end?: string) => Slot[] {
  const slots = db.prepare(`
    SELECT id, date, time, places - taken AS left FROM slots
    WHERE experience = ? AND date BETWEEN ? AND ? ORDER BY date, time`)
  return (experience, start = '0000-00-00', end = '9999-99-99') => slots.all(experience, start, end) as unknown as Slot[]
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text)
}

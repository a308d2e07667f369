/** What the app reads at its start. Changes once a month, by an admin, and must then be seen by everybody. */
import type { DatabaseSync } from 'node:sqlite'
import { ok, type Route, refuse } from './route.ts'

export function appConfigRoutes(db: DatabaseSync): Route[] {
  const read = db.prepare("SELECT value FROM settings WHERE name = 'app'")
  const write = db.prepare("UPDATE settings SET value = ? WHERE name = 'app'")

  function current(): Record<string, unknown> {
    return JSON.parse(read.get()?.['value'] as string)
  }

  return [
    { method: 'GET', path: '/api/config', allows: 'anybody', answer: () => ok(current()) },
    {
      method: 'PUT',
      path: '/api/config',
      allows: 'admins',
      answer({ body }) {
        if (Object.keys(body).length === 0) return refuse(422, 'There is nothing to change')
        write.run(JSON.stringify({ ...current(), ...body }))
        return ok(current())
      },
    },
  ]
}

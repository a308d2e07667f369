/** The example's login: a name is enough, since nothing here is worth a password. It changes no state. */
import type { DatabaseSync } from 'node:sqlite'
import { ok, type Route, refuse } from './route.ts'
import { signDemoToken } from './token.ts'

export function loginRoutes(db: DatabaseSync, secret: string): Route[] {
  const find = db.prepare('SELECT id, name, role FROM users WHERE id = ?')
  return [
    {
      method: 'POST',
      path: '/api/login',
      allows: 'anybody',
      answer({ body }) {
        const id = body['user']
        if (typeof id !== 'string') return refuse(422, '"user" must be the id of a user')
        const user = find.get(id)
        if (user === undefined) return refuse(401, 'There is no such user')
        const role = user['role'] === 'admin' ? 'admin' : 'user'
        return ok({ user: id, token: signDemoToken({ sub: id, role, name: String(user['name']) }, secret) })
      },
    },
  ]
}

/** A user's cart. Every write answers with the whole cart, as the next GET would show it. */
import type { DatabaseSync } from 'node:sqlite'
import { type Answer, created, idOf, ok, type Route, refuse, wholeNumber } from './route.ts'

const badQuantity = refuse(422, '"quantity" must be a whole number from 1 to 99')
const unknownItem = refuse(404, 'There is no such item in your cart')

export function cartRoutes(db: DatabaseSync): Route[] {
  const items = db.prepare(`
    SELECT c.id, c.product AS productId, p.title, p.price, c.quantity, p.price * c.quantity AS cost
    FROM cartItems c JOIN products p ON p.id = c.product WHERE c.user = ? ORDER BY c.id`)
  const product = db.prepare('SELECT id FROM products WHERE id = ?')
  const add = db.prepare(`
    INSERT INTO cartItems (user, product, quantity) VALUES (?, ?, ?)
    ON CONFLICT (user, product) DO UPDATE SET quantity = min(99, quantity + excluded.quantity)`)
  const change = db.prepare('UPDATE cartItems SET quantity = ? WHERE id = ? AND user = ?')
  const remove = db.prepare('DELETE FROM cartItems WHERE id = ? AND user = ?')
  const empty = db.prepare('DELETE FROM cartItems WHERE user = ?')

  function cartOf(user: string): Record<string, unknown> {
    const rows = items.all(user)
    return { user, items: rows, total: rows.reduce((sum, row) => sum + (row['cost'] as number), 0) }
  }

  return [
    { method: 'GET', path: '/api/cart', allows: 'users', answer: ({ user }) => ok(cartOf(user)) },
    {
      method: 'POST',
      path: '/api/cart/items',
      allows: 'users',
      answer({ user, body }): Answer {
        const productId = wholeNumber(body['productId'], 1, 1e9)
        const quantity = wholeNumber(body['quantity'] ?? 1, 1, 99)
        if (productId === undefined) return refuse(422, '"productId" must be a whole number')
        if (quantity === undefined) return badQuantity
        if (product.get(productId) === undefined) return refuse(404, 'There is no such product')
        add.run(user, productId, quantity)
        return created(cartOf(user))
      },
    },
    {
      method: 'PUT',
      path: '/api/cart/items/:id',
      allows: 'users',
      answer(call) {
        const quantity = wholeNumber(call.body['quantity'], 1, 99)
        if (quantity === undefined) return badQuantity
        return change.run(quantity, idOf(call), call.user).changes === 0 ? unknownItem : ok(cartOf(call.user))
      },
    },
    {
      method: 'DELETE',
      path: '/api/cart/items/:id',
      allows: 'users',
      answer: (call) => (remove.run(idOf(call), call.user).changes === 0 ? unknownItem : ok(cartOf(call.user))),
    },
    {
      method: 'DELETE',
      path: '/api/cart',
      allows: 'users',
      answer({ user }) {
        empty.run(user)
        return ok(cartOf(user))
      },
    },
  ]
}

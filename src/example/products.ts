/** The marketplace: products by category, one product, and the admin's update, which changes it in every list. */
import type { DatabaseSync } from 'node:sqlite'
import { badPaging, idOf, ok, pagingOf, type Route, refuse, wholeNumber } from './route.ts'

const unknown = refuse(404, 'There is no such product')

export function productRoutes(db: DatabaseSync): Route[] {
  const list = db.prepare(`
    SELECT id, title, category, price, stock FROM products
    WHERE @category = 'all' OR category = @category ORDER BY id LIMIT @limit OFFSET @offset`)
  const count = db.prepare(`SELECT count(*) AS total FROM products WHERE @category = 'all' OR category = @category`)
  const detail = db.prepare('SELECT id, title, category, price, stock, description FROM products WHERE id = ?')
  const update = db.prepare(`
    UPDATE products SET title = coalesce(?, title), price = coalesce(?, price), stock = coalesce(?, stock) WHERE id = ?`)

  return [
    {
      method: 'GET',
      path: '/api/products',
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
      path: '/api/products/:id',
      allows: 'anybody',
      answer(call) {
        const product = detail.get(idOf(call))
        return product === undefined ? unknown : ok(product)
      },
    },
    {
      method: 'PUT',
      path: '/api/products/:id',
      allows: 'admins',
      answer(call) {
        const { title = null, price = null, stock = null } = call.body
        if (title !== null && typeof title !== 'string') return refuse(422, '"title" must be text')
        for (const amount of [price, stock]) {
          if (amount !== null && wholeNumber(amount, 0, 1e6) === undefined) {
            return refuse(422, '"price" and "stock" must be whole numbers from 0')
          }
        }
        const { changes } = update.run(title, price as number | null, stock as number | null, idOf(call))
        return changes === 0 ? unknown : ok(detail.get(idOf(call)))
      },
    },
  ]
}

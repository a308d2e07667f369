import t from 'tap'
import { startClient } from './client.ts'

t.test('cart: every write answers with the cart that the next read shows', async (t) => {
  const { call } = await startClient(t)
  const price = (await call('GET /api/products/4')).body.price
  const shows = async (written: { body: unknown }, expected: object) => {
    t.match(written.body, { user: 'lupita', ...expected })
    t.same((await call('GET /api/cart', { as: 'lupita' })).body, written.body)
  }
  const added = await call('POST /api/cart/items', { as: 'lupita', body: { productId: 4 } })
  await shows(added, { items: [{ productId: 4, quantity: 1 }], total: price })
  await shows(await call('POST /api/cart/items', { as: 'lupita', body: { productId: 4, quantity: 2 } }), { total: 3 * price })
  const item = `/api/cart/items/${added.body.items[0].id}`
  await shows(await call(`PUT ${item}`, { as: 'lupita', body: { quantity: 5 } }), { total: 5 * price })
  t.equal((await call(`PUT ${item}`, { as: 'mateo', body: { quantity: 1 } })).status, 404, 'a cart belongs to its user')
  t.equal((await call(`DELETE ${item}`, { as: 'mateo' })).status, 404)
  await shows(await call(`DELETE ${item}`, { as: 'lupita' }), { total: 0 })
  await call('POST /api/cart/items', { as: 'lupita', body: { productId: 5 } })
  await shows(await call('DELETE /api/cart', { as: 'lupita' }), { items: [], total: 0 })
})

t.test('cart: refuses what is wrong', async (t) => {
  const { call } = await startClient(t)
  t.equal((await call('GET /api/cart')).status, 401)
  t.equal((await call('POST /api/cart/items', { as: 'lupita', body: {} })).status, 422)
  t.equal((await call('POST /api/cart/items', { as: 'lupita', body: { productId: 4, quantity: 100 } })).status, 422)
  t.equal((await call('POST /api/cart/items', { as: 'lupita', body: { productId: 999 } })).status, 404)
})

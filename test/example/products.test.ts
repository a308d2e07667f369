import t from 'tap'
import { startClient } from './client.ts'

t.test('product update: an admin changes it in detail and list, nobody else', async (t) => {
  const { call } = await startClient(t)
  const update = { body: { price: 77 } }
  t.equal((await call('PUT /api/products/1', update)).status, 401)
  t.equal((await call('PUT /api/products/1', { as: 'lupita', ...update })).status, 403)
  t.match(await call('PUT /api/products/1', { as: 'admin', ...update }), { status: 200, body: { id: 1, price: 77 } })
  t.equal((await call('GET /api/products/1')).body.price, 77)
  t.equal((await call('GET /api/products')).body.items[0].price, 77)
  t.equal((await call('PUT /api/products/1', { as: 'admin', body: { stock: -1 } })).status, 422)
  t.equal((await call('PUT /api/products/999', { as: 'admin', ...update })).status, 404)
})

t.test('products: by category and page', async (t) => {
  const { call } = await startClient(t)
  const { items, total } = (await call('GET /api/products?category=food&page=1&limit=100')).body
  t.equal(items.length, total)
  t.ok(items.every(({ category }: { category: string }) => category === 'food'))
  t.equal((await call('GET /api/products?limit=x')).status, 400)
})

import t from 'tap'
import { startClient } from './client.ts'

t.test('experiences: at least 200, listed by category and page', async (t) => {
  const { call } = await startClient(t)
  const all = (await call('GET /api/experiences')).body
  t.match(all, { page: 1, limit: 10 })
  t.ok(all.total >= 200)
  t.equal(all.items.length, 10)
  const food = (await call('GET /api/experiences?category=food&page=2&limit=5')).body
  t.match(food, { page: 2, limit: 5 })
  t.equal(food.items.length, 5)
  t.ok(food.items.every(({ category }: { category: string }) => category === 'food'))
  t.same((await call('GET /api/experiences?category=none')).body.items, [])
  t.equal((await call('GET /api/experiences?page=0')).status, 400)
  t.equal((await call('GET /api/experiences?limit=1000')).status, 400)
})

t.test('experience: detail, and 404 for what is no id', async (t) => {
  const { call } = await startClient(t)
  t.match((await call('GET /api/experiences/7')).body, { id: 7, category: 'tours' })
  for (const id of ['0', '99999', 'seven', '-1', '1e1', '7%20'])
    t.equal((await call(`GET /api/experiences/${id}`)).status, 404, id)
})

t.test('slots: by date range, all without one', async (t) => {
  const { call } = await startClient(t)
  t.equal((await call('GET /api/experiences/7/slots')).body.slots.length, 28)
  const some = (await call('GET /api/experiences/7/slots?start=2027-07-19&end=2027-07-20')).body
  t.same(
    some.slots.map(({ date }: { date: string }) => date),
    ['2027-07-19', '2027-07-19', '2027-07-20', '2027-07-20'],
  )
  t.equal((await call('GET /api/experiences/7/slots?start=today')).status, 400)
  t.equal((await call('GET /api/experiences/99999/slots')).status, 404)
})

t.test('experience update: an admin changes it in detail and list', async (t) => {
  const { call } = await startClient(t)
  const update = { body: { title: 'Mitla by night', price: 5 } }
  t.equal((await call('PUT /api/experiences/1', { as: 'lupita', ...update })).status, 403)
  t.match((await call('PUT /api/experiences/1', { as: 'admin', ...update })).body, { id: 1, title: 'Mitla by night' })
  t.match((await call('GET /api/experiences')).body.items[0], { id: 1, title: 'Mitla by night', price: 5 })
  t.equal((await call('PUT /api/experiences/1', { as: 'admin', body: { price: 'free' } })).status, 422)
  t.equal((await call('PUT /api/experiences/99999', { as: 'admin', ...update })).status, 404)
})

import t from 'tap'
import { startClient } from './client.ts'

t.test('booking: takes places from detail, list and slot, shows in bookings and stats; cancelling gives all back', async (t) => {
  const { call } = await startClient(t)
  const seen = async () => ({
    detail: (await call('GET /api/experiences/1')).body.placesLeft,
    list: (await call('GET /api/experiences')).body.items[0].placesLeft,
    slot: (await call('GET /api/experiences/1/slots')).body.slots[3].left,
    mine: (await call('GET /api/bookings', { as: 'lupita' })).body.total,
    stats: (await call('GET /api/gamification/stats', { as: 'lupita' })).body.bookings,
  })
  const before = await seen()
  const slotId = (await call('GET /api/experiences/1/slots')).body.slots[3].id

  const booking = await call('POST /api/bookings', { as: 'lupita', body: { experienceId: 1, slotId, places: 2 } })
  t.match(booking, { status: 201, body: { user: 'lupita', experienceId: 1, slotId, places: 2 } })
  const after = { ...before, detail: before.detail - 2, list: before.list - 2, slot: before.slot - 2, mine: 1, stats: 1 }
  t.same(await seen(), after)
  t.same((await call('GET /api/bookings', { as: 'mateo' })).body.items, [], 'others do not see it')

  const { id } = booking.body
  t.equal((await call(`DELETE /api/bookings/${id}`, { as: 'mateo' })).status, 404, 'others do not cancel it')
  t.same((await call(`DELETE /api/bookings/${id}`, { as: 'lupita' })).body, { user: 'lupita', id, experienceId: 1 })
  t.same(await seen(), before)
  t.equal((await call(`DELETE /api/bookings/${id}`, { as: 'lupita' })).status, 404, 'it is cancelled once')
})

t.test('booking: the first slot with room when none is named, 409 when there is none', async (t) => {
  const { call } = await startClient(t)
  const [first, second] = (await call('GET /api/experiences/1/slots')).body.slots
  const book = (places: number, slotId?: number) =>
    call('POST /api/bookings', { as: 'lupita', body: { experienceId: 1, places, slotId } })
  t.equal((await book(20)).body.slotId, first.id)
  t.equal((await book(20)).body.slotId, second.id)
  t.equal((await book(20, first.id)).status, 409)
})

t.test('booking: what is wrong is refused and changes nothing', async (t) => {
  const { call } = await startClient(t)
  const before = (await call('GET /api/experiences/1')).body
  for (const body of [{}, { experienceId: '1' }, { experienceId: 1, places: 0 }, { experienceId: 1, places: 1.5 }]) {
    t.equal((await call('POST /api/bookings', { as: 'lupita', body })).status, 422, JSON.stringify(body))
  }
  t.equal((await call('POST /api/bookings', { as: 'lupita', body: { experienceId: 99999 } })).status, 404)
  t.equal((await call('POST /api/bookings', { body: { experienceId: 1 } })).status, 401)
  t.same((await call('GET /api/experiences/1')).body, before)
})

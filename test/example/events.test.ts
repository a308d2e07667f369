import t from 'tap'
import { startClient } from './client.ts'

t.test('RSVP: counts once per user in detail and list, shows in the own RSVPs, and can be taken back', async (t) => {
  const { call } = await startClient(t)
  const rsvp = (as: string, body?: unknown) => call('POST /api/events/3/rsvp', { as, ...(body !== undefined && { body }) })
  t.same((await rsvp('lupita')).body, { user: 'lupita', eventId: 3, going: true })
  await rsvp('lupita')
  await rsvp('mateo')
  t.equal((await call('GET /api/events/3')).body.going, 2)
  const listed = (await call('GET /api/events?limit=100')).body.items
  t.equal(listed.find(({ id }: { id: number }) => id === 3).going, 2)
  t.match((await call('GET /api/rsvps', { as: 'mateo' })).body, { user: 'mateo', events: [{ id: 3 }] })

  await rsvp('mateo', { going: false })
  t.same((await call('GET /api/rsvps', { as: 'mateo' })).body, { user: 'mateo', events: [] })
  t.equal((await call('GET /api/events/3')).body.going, 1)
})

t.test('RSVP: refused without a user, an event or a sensible body', async (t) => {
  const { call } = await startClient(t)
  t.equal((await call('POST /api/events/3/rsvp')).status, 401)
  t.equal((await call('POST /api/events/999/rsvp', { as: 'lupita' })).status, 404)
  t.equal((await call('POST /api/events/3/rsvp', { as: 'lupita', body: { going: 'yes' } })).status, 422)
})

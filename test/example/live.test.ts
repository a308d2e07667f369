import { once } from 'node:events'
import t from 'tap'
import { WebSocket } from 'ws'
import { startClient } from './client.ts'

t.test('/ws/slots: current counts on subscription, new ones on a booking', async (t) => {
  const { call, example } = await startClient(t)
  const socket = new WebSocket(`${example.url.replace('http', 'ws')}/ws/slots`)
  t.teardown(() => socket.terminate())
  const next = async () => JSON.parse(String((await once(socket, 'message'))[0]))
  await once(socket, 'open')

  socket.send('{"experienceId":1}')
  const before = await next()
  t.match(before, { experienceId: 1, slots: [{ date: '2027-07-15', time: '09:00' }] })
  const [news] = await Promise.all([next(), call('POST /api/bookings', { as: 'lupita', body: { experienceId: 1, places: 3 } })])
  t.equal(news.slots[0].left, before.slots[0].left - 3)
  socket.send('not json')
  t.match(await next(), { error: String })
})

t.test('/ws/slots: only there can a connection be upgraded', async (t) => {
  const { example } = await startClient(t)
  const socket = new WebSocket(`${example.url.replace('http', 'ws')}/ws/other`)
  const [error] = await once(socket, 'error')
  t.match(error.message, '404')
})

t.test('/api/events/stream: an event for each booking and RSVP', async (t) => {
  const { call, example } = await startClient(t)
  const response = await fetch(`${example.url}/api/events/stream`)
  t.equal(response.headers.get('content-type'), 'text/event-stream')
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  t.match((await reader.read()).value, 'retry:')
  await call('POST /api/bookings', { as: 'lupita', body: { experienceId: 1 } })
  t.equal((await reader.read()).value, 'event: booking\ndata: {"kind":"booking","experienceId":1}\n\n')
  await call('POST /api/events/3/rsvp', { as: 'lupita' })
  t.equal((await reader.read()).value, 'event: rsvp\ndata: {"kind":"rsvp","eventId":3,"going":1}\n\n')
  await reader.cancel()
})

import { once } from 'node:events'
import t from 'tap'
import { stream } from '../../src/proxy/stream.ts'
import { type FakeClient, makeClient } from '../fixtures/exchange.ts'
import { makeGate } from '../fixtures/gate.ts'
import { openBody, reply } from './fake-origin.ts'

function makeAnswered(): FakeClient {
  const client = makeClient()
  client.head({ status: 200, reasonPhrase: '', fields: ['Cache-Status', 'springhouse'] }, undefined)
  return client
}

t.test('stream: bytes and trailers arrive, the hop keeps its own', async (t) => {
  const client = makeAnswered()
  const body = openBody()
  const streamed = stream(reply({ body, trailers: ['X-Sum', '1', 'Connection', 'close'] }), client)
  body.push('ab')
  body.push('cd')
  body.push(null)
  t.equal(await streamed, 'complete')
  t.same([client.text, client.ending, client.trailers], ['abcd', 'ended', ['X-Sum', '1']])
})

t.test('stream: a body that somebody looked into and left paused flows on', async (t) => {
  const client = makeAnswered()
  const body = openBody()
  body.pause()
  body.push('ab')
  body.push(null)
  t.equal(await stream(reply({ body }), client), 'complete')
  t.equal(client.text, 'ab')
})

t.test('stream: the client sets the pace', async (t) => {
  const client = makeAnswered()
  const body = openBody()
  client.hold()
  const streamed = stream(reply({ body }), client)
  body.push('ab')
  await once(body, 'pause')
  t.equal(client.text, 'ab')
  client.drain()
  body.push('cd')
  body.push(null)
  t.equal(await streamed, 'complete')
  t.equal(client.text, 'abcd')
})

t.test('stream: a body that breaks cuts the connection', async (t) => {
  for (const error of [new Error('broken'), undefined]) {
    const client = makeAnswered()
    const body = openBody()
    const streamed = stream(reply({ body }), client)
    body.destroy(error)
    t.equal(await streamed, 'cut')
    t.equal(client.ending, 'destroyed')
  }
})

t.test('stream: a body that was destroyed before is cut too', async (t) => {
  const client = makeAnswered()
  const body = openBody()
  body.destroy()
  await once(body, 'close')
  t.equal(await stream(reply({ body }), client), 'cut')
})

t.test('stream: a client that leaves ends the other side, also one that had left before', async (t) => {
  for (const isEarly of [true, false]) {
    const client = makeAnswered()
    const body = openBody()
    if (isEarly) client.leave()
    const streamed = stream(reply({ body }), client)
    client.leave()
    t.equal(await streamed, 'gone')
    t.ok(body.destroyed)
  }
})

t.test('stream: beforeEnd is awaited before the end, and once whatever happens', async (t) => {
  const gate = makeGate()
  const client = makeAnswered()
  const body = openBody()
  const streamed = stream(reply({ body }), client, () => gate.wait())
  body.push('ab')
  body.push(null)
  await gate.arrived(1)
  t.same([client.text, client.ending], ['ab', undefined])
  gate.open()
  t.equal(await streamed, 'complete')
  t.equal(client.ending, 'ended')

  for (const how of ['gone', 'cut'] as const) {
    let count = 0
    const leaving = makeAnswered()
    const open = openBody()
    const over = stream(reply({ body: open }), leaving, async () => {
      count += 1
    })
    if (how === 'gone') leaving.leave()
    else open.destroy(new Error('broken'))
    t.equal(await over, how)
    t.equal(count, 1, how)
  }
})

t.test('stream: a defect rejects, and leaves nothing open', async (t) => {
  for (const method of ['write', 'end'] as const) {
    const client = makeAnswered()
    client[method] = () => {
      throw new Error(`${method} is broken`)
    }
    const body = openBody()
    const streamed = stream(reply({ body }), client)
    body.push('ab')
    body.push(null)
    await t.rejects(streamed, { message: `${method} is broken` })
    t.ok(body.destroyed)
  }
  const body = openBody()
  body.push(null)
  const failing = stream(reply({ body }), makeAnswered(), () => Promise.reject(new Error('broken')))
  await t.rejects(failing, { message: 'broken' })
})

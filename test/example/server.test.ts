import t from 'tap'
import { startExample } from '../../src/example/server.ts'
import { startClient } from './client.ts'

t.test('startExample: knows nothing of caching', async (t) => {
  const { call } = await startClient(t)
  const { headers } = await call('GET /api/experiences/1')
  t.same([...headers.keys()].sort(), ['connection', 'content-length', 'content-type', 'date', 'keep-alive'])
})

t.test('startExample: the same content every time', async (t) => {
  const [one, two] = [await startClient(t), await startClient(t)]
  for (const path of ['/api/experiences?limit=100', '/api/events', '/api/products', '/api/gamification/leaderboard']) {
    t.same((await one.call(`GET ${path}`)).body, (await two.call(`GET ${path}`)).body, path)
  }
})

t.test('startExample: a query takes its latency', async (t) => {
  const example = await startExample({ latency: 60 })
  t.teardown(() => example.close())
  const start = performance.now()
  await (await fetch(`${example.url}/api/config`)).text()
  t.ok(performance.now() - start >= 59)
})

t.test('startExample: close cuts what is still waiting', async (t) => {
  const example = await startExample({ latency: 600_000 })
  const waiting = fetch(`${example.url}/api/config`)
  await fetch(`${example.url}/health`)
  const [outcome] = await Promise.all([waiting.then(String, () => 'cut'), example.close()])
  t.equal(outcome, 'cut')
})

t.test('routes: 404 and 405, HEAD as GET without a body', async (t) => {
  const { call } = await startClient(t)
  t.match(await call('GET /api/nothing'), { status: 404, body: { error: String } })
  t.match(await call('PATCH /api/config'), { status: 405, body: { error: String } })
  const [head, get] = [await call('HEAD /api/config'), await call('GET /api/config')]
  t.equal(head.status, 200)
  t.equal(head.body, undefined)
  t.equal(head.headers.get('content-length'), get.headers.get('content-length'))
  t.same((await call('GET /health')).body, { status: 'ok' })
})

t.test('bodies: 400 for what is no JSON object, 413 for too much', async (t) => {
  const { call } = await startClient(t)
  for (const body of ['{', '[1]', '"text"', 'null']) {
    t.equal((await call('POST /api/bookings', { as: 'lupita', body })).status, 400, body)
  }
  t.equal((await call('POST /api/bookings', { as: 'lupita', body: ' '.repeat(70_000) })).status, 413)
})

t.test('login: a known name gets a token that works', async (t) => {
  const { call } = await startClient(t)
  const { body } = await call('POST /api/login', { body: { user: 'lupita' } })
  const cart = await call('GET /api/cart', { headers: { authorization: `Bearer ${body.token}` } })
  t.match(cart, { status: 200, body: { user: 'lupita' } })
  t.equal((await call('POST /api/login', { body: { user: 'nobody' } })).status, 401)
  t.equal((await call('POST /api/login', { body: {} })).status, 422)
})

t.test('config: an admin changes it, the rest stays', async (t) => {
  const { call } = await startClient(t)
  const before = (await call('GET /api/config')).body
  t.equal((await call('PUT /api/config', { as: 'lupita', body: { title: 'x' } })).status, 403)
  t.same((await call('PUT /api/config', { as: 'admin', body: { title: 'Otra' } })).body, { ...before, title: 'Otra' })
  t.same((await call('GET /api/config')).body, { ...before, title: 'Otra' })
  t.equal((await call('PUT /api/config', { as: 'admin', body: {} })).status, 422)
})

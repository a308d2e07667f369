/** The campaign's origin and its bodies: what is judged by them must itself be right. */
import t, { type Test } from 'tap'
import { signDemoToken } from '../../src/example/token.ts'
import { until } from '../fixtures/until.ts'
import { formatBody, inspectBody } from './self-describing-body.ts'
import { type SelfDescribingOrigin, startSelfDescribingOrigin } from './self-describing-origin.ts'

async function prepare(t: Test): Promise<SelfDescribingOrigin> {
  const origin = await startSelfDescribingOrigin(() => 0.1)
  t.teardown(() => origin.close())
  return origin
}

const everybody = { resource: 'item:3', owner: '' }
const change = (write: string, resource: string): RequestInit => ({ method: 'POST', body: JSON.stringify({ write, resource }) })

t.test('inspectBody: right, crossed, corrupt', async (t) => {
  const body = formatBody({ ...everybody, versions: { 'item:3': 4 } }, 100)
  t.same(inspectBody(body, everybody), { kind: 'right', versions: { 'item:3': 4 } })
  t.match(inspectBody(body, { resource: 'item:4', owner: '' }), { kind: 'crossed', what: 'item:3 of ""' })
  t.match(inspectBody(body, { resource: 'item:3', owner: 'ana' }), { kind: 'crossed' })
  for (const broken of [body.slice(0, -20), body.replace('..', '.'), body.replace(':4', ':5'), `${body}${body}`, '', '{}', '7']) {
    t.match(inspectBody(broken, everybody), { kind: 'corrupt' }, broken.slice(0, 40))
  }
})

t.test('startSelfDescribingOrigin: reads show what is committed, each in its own form', async (t) => {
  const { url } = await prepare(t)
  await fetch(`${url}/changes/key`, change('w1', 'item:6'))
  const text = async (target: string, headers = {}): Promise<string> => (await fetch(url + target, { headers })).text()
  t.same(inspectBody(await text('/items/6'), { resource: 'item:6', owner: '' }), { kind: 'right', versions: { 'item:6': 1 } })
  const list = await text('/items?group=1')
  const versions = { 'item:5': 0, 'item:6': 1, 'item:7': 0, 'item:8': 0, 'item:9': 0 }
  t.same(inspectBody(list, { resource: 'list:1', owner: '' }), { kind: 'right', versions })
  t.same(JSON.parse(list).items[1], { id: '6' })
  const cart = await text('/cart', { Authorization: `Bearer ${signDemoToken({ sub: 'ana' })}` })
  t.match(inspectBody(cart, { resource: 'cart:ana', owner: 'ana' }), { kind: 'right' })
})

t.test('startSelfDescribingOrigin: counts how often each write came', async (t) => {
  const origin = await prepare(t)
  for (const write of ['w1', 'w2', 'w2']) await fetch(`${origin.url}/items/1`, { ...change(write, 'item:1'), method: 'PUT' })
  t.same(Object.fromEntries(origin.arrivals), { w1: 1, w2: 2 })
  t.same(origin.commits.get('w2'), { resource: 'item:1', version: 3 })
  t.equal(origin.requests, 3)
})

t.test('startSelfDescribingOrigin: breaks a write on either side of its commit', async (t) => {
  const origin = await prepare(t)
  origin.behave({ breaks: 'before-commit' })
  await t.rejects(fetch(`${origin.url}/items/1`, { ...change('w1', 'item:1'), method: 'PUT' }))
  t.equal(origin.versionOf('item:1'), 0)
  origin.behave({ breaks: 'after-commit' })
  await t.rejects(fetch(`${origin.url}/items/1`, { ...change('w2', 'item:1'), method: 'PUT' }))
  t.equal(origin.versionOf('item:1'), 1)
})

t.test('startSelfDescribingOrigin: silent, then answers what waits; down, then up on the same port', async (t) => {
  const origin = await prepare(t)
  origin.behave({ isSilent: 'to-all' })
  const waiting = fetch(`${origin.url}/items/1`)
  await until('it to come', () => origin.requests === 1)
  origin.behave({})
  t.equal((await waiting).status, 200)
  origin.behave({ isSilent: 'to-writes' })
  const writing = fetch(`${origin.url}/items/1`, { ...change('w1', 'item:1'), method: 'PUT' })
  await until('its commit', () => origin.versionOf('item:1') === 1)
  t.equal((await fetch(`${origin.url}/items/1`)).status, 200, 'readers are answered')
  origin.behave({})
  t.equal((await writing).status, 200)
  await origin.goDown()
  await t.rejects(fetch(`${origin.url}/items/1`))
  await origin.comeUp()
  t.equal((await fetch(`${origin.url}/items/1`)).status, 200)
})

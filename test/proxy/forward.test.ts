import t from 'tap'
import { type Fields, fieldValue } from '../../src/http/fields.ts'
import type { Asked } from '../fixtures/exchange.ts'
import { makeParts, type PartsOptions } from '../fixtures/parts.ts'
import { makeOrigin, reply } from './fake-origin.ts'

const rules = `
identity: { from: [header.x-api-key], forward: [cookie] }
rules:
  - { name: open, match: GET /open, cache: { scope: public, key: open, ttl: 1m, query: { only: [page] }, vary: { accept-language: [es, en], user-agent: ignore, x-raw: exact } } }
  - { name: mine, match: GET /mine, cache: { scope: user, key: mine, ttl: 1m } }
  - { name: off, match: GET /off, cache: { scope: public, key: off, ttl: 1m, mode: off } }
`

async function sentFor(asked: Asked, settings: PartsOptions['settings'] = {}): Promise<{ target: string; fields: Fields }> {
  const origin = makeOrigin(() => reply({ fields: ['ETag', '"1"', 'Last-Modified', 'Thu, 01 Nov 2029 00:00:00 GMT'] }))
  const kit = makeParts({ rules, origin, settings })
  await kit.ask(asked)
  const { target, fields } = origin.requests[0] as { target: string; fields: Fields }
  return { target, fields }
}

t.test('fillRequest: what is not in the key does not reach the origin', async (t) => {
  const fields = [
    ...[
      'Authorization',
      'Bearer a',
      'Cookie',
      'sid=1',
      'X-Api-Key',
      'k',
      'X-Original-URL',
      '/admin',
      'X-HTTP-Method-Override',
      'PUT',
    ],
    ...[
      'If-None-Match',
      '"9"',
      'If-Modified-Since',
      'x',
      'Range',
      'bytes=0-1',
      'If-Range',
      '"9"',
      'X-Forwarded-Host',
      'evil',
      'Forwarded',
      'host=evil',
    ],
  ]
  for (const isTrusted of [false, true]) {
    const sent = await sentFor({ target: '/open?page=1&utm=x', fields, isTrusted }, { sendForwarded: true })
    t.equal(sent.target, '/open?page=1')
    for (const name of [
      'authorization',
      'cookie',
      'x-api-key',
      'x-original-url',
      'x-http-method-override',
      'range',
      'if-range',
      'if-none-match',
    ])
      t.equal(fieldValue(sent.fields, name), undefined, name)
    t.equal(fieldValue(sent.fields, 'x-forwarded-host'), 'shop.example')
    t.equal(fieldValue(sent.fields, 'forwarded'), 'for=192.0.2.1;host=shop.example;proto=http')
  }
})

t.test('fillRequest: where the origin has one name, no client chooses another', async (t) => {
  const { fields } = await sentFor({ target: '/open', host: 'evil.example' }, { originHost: 'inner.example' })
  t.same([fieldValue(fields, 'host'), fieldValue(fields, 'x-forwarded-host')], ['inner.example', 'inner.example'])
  const passed = await sentFor({ target: '/off', host: 'shop.example' }, { originHost: 'inner.example' })
  t.same([fieldValue(passed.fields, 'host'), fieldValue(passed.fields, 'x-forwarded-host')], ['inner.example', 'shop.example'])
})

t.test('fillRequest: fields that select variants go as they are keyed', async (t) => {
  const fields = ['Accept-Encoding', 'br;q=0.5, gzip', 'Accept-Language', 'fr, es-MX;q=0.5', 'User-Agent', 'x', 'X-Raw', ' a,b']
  const sent = await sentFor({ target: '/open', fields })
  t.equal(fieldValue(sent.fields, 'accept-language'), 'es')
  t.equal(fieldValue(sent.fields, 'user-agent'), undefined)
  t.equal(fieldValue(sent.fields, 'x-raw'), ' a,b')
  const reordered = await sentFor({ target: '/open', fields: ['Accept-Encoding', 'gzip, br;q=0.5'] })
  t.equal(fieldValue(reordered.fields, 'accept-encoding'), fieldValue(sent.fields, 'accept-encoding'))
  const none = await sentFor({ target: '/open', fields: ['Accept-Encoding', 'unknown'] })
  t.equal(fieldValue(none.fields, 'accept-encoding'), undefined)
})

t.test('fillRequest: an identity sends its own credentials, and those that the rules name', async (t) => {
  const fields = ['Authorization', 'Basic YTpi', 'Cookie', 'lang=es', 'X-Api-Key', 'k']
  const sent = await sentFor({ target: '/mine', fields })
  t.same(
    ['x-api-key', 'cookie', 'authorization'].map((name) => fieldValue(sent.fields, name)),
    ['k', 'lang=es', undefined],
  )
})

t.test('fillRequest: a stored response lends its validators', async (t) => {
  const origin = makeOrigin(() => reply({ fields: ['ETag', '"1"', 'Last-Modified', 'Thu, 01 Nov 2029 00:00:00 GMT'] }))
  const kit = makeParts({ rules, origin })
  await kit.ask({ target: '/open' })
  kit.clock.advance(61_000)
  await kit.ask({ target: '/open', fields: ['If-None-Match', '"9"'] })
  const fields = origin.requests[1]?.fields ?? []
  t.same([fieldValue(fields, 'if-none-match'), fieldValue(fields, 'if-modified-since')], ['"1"', 'Thu, 01 Nov 2029 00:00:00 GMT'])
})

t.test('passRequest: as it came, but for who is asking', async (t) => {
  const fields = ['Cookie', 'a=b', 'Range', 'bytes=0-1', 'If-None-Match', '"1"', 'X-Original-URL', '/admin']
  const sent = await sentFor({ target: '/off?b=1&a=2', fields }, { sendVia: true })
  t.equal(sent.target, '/off?b=1&a=2')
  t.same(
    ['cookie', 'range', 'if-none-match', 'x-original-url', 'x-forwarded-for', 'x-forwarded-proto'].map((name) =>
      fieldValue(sent.fields, name),
    ),
    ['a=b', 'bytes=0-1', '"1"', undefined, '192.0.2.1', 'http'],
  )
  t.match(fieldValue(sent.fields, 'via'), /springhouse/)
})

import fc from 'fast-check'
import t from 'tap'
import type { Fields } from '../../src/http/fields.ts'
import { isCompressible, isEventStream, isJson, mediaTypeOf } from '../../src/http/media-type.ts'

const types: ReadonlyArray<readonly [Fields, string | undefined]> = [
  [[], undefined],
  [['Content-Type', ''], undefined],
  [['Content-Type', 'Application/JSON; charset=utf-8'], 'application/json'],
  [['content-type', 'text/html;q="a;b"'], 'text/html'],
  [['Content-Type', 'text/html', 'Content-Type', 'Text/HTML; charset=x'], 'text/html'],
  [['Content-Type', 'text/html', 'Content-Type', 'application/json'], undefined],
  [['Content-Type', 'text/html, application/json'], undefined],
  [['Content-Type', 'json'], undefined],
  [['Content-Type', 'a/b/c'], undefined],
  [['Content-Type', '/json'], undefined],
  [['Content-Type', '; charset=utf-8'], undefined],
]

for (const [fields, type] of types) {
  t.test(`mediaTypeOf ${fields} is ${type}`, async (t) => {
    t.equal(mediaTypeOf(fields), type)
  })
}

t.test('isJson knows application/json and its suffix', async (t) => {
  for (const type of ['application/json', 'application/problem+json', 'application/vnd.api+json'])
    t.equal(isJson(type), true, type)
  for (const type of [undefined, 'text/plain', 'application/jsonp', 'application/json-seq', 'text/event-stream']) {
    t.equal(isJson(type), false, String(type))
  }
})

t.test('isEventStream knows server-sent events', async (t) => {
  t.equal(isEventStream('text/event-stream'), true)
  t.equal(isEventStream('text/plain'), false)
  t.equal(isEventStream(undefined), false)
})

t.test('isCompressible knows text from what is packed already', async (t) => {
  for (const type of ['text/html', 'application/json', 'image/svg+xml', 'application/ld+json', 'application/wasm', 'font/ttf']) {
    t.equal(isCompressible(type), true, type)
  }
  for (const type of [
    undefined,
    'image/png',
    'video/mp4',
    'font/woff2',
    'application/zip',
    'text/event-stream',
    'application/octet-stream',
  ]) {
    t.equal(isCompressible(type), false, String(type))
  }
})

t.test('mediaTypeOf never throws', async () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const type = mediaTypeOf(['Content-Type', value])
      return type === undefined || type === type.toLowerCase()
    }),
  )
})

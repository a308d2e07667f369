import t from 'tap'
import type { Fields } from '../../src/http/fields.ts'
import { decodeFields, parseHead, type ResponseHead } from '../../src/origin/response-head.ts'

const strict = { framing: 'strict', tellsClose: true } as const

function head(fields: Fields, status = 200, method = 'GET'): ResponseHead {
  return parseHead({ method, status, reasonPhrase: 'OK', fields, ...strict })
}

function leniently(...fields: readonly string[]): ResponseHead {
  return parseHead({ method: 'GET', status: 200, reasonPhrase: 'OK', fields, framing: 'lenient', tellsClose: true })
}

const plain = { method: 'GET', status: 200, reasonPhrase: 'OK', fields: [], framing: 'lenient' } as const

const framings: ReadonlyArray<readonly [name: string, head: ResponseHead, framing: string, contentLength: number | undefined]> = [
  ['Content-Length', head(['Content-Length', '5']), 'length', 5],
  ['the same Content-Length twice', head(['Content-Length', '5', 'content-length', '5']), 'length', 5],
  ['chunked', head(['Transfer-Encoding', 'Chunked']), 'chunked', undefined],
  ['neither', head([]), 'close', undefined],
  ['HEAD', head(['Content-Length', '5'], 200, 'HEAD'), 'none', undefined],
  ['neither, leniently', leniently(), 'orderly-close', undefined],
  ['neither, leniently, where closing tells nothing', parseHead({ ...plain, tellsClose: false }), 'close', undefined],
  ['gzip, leniently', leniently('Transfer-Encoding', 'gzip'), 'orderly-close', undefined],
  ['identity, leniently', leniently('Transfer-Encoding', 'identity'), 'orderly-close', undefined],
  [
    'two unknown codings, leniently',
    leniently('Transfer-Encoding', 'a, b', 'Transfer-Encoding', 'c'),
    'orderly-close',
    undefined,
  ],
  ['chunked, leniently', leniently('Transfer-Encoding', 'CHUNKED'), 'chunked', undefined],
  ['Content-Length, leniently', leniently('Content-Length', '5'), 'length', 5],
  ['204', head([], 204), 'none', undefined],
  ['304', head(['Content-Length', '5'], 304), 'none', undefined],
]
for (const [name, parsed, framing, contentLength] of framings) {
  t.test(`parseHead: framing with ${name} is ${framing}`, async (t) => {
    t.match(parsed, { kind: 'head', framing })
    t.equal(parsed.kind === 'head' && parsed.contentLength, contentLength)
  })
}

const broken: ReadonlyArray<readonly [name: string, head: ResponseHead]> = [
  ['two lengths', head(['Content-Length', '5', 'Content-Length', '6'])],
  ['a list of lengths', head(['Content-Length', '5, 5'])],
  ['a signed length', head(['Content-Length', '+5'])],
  ['both framings', head(['Content-Length', '5', 'Transfer-Encoding', 'chunked'])],
  ['another coding', head(['Transfer-Encoding', 'gzip, chunked'])],
  ['two codings', head(['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked'])],
  ['gzip', head(['Transfer-Encoding', 'gzip'])],
  ['gzip to HEAD', head(['Transfer-Encoding', 'gzip'], 200, 'HEAD')],
  ['both framings, leniently', leniently('Content-Length', '5', 'Transfer-Encoding', 'gzip')],
  ['another coding under chunks, leniently', leniently('Transfer-Encoding', 'gzip, Chunked')],
  ['another coding over chunks, leniently', leniently('Transfer-Encoding', 'chunked, gzip')],
  ['chunked with a parameter, leniently', leniently('Transfer-Encoding', 'chunked;a=b')],
  ['two codings, leniently', leniently('Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked')],
  ['two lengths, leniently', leniently('Content-Length', '5', 'Content-Length', '6')],
  ['status 99', head([], 99)],
  ['status 600', head([], 600)],
  ['101 unasked', head([], 101)],
]
for (const [name, parsed] of broken) {
  t.test(`parseHead: ${name} is broken`, async (t) => {
    t.equal(parsed.kind, 'broken')
  })
}

t.test('parseHead: 1xx is interim', async (t) => {
  t.strictSame(head(['Link', '</a>'], 103), { kind: 'interim', status: 103, fields: ['Link', '</a>'] })
})

t.test('parseHead: a reason phrase that nobody could send on is dropped', async (t) => {
  t.match(parseHead({ method: 'GET', status: 200, reasonPhrase: 'caf\ufffd', fields: [], ...strict }), { reasonPhrase: '' })
})

t.test('decodeFields: keeps bytes, drops whitespace behind values', async (t) => {
  t.strictSame(decodeFields([Buffer.from('X-A'), Buffer.from('caf\xe9 \t', 'latin1')]), ['X-A', 'caf\xe9'])
  t.strictSame(decodeFields(undefined), [])
})

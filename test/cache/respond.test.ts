import fc from 'fast-check'
import t from 'tap'
import type { Entry } from '../../src/cache/entry.ts'
import { type Answer, respond } from '../../src/cache/respond.ts'
import { type Fields, fieldValue } from '../../src/http/fields.ts'
import { seconds } from '../../src/time.ts'
import { at, body, httpDate, makeEntry, makePolicy, makeRequest } from './builders.ts'

const policy = makePolicy()

const fields: Fields = [
  ...['Date', httpDate(0), 'ETag', '"a"', 'Last-Modified', httpDate(-3600), 'Content-Type', 'text/plain'],
  ...['Cache-Control', 'max-age=60', 'Vary', 'Accept', 'Content-Location', '/x', 'Expires', httpDate(60)],
  ...['Access-Control-Allow-Origin', '*', 'Content-Digest', 'sha-256=:x:', 'Content-Security-Policy', 'x'],
]

function answered(requestFields: Fields, entry: Entry = makeEntry(fields), method = 'GET'): Answer {
  return respond({ entry, body: entry.body, request: makeRequest(requestFields, method), age: seconds(7.9), now: at(8), policy })
}

/** Status and body as text. */
function brief({ head, body: bytes }: Answer): string {
  return bytes === undefined ? `${head.status}` : `${head.status} ${new TextDecoder().decode(bytes)}`
}

t.test('respond gives the whole entry with its Age in whole seconds', async (t) => {
  const answer = answered([])
  t.same(answer.head, { status: 200, reasonPhrase: 'OK', fields: [...fields, 'Age', '7'] })
  t.equal(answer.kind, 'whole')
  t.equal(answer.body, body)
  t.equal(answer.bodyLength, 10)
})

t.test('respond gives HEAD the head of the whole', async (t) => {
  const answer = answered(['Range', 'bytes=0-1'], makeEntry(fields), 'HEAD')
  t.same(answer.head, answered([]).head)
  t.equal(answer.body, undefined)
  t.equal(answer.bodyLength, 10)
})

t.test('respond answers 304 where the client has this representation', async (t) => {
  const dateOnly = makeEntry(['Date', httpDate(0)])
  const cases: ReadonlyArray<readonly [Fields, Entry, number]> = [
    [['If-None-Match', '"a"'], makeEntry(fields), 304],
    [['If-None-Match', 'W/"a"'], makeEntry(fields), 304],
    [['If-None-Match', '"b", "a"'], makeEntry(fields), 304],
    [['If-None-Match', '*'], makeEntry(fields), 304],
    [['If-None-Match', '"b"'], makeEntry(fields), 200],
    [['If-None-Match', '"b"', 'If-Modified-Since', httpDate(0)], makeEntry(fields), 200],
    [['If-Modified-Since', httpDate(-3600)], makeEntry(fields), 304],
    [['If-Modified-Since', httpDate(-3601)], makeEntry(fields), 200],
    [['If-Modified-Since', 'x'], makeEntry(fields), 200],
    [['If-Modified-Since', httpDate(0)], dateOnly, 304],
    [['If-Modified-Since', httpDate(-1)], dateOnly, 200],
    [['If-None-Match', '"a"'], makeEntry(fields, { status: 404 }), 404],
    [['If-None-Match', '"a"', 'Range', 'bytes=0-1'], makeEntry(fields), 304],
  ]
  for (const [requestFields, entry, status] of cases) {
    t.equal(answered(requestFields, entry).head.status, status, requestFields.join())
    t.equal(answered(requestFields, entry, 'HEAD').head.status, status, `HEAD ${requestFields.join()}`)
    t.equal(answered(requestFields, entry, 'POST').head.status, entry.status, `POST ${requestFields.join()}`)
  }
})

t.test('respond gives a 304 the fields it must carry and none of the representation', async (t) => {
  const answer = answered(['If-None-Match', '"a"'])
  t.same(answer, {
    kind: 'not-modified',
    head: {
      status: 304,
      reasonPhrase: 'Not Modified',
      fields: [
        ...['Date', httpDate(0), 'ETag', '"a"', 'Cache-Control', 'max-age=60', 'Vary', 'Accept', 'Content-Location', '/x'],
        ...['Expires', httpDate(60), 'Access-Control-Allow-Origin', '*', 'Content-Security-Policy', 'x', 'Age', '7'],
      ],
    },
    body: undefined,
    bodyLength: undefined,
  })
  const withoutEtag = answered(['If-Modified-Since', httpDate(0)], makeEntry(['Last-Modified', httpDate(-9)]))
  t.same(withoutEtag.head.fields, ['Last-Modified', httpDate(-9), 'Age', '7'])
})

t.test('respond cuts single ranges out of the body', async (t) => {
  const cases: ReadonlyArray<readonly [string, string, string | undefined]> = [
    ['bytes=0-1', '206 01', 'bytes 0-1/10'],
    ['bytes=8-', '206 89', 'bytes 8-9/10'],
    ['bytes=-3', '206 789', 'bytes 7-9/10'],
    ['bytes=5-99', '206 56789', 'bytes 5-9/10'],
    ['bytes=10-', '416 ', 'bytes */10'],
    ['bytes=-0', '416 ', 'bytes */10'],
    ['bytes=0-1,3-4', '200 0123456789', undefined],
    ['lines=0-1', '200 0123456789', undefined],
    ['bytes=2-1', '200 0123456789', undefined],
  ]
  for (const [range, expected, contentRange] of cases) {
    const answer = answered(['Range', range])
    t.equal(brief(answer), expected, range)
    t.equal(fieldValue(answer.head.fields, 'content-range'), contentRange, `${range}: Content-Range`)
    t.equal(answer.bodyLength, answer.body?.length, `${range}: length`)
    t.equal(fieldValue(answer.head.fields, 'age'), '7', `${range}: Age`)
  }
  t.equal(brief(answered(['Range', 'bytes=0-1'], makeEntry(fields), 'POST')), '200 0123456789', 'GET alone')
  t.equal(brief(answered(['Range', 'bytes=0-1'], makeEntry(fields, { status: 404 }))), '404 0123456789', '200 alone')
})

t.test('respond gives a range the fields of the whole, but for digests of the whole body', async (t) => {
  const { head, kind } = answered(['Range', 'bytes=0-1'])
  t.equal(kind, 'range')
  const kept = [...fields.slice(0, -4), ...fields.slice(-2)]
  t.same(head.fields, [...kept, 'Age', '7', 'Content-Range', 'bytes 0-1/10'])
})

t.test('respond gives a 416 nothing by which it could be stored', async (t) => {
  const { head, kind } = answered(['Range', 'bytes=10-'])
  t.equal(kind, 'unsatisfiable')
  t.same(head.fields, [
    'Date',
    httpDate(0),
    'Vary',
    'Accept',
    'Access-Control-Allow-Origin',
    '*',
    'Age',
    '7',
    'Content-Range',
    'bytes */10',
  ])
})

t.test('respond gives the whole where If-Range names another representation', async (t) => {
  const ask = (ifRange: string, entry = makeEntry(fields)): number =>
    answered(['Range', 'bytes=0-1', 'If-Range', ifRange], entry).head.status
  t.equal(ask('"a"'), 206)
  t.equal(ask('"b"'), 200)
  t.equal(ask('W/"a"'), 200)
  t.equal(ask('W/"a"', makeEntry(['ETag', 'W/"a"'])), 200, 'a weak tag proves no bytes')
  t.equal(ask(httpDate(-3600)), 206)
  t.equal(ask(httpDate(-3599)), 200)
})

t.test('a 304 is answered only for the representation that a 200 would have carried', async () => {
  const tag = fc.constantFrom('"a"', '"b"', 'W/"a"', '"a,b"', '""')
  const asked = fc.array(fc.oneof(tag, fc.string()), { minLength: 1 })
  fc.assert(
    fc.property(tag, asked, (etag, list) => {
      const entry = makeEntry(['ETag', etag])
      const answer = answered(['If-None-Match', list.join(', ')], entry)
      if (answer.head.status !== 304) return brief(answer) === '200 0123456789'
      const isNamed = list.join(', ').trim() === '*' || list.join(', ').includes(etag.replace(/^W\//, ''))
      return isNamed && fieldValue(answer.head.fields, 'etag') === etag
    }),
  )
})

t.test('respond never throws and never goes beyond the body, whatever is asked', async () => {
  const value = fc.oneof(fc.string(), fc.stringMatching(/^bytes=\d{0,20}-\d{0,20}$/))
  fc.assert(
    fc.property(value, value, value, (range, ifNoneMatch, ifRange) => {
      const answer = answered([
        'Range',
        range,
        'If-Range',
        ifRange,
        ...(ifNoneMatch.length > 3 ? ['If-None-Match', ifNoneMatch] : []),
      ])
      return answer.body === undefined || new TextDecoder().decode(body).includes(new TextDecoder().decode(answer.body))
    }),
  )
})

t.test('a 304 is answered for exactly the representation that a 200 would have carried', async () => {
  const version = fc.integer({ min: 0, max: 3 })
  const kind = fc.constantFrom('strong', 'weak', 'dated', 'undated', 'both')
  const spelling = fc.constantFrom(
    (tag: string) => tag,
    (tag: string) => `"other", ${tag}`,
    (tag: string) => `  ${tag} ,"other"`,
    (tag: string) => tag.replace('W/', ''),
  )
  fc.assert(
    fc.property(version, version, kind, spelling, fc.boolean(), (one, another, how, spell, isHead) => {
      // Clients hold what they got from here, so nothing newer.
      const [held, stored] = [Math.min(one, another), Math.max(one, another)]
      const theirs = versionFields(held, how)
      const conditions = [
        ...(['strong', 'weak', 'both'].includes(how) ? ['If-None-Match', spell(fieldValue(theirs, 'etag') as string)] : []),
        ...(how === 'strong' || how === 'weak'
          ? []
          : ['If-Modified-Since', fieldValue(theirs, 'last-modified') ?? (fieldValue(theirs, 'date') as string)]),
      ]
      const entry = makeEntry(versionFields(stored, how))
      const request = makeRequest(conditions, isHead ? 'HEAD' : 'GET')
      const { head } = respond({ entry, body, request, age: seconds(1), now: at(100), policy })
      return head.status === (held === stored ? 304 : 200) && fieldValue(head.fields, 'etag') === fieldValue(entry.fields, 'etag')
    }),
  )

  function versionFields(version: number, how: string): string[] {
    const fields = ['Date', httpDate(version * 10)]
    if (how === 'strong' || how === 'both') fields.push('ETag', `"v${version}"`)
    if (how === 'weak') fields.push('ETag', `W/"v${version}"`)
    // Two versions within a second have one Last-Modified: then the ETag alone tells.
    if (how === 'both') fields.push('Last-Modified', httpDate(-100))
    if (how === 'dated') fields.push('Last-Modified', httpDate(version * 10 - 100))
    return fields
  }
})

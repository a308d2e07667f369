/**
 * Parts of responses where the RFC alone rules, or a rule that leaves lifetimes to the origin: kept, joined under one strong validator,
 * completed, and never joined without.
 */
import t, { type Test } from 'tap'
import { fieldValue } from '../../src/http/fields.ts'
import { onEachStore, openScene, type Scene } from '../fixtures/scene.ts'
import type { Answer, RecordedRequest } from '../fixtures/scripted-origin.ts'

const rules = 'unmatched: rfc\nrules: []'
const leftToOrigin = 'rules:\n  - { name: files, match: GET /file, cache: { key: file, ttl: origin } }'
const digits = '0123456789'
const strong = { ETag: '"a"', 'Cache-Control': 'max-age=60' }

/** A file as a good origin serves it: single ranges, If-Range, conditions. */
function file(text: string, headers: Record<string, string>): (request: RecordedRequest) => Answer {
  return ({ rawHeaders }) => {
    const etag = headers['ETag']
    if (etag !== undefined && fieldValue(rawHeaders, 'if-none-match') === etag) return { status: 304, headers }
    const ifRange = fieldValue(rawHeaders, 'if-range')
    const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(fieldValue(rawHeaders, 'range') ?? '') ?? []
    if ((first === '' && last === '') || (ifRange !== undefined && ifRange !== etag && ifRange !== headers['Last-Modified']))
      return { body: text, headers }
    const from = first === '' ? Math.max(0, text.length - Number(last)) : Number(first)
    if (from >= text.length) return { status: 416, headers: { ...headers, 'Content-Range': `bytes */${text.length}` } }
    const to = first === '' || last === '' ? text.length - 1 : Math.min(Number(last), text.length - 1)
    const contentRange = { 'Content-Range': `bytes ${from}-${to}/${text.length}` }
    return { status: 206, body: text.slice(from, to + 1), headers: { ...headers, ...contentRange } }
  }
}

interface Asked {
  readonly range?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Status and body. */
  readonly gets: string
  /** Beginning of our Cache-Status. */
  readonly from: string
  /** Range and If-Range as the origin saw them; left out where it is not asked. */
  readonly forwarded?: string
}

async function askAll(t: Test, { ask, origin, clock }: Scene, steps: readonly Asked[]): Promise<void> {
  for (const { range, headers, gets, from, forwarded } of steps) {
    const before = origin.count()
    const reply = await ask('/file', { headers: { ...headers, ...(range === undefined ? {} : { Range: range }) } })
    const says = `${range ?? 'the whole'}: ${gets}`
    t.equal(`${reply.status} ${reply.text}`, gets, says)
    t.ok(reply.cacheStatus.startsWith(from), `${says}: ${reply.cacheStatus}`)
    const [, first = '', last = ''] = /^bytes (\d+)-(\d+)\/10$/.exec(reply.field('content-range') ?? '') ?? []
    if (reply.status === 206)
      t.equal(digits.slice(Number(first), Number(last) + 1), reply.text, 'Content-Range tells which bytes')
    const sent = origin.requests[before]?.rawHeaders
    const names = ['range', 'if-range', 'if-none-match']
    t.equal(sent && names.map((name) => fieldValue(sent, name) ?? '-').join(' '), forwarded, says)
    clock.advance(1000)
  }
}

const cases: readonly { readonly says: string; readonly headers?: Record<string, string>; readonly steps: readonly Asked[] }[] = [
  {
    says: 'a part answers what lies within it',
    steps: [
      { range: 'bytes=4-', gets: '206 456789', from: 'fwd=uri-miss; stored', forwarded: 'bytes=4- - -' },
      { range: 'bytes=4-', gets: '206 456789', from: 'hit' },
      { range: 'bytes=6-8', gets: '206 678', from: 'hit' },
      { range: 'bytes=6-', gets: '206 6789', from: 'hit' },
      { range: 'bytes=-1', gets: '206 9', from: 'hit' },
      { range: 'bytes=8-99', gets: '206 89', from: 'hit' },
      { range: 'bytes=10-', gets: '416 ', from: 'hit' },
      { range: 'bytes=5-6', headers: { 'If-Range': '"a"' }, gets: '206 56', from: 'hit' },
      { range: 'bytes=5-6', headers: { 'If-None-Match': '"a"' }, gets: '304 ', from: 'hit' },
    ],
  },
  {
    says: 'a part without validator answers what lies within it, and is joined to nothing',
    headers: { 'Cache-Control': 'max-age=60' },
    steps: [
      { range: 'bytes=0-4', gets: '206 01234', from: 'fwd=uri-miss; stored', forwarded: 'bytes=0-4 - -' },
      { range: 'bytes=1-2', gets: '206 12', from: 'hit' },
      { range: 'bytes=5-9', gets: '206 56789', from: 'fwd=partial; stored', forwarded: 'bytes=5-9 - -' },
      { range: 'bytes=1-2', gets: '206 12', from: 'fwd=partial; stored', forwarded: 'bytes=1-2 - -' },
      { gets: `200 ${digits}`, from: 'fwd=partial; stored', forwarded: '- - -' },
      { gets: `200 ${digits}`, from: 'hit' },
    ],
  },
  {
    says: 'parts of one strong validator are joined, and are the whole once nothing is missing',
    steps: [
      { range: 'bytes=6-7', gets: '206 67', from: 'fwd=uri-miss; stored', forwarded: 'bytes=6-7 - -' },
      { range: 'bytes=0-2', gets: '206 012', from: 'fwd=partial; stored', forwarded: 'bytes=0-2 - -' },
      { range: 'bytes=1-2', gets: '206 12', from: 'hit' },
      { range: 'bytes=6-6', gets: '206 6', from: 'hit' },
      { range: 'bytes=2-6', gets: '206 23456', from: 'fwd=partial; stored', forwarded: 'bytes=2-6 - -' },
      { range: 'bytes=1-7', gets: '206 1234567', from: 'hit' },
      { range: 'bytes=-2', gets: '206 89', from: 'fwd=partial; stored', forwarded: 'bytes=-2 - -' },
      { gets: `200 ${digits}`, from: 'hit' },
    ],
  },
  {
    says: 'the rest alone is asked for',
    steps: [
      { range: 'bytes=0-4', gets: '206 01234', from: 'fwd=uri-miss; stored', forwarded: 'bytes=0-4 - -' },
      {
        gets: `200 ${digits}`,
        from: 'fwd=partial; fwd-status=206; stored; detail=stored-partially',
        forwarded: 'bytes=5- "a" -',
      },
      { gets: `200 ${digits}`, from: 'hit' },
      { range: 'bytes=3-6', gets: '206 3456', from: 'hit' },
    ],
  },
  {
    says: 'the beginning alone is asked for',
    steps: [
      { range: 'bytes=-4', gets: '206 6789', from: 'fwd=uri-miss; stored', forwarded: 'bytes=-4 - -' },
      { gets: `200 ${digits}`, from: 'fwd=partial; fwd-status=206; stored', forwarded: 'bytes=0-5 "a" -' },
      { gets: `200 ${digits}`, from: 'hit' },
    ],
  },
  {
    says: 'the middle alone is asked for',
    steps: [
      { range: 'bytes=-1', gets: '206 9', from: 'fwd=uri-miss; stored', forwarded: 'bytes=-1 - -' },
      { range: 'bytes=0-1', gets: '206 01', from: 'fwd=partial; stored', forwarded: 'bytes=0-1 - -' },
      { gets: `200 ${digits}`, from: 'fwd=partial; fwd-status=206; stored', forwarded: 'bytes=2-8 "a" -' },
    ],
  },
  {
    says: 'a strong date is as good as an ETag',
    headers: { 'Last-Modified': 'Mon, 02 Jan 2006 15:04:05 GMT', 'Cache-Control': 'max-age=60' },
    steps: [
      { range: 'bytes=0-4', gets: '206 01234', from: 'fwd=uri-miss; stored', forwarded: 'bytes=0-4 - -' },
      {
        gets: `200 ${digits}`,
        from: 'fwd=partial; fwd-status=206; stored',
        forwarded: 'bytes=5- Mon, 02 Jan 2006 15:04:05 GMT -',
      },
    ],
  },
  {
    says: 'a weak ETag joins nothing',
    headers: { ETag: 'W/"a"', 'Cache-Control': 'max-age=60' },
    steps: [
      { range: 'bytes=0-4', gets: '206 01234', from: 'fwd=uri-miss; stored', forwarded: 'bytes=0-4 - -' },
      { gets: `200 ${digits}`, from: 'fwd=partial; stored', forwarded: '- - -' },
    ],
  },
  {
    says: 'a part that may not be shared is not kept',
    headers: { ETag: '"a"', 'Cache-Control': 'private, max-age=60' },
    steps: [
      { range: 'bytes=0-4', gets: '206 01234', from: 'fwd=uri-miss; fwd-status=206; detail=private', forwarded: 'bytes=0-4 - -' },
      { range: 'bytes=0-4', gets: '206 01234', from: 'fwd=', forwarded: 'bytes=0-4 - -' },
    ],
  },
  {
    says: 'a lifetime is guessed for a part as for the whole',
    headers: { 'Last-Modified': 'Mon, 02 Jan 2006 15:04:05 GMT' },
    steps: [
      { range: 'bytes=0-4', gets: '206 01234', from: 'fwd=uri-miss; stored', forwarded: 'bytes=0-4 - -' },
      { range: 'bytes=1-2', gets: '206 12', from: 'hit' },
    ],
  },
  {
    says: 'a 416 of the origin’s is for nobody else',
    steps: [
      { range: 'bytes=10-', gets: '416 #1', from: 'fwd=uri-miss; fwd-status=416; detail=partial', forwarded: 'bytes=10- - -' },
      { range: 'bytes=0-4', gets: '206 01234', from: 'fwd=uri-miss; stored', forwarded: 'bytes=0-4 - -' },
      { gets: `200 ${digits}`, from: 'fwd=partial; fwd-status=206; stored', forwarded: 'bytes=5- "a" -' },
    ],
  },
  {
    says: 'several ranges are for the one who asked',
    steps: [
      { range: 'bytes=0-1,4-5', gets: `200 ${digits}`, from: 'fwd=uri-miss; stored', forwarded: 'bytes=0-1,4-5 - -' },
      { range: 'bytes=4-5', gets: '206 45', from: 'hit' },
    ],
  },
  {
    says: 'a part is understood, where that is what it takes',
    headers: { ETag: '"a"', 'Cache-Control': 'must-understand, no-store, max-age=60' },
    steps: [
      { range: 'bytes=0-4', gets: '206 01234', from: 'fwd=uri-miss; stored', forwarded: 'bytes=0-4 - -' },
      { range: 'bytes=1-2', gets: '206 12', from: 'hit' },
      { gets: `200 ${digits}`, from: 'fwd=partial; fwd-status=206; stored', forwarded: 'bytes=5- "a" -' },
      { gets: `200 ${digits}`, from: 'hit' },
    ],
  },
  {
    says: 'what is asked for on another condition is asked of the origin',
    steps: [
      { range: 'bytes=0-4', gets: '206 01234', from: 'fwd=uri-miss; stored', forwarded: 'bytes=0-4 - -' },
      {
        range: 'bytes=1-2',
        headers: { 'If-Range': '"b"' },
        gets: `200 ${digits}`,
        from: 'fwd=partial; stored',
        forwarded: 'bytes=1-2 "b" -',
      },
      { range: 'bytes=6-7', gets: '206 67', from: 'hit' },
    ],
  },
  {
    says: 'only-if-cached takes what is there and no more',
    steps: [
      { range: 'bytes=0-4', gets: '206 01234', from: 'fwd=uri-miss; stored', forwarded: 'bytes=0-4 - -' },
      { range: 'bytes=1-2', headers: { 'Cache-Control': 'only-if-cached' }, gets: '206 12', from: 'hit' },
      { headers: { 'Cache-Control': 'only-if-cached' }, gets: '504 504 only-if-cached\n', from: 'fwd=miss' },
    ],
  },
]

for (const { says, headers = strong, steps } of cases) {
  for (const [where, text] of [
    ['without a rule', rules],
    ['under ttl: origin', leftToOrigin],
  ] as const) {
    onEachStore(t, `${says}, ${where}`, async (t, redis) => {
      const scene = await openScene(t, { rules: text, redis })
      scene.answer(file(digits, headers))
      await askAll(t, scene, steps)
    })
  }
}

// biome-ignore format: one case, one line
const whole: readonly { readonly says: string; readonly cache: string; readonly headers?: Record<string, string> }[] = [
  { says: 'tags are made of the body', cache: '{ key: file, ttl: origin, tags: ["{response.json.id|none}"] }' },
  { says: 'tags are made of a field, which a part may lack', cache: '{ key: file, ttl: origin, tags: ["{response.header.surrogate-key|none}"] }' },
  { says: 'the rule has a lifetime of its own', cache: '{ key: file, ttl: 1m }', headers: { ETag: '"a"' } },
]
for (const { says, cache, headers = strong } of whole) {
  onEachStore(t, `the whole is fetched for a range where ${says}`, async (t, redis) => {
    const scene = await openScene(t, { rules: `rules:\n  - { name: files, match: GET /file, cache: ${cache} }`, redis })
    scene.answer(file('1234567890', { ...headers, 'Content-Type': 'application/json' }))
    t.match(await scene.ask('/file', { headers: { Range: 'bytes=0-4' } }), {
      status: 206,
      text: '12345',
      cacheStatus: /^fwd=uri-miss; stored/,
    })
    t.match(await scene.ask('/file', { headers: { Range: 'bytes=5-9' } }), { status: 206, text: '67890', cacheStatus: /^hit/ })
    t.match(await scene.ask('/file'), { status: 200, text: '1234567890', cacheStatus: /^hit/ })
    t.equal(fieldValue(scene.origin.requests[0]?.rawHeaders ?? [], 'range'), undefined)
  })
}

onEachStore(t, 'no part is understood where none is kept', async (t, redis) => {
  const ruled = 'unmatched: rfc\nrules:\n  - { name: files, match: GET /ruled, cache: { key: file, ttl: 1m } }'
  const { ask, answer } = await openScene(t, { rules: ruled, redis })
  const headers = { 'Cache-Control': 'must-understand, no-store, max-age=60' }
  // biome-ignore format: one case, one line
  const parts = [
    ['/ruled', { ...headers, 'Content-Range': 'bytes 0-4/10' }],
    ['/several', { ...headers, 'Content-Type': 'multipart/byteranges; boundary=x' }],
    ['/lines', { ...headers, 'Content-Range': 'lines 0-4/10' }],
  ] as const
  for (const [target, said] of parts) {
    answer({ status: 206, headers: said, body: '01234' })
    for (const _ of ['first', 'second']) {
      const { status, cacheStatus } = await ask(target, { headers: { Range: 'bytes=0-4' } })
      t.match([status, cacheStatus], [206, /^fwd=(uri-miss|bypass); fwd-status=206; detail=(partial|hit-for-miss)$/], target)
    }
  }
})

onEachStore(t, 'a part under a rule is purged with its tags and its key, and so is what it was joined to', async (t, redis) => {
  const cache = 'cache: { key: "file:{query.v|1}", ttl: origin, tags: [files] }'
  const purges =
    '  - { name: edited, match: POST /tag, purge: { tags: [files] } }\n  - { name: gone, match: POST /key, purge: { keys: ["file:1"] } }'
  const { ask, answer } = await openScene(t, {
    rules: `rules:\n  - { name: files, match: GET /file, ${cache} }\n${purges}`,
    redis,
  })
  answer((request) => (request.method === 'POST' ? {} : file(digits, strong)(request)))
  for (const by of ['/tag', '/key']) {
    await ask('/file', { headers: { Range: 'bytes=0-1' } })
    await ask('/file', { headers: { Range: 'bytes=2-3' } })
    t.match(await ask('/file', { headers: { Range: 'bytes=0-3' } }), { text: '0123', cacheStatus: /^hit/ }, by)
    await ask(by, { method: 'POST' })
    t.match(
      await ask('/file', { headers: { Range: 'bytes=0-3' } }),
      { text: '0123', cacheStatus: /^fwd=miss; .*detail=purged/ },
      by,
    )
  }
})

onEachStore(t, 'a part that is shorter than it says is kept by a lenient policy alone', async (t, redis) => {
  const short = { status: 206, body: '45678', headers: { 'Cache-Control': 'max-age=60', 'Content-Range': 'bytes 4-9/10' } }
  const strict = await openScene(t, { rules, redis })
  strict.answer(short)
  await strict.ask('/file', { headers: { Range: 'bytes=-5' } })
  t.match((await strict.ask('/file', { headers: { Range: 'bytes=-5' } })).cacheStatus, /^fwd=/)
  const lenient = redis === undefined ? leftToOrigin : rules
  const { ask, answer, origin } = await openScene(t, { rules: `rfc: { parts: lenient }\n${lenient}`, redis })
  answer(short)
  await ask('/file', { headers: { Range: 'bytes=-5' } })
  for (const [range, text, contentRange] of [
    ['bytes=-5', '45678', 'bytes 4-8/9'],
    ['bytes=6-8', '678', 'bytes 6-8/9'],
    ['bytes=6-', '678', 'bytes 6-8/9'],
    ['bytes=-1', '8', 'bytes 8-8/9'],
  ] as const) {
    const reply = await ask('/file', { headers: { Range: range } })
    t.match([reply.status, reply.text, reply.field('content-range'), reply.cacheStatus], [206, text, contentRange, /^hit/], range)
  }
  answer(file(digits, { 'Cache-Control': 'max-age=60' }))
  t.match(await ask('/file'), { status: 200, text: digits }, 'what cannot be proved to fit is asked for again')
  const ranges = origin.requests.slice(-2).map(({ rawHeaders }) => fieldValue(rawHeaders, 'range'))
  t.same(ranges, ['bytes=0-3', undefined])
})

onEachStore(t, 'nothing is joined to another representation', async (t, redis) => {
  const scene = await openScene(t, { rules, redis })
  const { ask, answer } = scene
  answer(file(digits, strong))
  await ask('/file', { headers: { Range: 'bytes=0-4' } })
  answer(file('abcdefghij', { ...strong, ETag: '"b"' }))
  t.match(await ask('/file'), { status: 200, text: 'abcdefghij' }, 'the origin sends the whole, as If-Range wants it')
  t.match(await ask('/file', { headers: { Range: 'bytes=0-1' } }), { text: 'ab', cacheStatus: /^hit/ })
})

onEachStore(t, 'an origin that ignores If-Range is asked for the whole', async (t, redis) => {
  const { ask, answer, origin, clock } = await openScene(t, { rules, redis })
  answer(file(digits, strong))
  await ask('/file', { headers: { Range: 'bytes=0-4' } })
  const changed = file('abcdefghij', { ...strong, ETag: '"b"' })
  answer((request) => changed({ ...request, rawHeaders: request.rawHeaders.map((name) => (name === 'If-Range' ? 'X' : name)) }))
  t.match(await ask('/file'), { status: 200, text: 'abcdefghij' })
  t.equal(origin.count(), 3)
  clock.advance(1000)
  t.match(await ask('/file'), { text: 'abcdefghij', cacheStatus: /^hit/ })
})

onEachStore(t, 'a representation that has become shorter is fetched whole', async (t, redis) => {
  const { ask, answer, origin } = await openScene(t, { rules, redis })
  answer(file(digits, strong))
  await ask('/file', { headers: { Range: 'bytes=0-4' } })
  answer((request) => file('abc', { ETag: '"a"', 'Cache-Control': 'max-age=60' })(request))
  t.match(await ask('/file'), { status: 200, text: 'abc' }, 'after a 416')
  t.equal(origin.count(), 3)
})

onEachStore(t, 'a stale part is validated, and lends its validators', async (t, redis) => {
  const { ask, answer, origin, clock } = await openScene(t, { rules, redis })
  answer(file(digits, strong))
  await ask('/file', { headers: { Range: 'bytes=0-4' } })
  clock.advance(61_000)
  const reply = await ask('/file', { headers: { Range: 'bytes=1-2' } })
  t.match(reply, { status: 206, text: '12', cacheStatus: /^fwd=stale; fwd-status=304;.*stored; detail=revalidated/, age: '0' })
  t.equal(fieldValue(origin.requests[1]?.rawHeaders ?? [], 'if-none-match'), '"a"')
  clock.advance(5000)
  t.match(await ask('/file', { headers: { Range: 'bytes=1-2' } }), { text: '12', cacheStatus: /^hit/, age: '5' })
  t.match(await ask('/file'), { text: digits, cacheStatus: /^fwd=partial/ })
})

onEachStore(
  t,
  'a part that was purged is joined to nothing, and what was joined is purged as each of its parts',
  async (t, redis) => {
    const { ask, answer, origin } = await openScene(t, { rules, redis })
    answer((request) => (request.method === 'POST' ? {} : file(digits, strong)(request)))
    await ask('/file', { headers: { Range: 'bytes=0-4' } })
    await ask('/file', { method: 'POST' })
    t.match(await ask('/file'), { text: digits, cacheStatus: /^fwd=miss; stored; detail=purged/ })
    t.equal(fieldValue(origin.requests[2]?.rawHeaders ?? [], 'range'), undefined)
    await ask('/file', { method: 'POST' })
    await ask('/file', { headers: { Range: 'bytes=0-1' } })
    await ask('/file', { headers: { Range: 'bytes=2-3' } })
    t.match(await ask('/file', { headers: { Range: 'bytes=0-3' } }), { text: '0123', cacheStatus: /^hit/ })
    await ask('/file', { method: 'POST' })
    t.match(await ask('/file', { headers: { Range: 'bytes=0-3' } }), { text: '0123', cacheStatus: /^fwd=/ })
  },
)

onEachStore(t, 'HEAD is not answered from a part', async (t, redis) => {
  const { ask, answer } = await openScene(t, { rules, redis })
  answer(file(digits, strong))
  await ask('/file', { headers: { Range: 'bytes=0-4' } })
  const head = await ask('/file', { method: 'HEAD' })
  t.match([head.status, head.field('content-length'), head.text], [200, '10', ''])
})

onEachStore(t, 'a whole that is above the limit is not put together', async (t, redis) => {
  const config = 'redis: { command_timeout: 10s, detached_ttl: 1m }\nstore: { max_entry: 8B }'
  const { ask, answer, origin } = await openScene(t, { rules, redis, config })
  answer(file(digits, strong))
  await ask('/file', { headers: { Range: 'bytes=0-4' } })
  t.match(await ask('/file', { headers: { Range: 'bytes=5-9' } }), { text: '56789' })
  t.match(await ask('/file', { headers: { Range: 'bytes=6-7' } }), { text: '67', cacheStatus: /^hit/ }, 'the newer part stays')
  t.match(await ask('/file'), { status: 200, text: digits })
  t.equal(fieldValue(origin.requests.at(-1)?.rawHeaders ?? [], 'range'), undefined)
})

onEachStore(t, 'a part that breaks off, or is not as long as it says, is not kept', async (t, redis) => {
  const { ask, origin, dated } = await openScene(t, { rules, redis })
  const contentRange = { ...strong, 'Content-Range': 'bytes 0-4/10' }
  origin.script(({ reply, response }) => {
    if (origin.count() > 1) return reply(dated({ status: 206, body: '01234', headers: contentRange }))
    response.writeHead(206, { ...contentRange, 'Transfer-Encoding': 'chunked' })
    return void response.end('0123')
  })
  t.match(await ask('/file', { headers: { Range: 'bytes=0-4' } }), { text: '0123' })
  t.match(await ask('/file', { headers: { Range: 'bytes=0-2' } }), { text: '01234', cacheStatus: /^fwd=/ })
  origin.script(({ response }) => {
    response.writeHead(206, { ...contentRange, 'Content-Range': 'bytes 5-9/10', 'Transfer-Encoding': 'chunked' })
    response.end('5')
  })
  await t.rejects(ask('/file'), 'a whole that lacks bytes is cut, never ended')
})

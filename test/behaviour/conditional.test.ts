/** HEAD, conditions and ranges: answered from what a GET stored, also when it is only on its way, and forwarded where nothing can be stored. */
import t from 'tap'
import { fieldValue } from '../../src/http/fields.ts'
import { makeGate } from '../fixtures/gate.ts'
import type { Asked } from '../fixtures/house.ts'
import { onEachStore, openScene, type Scene } from '../fixtures/scene.ts'

const files = (cache = ''): string =>
  `rules:\n  - name: files\n    match: GET /files/:id\n    cache: { key: "file:{params.id}", ttl: 1h${cache === '' ? '' : `, ${cache}`} }`

const digits = '0123456789'
const etag = '"v1"'
const modified = 'Tue, 01 Jul 2025 10:00:00 GMT'
const described = { ETag: etag, 'Last-Modified': modified, 'Content-Type': 'text/plain', 'X-Kept': 'yes' }

interface Case {
  readonly says: string
  readonly headers: Record<string, string>
  readonly status: number
  readonly body: string
  readonly contentRange?: string
}

const cases: readonly Case[] = [
  { says: 'no condition', headers: {}, status: 200, body: digits },
  { says: 'If-None-Match, the same', headers: { 'If-None-Match': etag }, status: 304, body: '' },
  { says: 'If-None-Match, weakly the same', headers: { 'If-None-Match': 'W/"v1"' }, status: 304, body: '' },
  { says: 'If-None-Match, in a list', headers: { 'If-None-Match': '"v0", "v1"' }, status: 304, body: '' },
  { says: 'If-None-Match: *', headers: { 'If-None-Match': '*' }, status: 304, body: '' },
  { says: 'If-None-Match, another', headers: { 'If-None-Match': '"v2"' }, status: 200, body: digits },
  { says: 'If-Modified-Since, the same', headers: { 'If-Modified-Since': modified }, status: 304, body: '' },
  {
    says: 'If-Modified-Since, earlier',
    headers: { 'If-Modified-Since': 'Mon, 30 Jun 2025 10:00:00 GMT' },
    status: 200,
    body: digits,
  },
  { says: 'If-Modified-Since, no date', headers: { 'If-Modified-Since': 'yesterday' }, status: 200, body: digits },
  {
    says: 'If-None-Match before If-Modified-Since',
    headers: { 'If-None-Match': '"v2"', 'If-Modified-Since': modified },
    status: 200,
    body: digits,
  },
  { says: 'first and last', headers: { Range: 'bytes=2-4' }, status: 206, body: '234', contentRange: 'bytes 2-4/10' },
  { says: 'one byte', headers: { Range: 'bytes=0-0' }, status: 206, body: '0', contentRange: 'bytes 0-0/10' },
  { says: 'from there on', headers: { Range: 'bytes=7-' }, status: 206, body: '789', contentRange: 'bytes 7-9/10' },
  { says: 'the last bytes', headers: { Range: 'bytes=-3' }, status: 206, body: '789', contentRange: 'bytes 7-9/10' },
  { says: 'more than there is', headers: { Range: 'bytes=8-99' }, status: 206, body: '89', contentRange: 'bytes 8-9/10' },
  { says: 'the last bytes and more', headers: { Range: 'bytes=-99' }, status: 206, body: digits, contentRange: 'bytes 0-9/10' },
  { says: 'behind the end', headers: { Range: 'bytes=10-' }, status: 416, body: '', contentRange: 'bytes */10' },
  { says: 'none of the last bytes', headers: { Range: 'bytes=-0' }, status: 416, body: '', contentRange: 'bytes */10' },
  { says: 'the wrong way round', headers: { Range: 'bytes=4-2' }, status: 200, body: digits },
  { says: 'several ranges', headers: { Range: 'bytes=0-1,4-5' }, status: 200, body: digits },
  { says: 'another unit', headers: { Range: 'lines=0-1' }, status: 200, body: digits },
  {
    says: 'If-Range with the ETag',
    headers: { Range: 'bytes=0-1', 'If-Range': etag },
    status: 206,
    body: '01',
    contentRange: 'bytes 0-1/10',
  },
  { says: 'If-Range with another', headers: { Range: 'bytes=0-1', 'If-Range': '"v0"' }, status: 200, body: digits },
  { says: 'If-Range with a weak one', headers: { Range: 'bytes=0-1', 'If-Range': 'W/"v1"' }, status: 200, body: digits },
  {
    says: 'If-Range with the date',
    headers: { Range: 'bytes=0-1', 'If-Range': modified },
    status: 206,
    body: '01',
    contentRange: 'bytes 0-1/10',
  },
  {
    says: 'If-Range with a later date',
    headers: { Range: 'bytes=0-1', 'If-Range': 'Tue, 01 Jul 2025 10:00:01 GMT' },
    status: 200,
    body: digits,
  },
  {
    says: 'If-Range with an earlier date',
    headers: { Range: 'bytes=0-1', 'If-Range': 'Tue, 01 Jul 2025 09:59:59 GMT' },
    status: 200,
    body: digits,
  },
  { says: 'If-Range that is neither', headers: { Range: 'bytes=0-1', 'If-Range': 'v1' }, status: 200, body: digits },
  { says: 'If-Range knows no any', headers: { Range: 'bytes=0-1', 'If-Range': '*' }, status: 200, body: digits },
  { says: 'If-Range knows no list', headers: { Range: 'bytes=0-1', 'If-Range': '"v0", "v1"' }, status: 200, body: digits },
  { says: 'If-Range without Range', headers: { 'If-Range': etag }, status: 200, body: digits },
  {
    says: 'If-Range with the ETag, behind the end',
    headers: { Range: 'bytes=10-', 'If-Range': etag },
    status: 416,
    body: '',
    contentRange: 'bytes */10',
  },
  {
    says: 'If-Range with another, behind the end',
    headers: { Range: 'bytes=10-', 'If-Range': '"v0"' },
    status: 200,
    body: digits,
  },
  { says: 'the unit in another case', headers: { Range: 'Bytes=2-4' }, status: 206, body: '234', contentRange: 'bytes 2-4/10' },
  { says: 'all of it', headers: { Range: 'bytes=0-' }, status: 206, body: digits, contentRange: 'bytes 0-9/10' },
  { says: 'no numbers', headers: { Range: 'bytes=a-b' }, status: 200, body: digits },
  { says: 'no end and no beginning', headers: { Range: 'bytes=-' }, status: 200, body: digits },
  { says: 'below zero', headers: { Range: 'bytes=-1-2' }, status: 200, body: digits },
  { says: 'If-None-Match before Range', headers: { 'If-None-Match': etag, Range: 'bytes=0-1' }, status: 304, body: '' },
]

function expected({ status, body, contentRange }: Case): object {
  return {
    status,
    text: body,
    ranged: contentRange,
    etag: status === 416 ? undefined : etag,
    kept: status === 416 ? undefined : 'yes',
  }
}

async function got({ ask }: Pick<Scene, 'ask'>, target: string, asked: Asked): Promise<object> {
  const { status, text, field } = await ask(target, asked)
  return { status, text, ranged: field('content-range'), etag: field('etag'), kept: field('x-kept') }
}

onEachStore(t, 'conditions and ranges are answered from the stored body', async (t, redis) => {
  const scene = await openScene(t, { rules: files(), redis })
  scene.answer({ body: digits, headers: described })
  await scene.ask('/files/1')
  for (const asked of cases) t.same(await got(scene, '/files/1', asked), expected(asked), asked.says)
  for (const { says, headers } of cases) {
    const head = await scene.ask('/files/1', { method: 'HEAD', headers })
    const whole = await scene.ask('/files/1', { headers: { ...headers, Range: 'none' } })
    t.match(head, { text: '', status: whole.status, cacheStatus: /^hit/ }, `HEAD: ${says}`)
    t.equal(head.field('content-length'), whole.field('content-length'), `HEAD: ${says}`)
  }
  t.equal(scene.origin.count(), 1)
})

t.test('a miss is forwarded whole, whatever part was asked for', async (t) => {
  const scene = await openScene(t, { rules: files() })
  scene.answer({ body: digits, headers: described })
  for (const [i, asked] of cases.entries()) {
    t.same(await got(scene, `/files/${i}`, asked), expected(asked), asked.says)
    t.match(await scene.ask(`/files/${i}`), { status: 200, text: digits, cacheStatus: /^hit/ }, asked.says)
  }
  const conditions = ['range', 'if-range', 'if-none-match', 'if-modified-since']
  const forwarded = scene.origin.requests.flatMap(({ rawHeaders }) =>
    conditions.filter((name) => fieldValue(rawHeaders, name) !== undefined),
  )
  t.same(forwarded, [])
})

t.test('conditions and ranges are answered from a fetch that is under way', async (t) => {
  const { house, origin, dated } = await openScene(t, { rules: files() })
  const gate = makeGate()
  origin.script(async ({ reply }) => {
    await gate.wait()
    reply(dated({ body: digits, headers: described }))
  })
  const leader = house.ask('/files/1')
  await gate.arrived(1)
  const followers = cases.map(({ headers }) => got(house, '/files/1', { headers }))
  gate.open()
  t.equal((await leader).text, digits)
  for (const [i, asked] of cases.entries()) t.same(await followers[i], expected(asked), asked.says)
  t.equal(origin.count(), 1)
})

t.test('HEAD on nothing stored is forwarded as HEAD and stores nothing', async (t) => {
  const { ask, answer, origin } = await openScene(t, { rules: files() })
  answer({ body: digits, headers: described })
  const head = await ask('/files/1', { method: 'HEAD' })
  t.match(head, { status: 200, text: '', cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=uri-miss' })
  t.equal(head.field('content-length'), '10')
  t.match(await ask('/files/1'), { text: digits, cacheStatus: /^fwd=uri-miss; stored/ })
  t.same(
    origin.requests.map(({ method }) => method),
    ['HEAD', 'GET'],
  )
})

t.test('preconditions that only the origin can judge are forwarded', async (t) => {
  const { ask, origin } = await openScene(t, { rules: files() })
  await ask('/files/1')
  for (const name of ['If-Match', 'If-Unmodified-Since']) {
    t.match(await ask('/files/1', { headers: { [name]: '*' } }), { cacheStatus: /^fwd=bypass; .*detail=precondition$/ })
    t.equal(fieldValue(origin.requests.at(-1)?.rawHeaders ?? [], name), '*')
  }
  t.match(await ask('/files/1'), { text: '#1', cacheStatus: /^hit/ })
})

t.test('what is above the size limit passes, is not stored, and keeps its ranges', async (t) => {
  for (const framing of ['declared', 'found out while it streams']) {
    await t.test(framing, async (t) => {
      const { ask, origin, dated } = await openScene(t, { rules: files('max_size: 9B') })
      origin.script(({ request, reply }) => {
        const range = fieldValue(request.rawHeaders, 'range')
        if (range === undefined)
          reply(
            dated({
              body: digits,
              headers: framing === 'declared' ? described : { ...described, 'Transfer-Encoding': 'chunked' },
            }),
          )
        else reply(dated({ status: 206, body: '01', headers: { ...described, 'Content-Range': 'bytes 0-1/10' } }))
      })
      t.match(await ask('/files/1'), { status: 200, text: digits })
      t.match(await ask('/files/1'), { status: 200, text: digits, cacheStatus: /^fwd/ })
      t.equal(origin.count(), 2)
      const part = await ask('/files/1', { headers: { Range: 'bytes=0-1' } })
      t.match(part, { status: 206, text: '01' })
      t.equal(fieldValue(origin.requests.at(-1)?.rawHeaders ?? [], 'range'), 'bytes=0-1', 'forwarded as it is')
      t.match(await ask('/files/1'), { status: 200, text: digits })
    })
  }
  t.test('a range that finds it out', async (t) => {
    const { ask, origin, dated } = await openScene(t, { rules: files('max_size: 9B') })
    origin.script(({ request, reply }) => {
      const isWhole = fieldValue(request.rawHeaders, 'range') === undefined
      const framing = request.target.endsWith('declared') ? {} : { 'Transfer-Encoding': 'chunked' }
      if (isWhole) reply(dated({ body: digits, headers: { ...described, ...framing } }))
      else reply(dated({ status: 206, body: '01', headers: { 'Content-Range': 'bytes 0-1/10' } }))
    })
    const headers = { Range: 'bytes=0-1' }
    t.match(await ask('/files/declared', { headers }), { status: 206, text: '01' }, 'asked again, for the part')
    t.equal(origin.count(), 2)
    t.match(await ask('/files/found', { headers }), { status: 200, text: digits }, 'too late: ignored, as any server may')
    t.match(await ask('/files/found', { headers }), { status: 206, text: '01' }, 'remembered')
  })
  t.test('just not above', async (t) => {
    const { ask, answer } = await openScene(t, { rules: files('max_size: 10B') })
    answer({ body: digits, headers: { 'Transfer-Encoding': 'chunked' } })
    await ask('/files/1')
    t.match(await ask('/files/1'), { text: digits, cacheStatus: /^hit/ })
  })
})

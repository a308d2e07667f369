/** What comes before and behind an answer: interim responses are passed on and never stored; trailers reach whoever they came for. */
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { onEachStore, openScene } from '../fixtures/scene.ts'

interface Seen {
  readonly interim: readonly { readonly status: number; readonly link: string | undefined }[]
  readonly status: number
  readonly body: string
  readonly cacheStatus: string
  readonly trailer: string | undefined
  /** What an interim response alone said. */
  readonly early: string | undefined
}

function watch(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const interim: Seen['interim'][number][] = []
    const request = httpRequest(url, { headers, agent: false })
    request.on('information', (information) => {
      interim.push({ status: information.statusCode, link: information.headers['link'] as string | undefined })
    })
    request.once('error', reject)
    request.once('response', async (response) => {
      const body = await text(response)
      const cacheStatus = String(response.headers['cache-status']).replace(/^springhouse; /, '')
      const early = response.headers['x-early'] as string | undefined
      resolve({ interim, status: response.statusCode as number, body, cacheStatus, trailer: response.trailers['x-sum'], early })
    })
    request.end()
  })
}

/** Says these bytes, and resolves with all that comes until the connection closes. */
async function speak(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  socket.write(bytes, 'latin1')
  return text(socket)
}

const rules = 'unmatched: rfc\nrules: []'
const link = '</style.css>; rel=preload'

onEachStore(t, 'early hints are passed on, and the final answer alone is stored', async (t, redis) => {
  const { house, origin, settled, dated } = await openScene(t, { rules, redis })
  origin.script(({ response, reply }) => {
    response.writeProcessing()
    response.writeEarlyHints({ link })
    reply(dated({ headers: { 'Cache-Control': 'max-age=60' } }))
  })
  const first = await watch(`${house.url}/page`)
  t.match(first.interim.at(-1), { status: 103, link })
  t.match([first.status, first.body, first.cacheStatus], [200, '#1', /^fwd=uri-miss; stored/])
  await settled()
  t.match(await watch(`${house.url}/page`), { interim: [], status: 200, body: '#1', cacheStatus: /^hit/ })
})

onEachStore(t, 'every interim response is passed on, and what it says of caching is not said of the answer', async (t, redis) => {
  const { house, origin, settled } = await openScene(t, { rules, redis })
  for (const [said, isStored] of [
    ['max-age=60', true],
    ['no-store', false],
  ] as const) {
    origin.script(({ raw, cut }) => {
      const other = isStored ? 'no-store' : 'max-age=60'
      raw(`HTTP/1.1 102 Processing\r\nCache-Control: ${other}\r\n\r\n`)
      raw(`HTTP/1.1 103 Early Hints\r\nLink: ${link}\r\nCache-Control: ${other}\r\nX-Early: 1\r\n\r\n`)
      raw(`HTTP/1.1 200 OK\r\nCache-Control: ${said}\r\nContent-Length: 5\r\nConnection: close\r\n\r\nfinal`)
      cut()
    })
    const first = await watch(`${house.url}/${said}`)
    t.same(
      first.interim.map(({ status }) => status),
      [102, 103],
      said,
    )
    t.match([first.status, first.body, first.early], [200, 'final', undefined])
    await settled()
    const second = await watch(`${house.url}/${said}`)
    t.match(
      [second.body, second.early, second.cacheStatus.startsWith('hit'), second.interim.length],
      ['final', undefined, isStored, isStored ? 0 : 2],
    )
  }
})

const continued = 'HTTP/1.1 100 Continue\r\n\r\n'

onEachStore(t, 'a 100 that nobody asked for is passed on, and never stored or taken out of a body', async (t, redis) => {
  const { house, origin, settled, dated } = await openScene(t, { rules, redis })
  origin.script(({ response, reply }) => {
    response.writeContinue()
    response.writeContinue()
    response.writeEarlyHints({ link })
    response.writeInformation(100, ['Cache-Control', 'no-store'])
    reply(dated({ headers: { 'Cache-Control': 'max-age=60' }, body: continued }))
  })
  const first = await watch(`${house.url}/page`)
  t.same(
    first.interim.map(({ status }) => status),
    [100, 100, 103, 100],
  )
  t.match([first.status, first.body, first.cacheStatus], [200, continued, /^fwd=uri-miss; stored/])
  await settled()
  t.match(await watch(`${house.url}/page`), { interim: [], status: 200, body: continued, cacheStatus: /^hit/ })
  t.match(await watch(`${house.url}/other`), { status: 200, body: continued, cacheStatus: /^fwd=uri-miss; stored/ })
  t.equal(origin.requests[1]?.connection, origin.requests[0]?.connection, 'the connection stays')
})

onEachStore(t, 'a 100 before the answer to a write: none for who has had one, none for HTTP/1.0', async (t, redis) => {
  const { house, origin } = await openScene(t, { rules, redis })
  origin.script(({ response, reply }) => {
    response.writeContinue()
    reply({ status: 201, body: 'ok' })
  })
  const write = 'Host: a\r\nContent-Length: 3\r\nConnection: close\r\n'
  for (const [head, continues] of [
    [`POST /plain HTTP/1.1\r\n${write}`, 1],
    [`POST /asked HTTP/1.1\r\n${write}Expect: 100-continue\r\n`, 1],
    [`POST /old HTTP/1.0\r\n${write}`, 0],
  ] as const) {
    const answer = await speak(house.url, `${head}\r\nabc`)
    t.equal(answer.split(continued).length - 1, continues, head)
    t.match(answer, /HTTP\/1\.1 201 Created\r\n.*fwd=method.*ok$/s)
    t.equal(origin.requests.at(-1)?.body.toString(), 'abc')
  }
})

t.test('more than anybody means: the client gets a 502, and none of it is stored', async (t) => {
  const { house, origin, answer } = await openScene(t, { rules })
  origin.script(({ raw }) =>
    raw(`${continued.repeat(33)}HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok`),
  )
  const first = await watch(`${house.url}/page`)
  t.match([first.status, first.cacheStatus, first.interim.length], [502, /origin-broken/, 32])
  answer({})
  t.match(await watch(`${house.url}/page`), { status: 200, body: '#2' })
})

onEachStore(t, 'trailers come with the answer that they end, and a stored answer is whole without them', async (t, redis) => {
  const { house, origin, settled, dated } = await openScene(t, { rules, redis })
  origin.script(({ response }) => {
    const { headers } = dated({ headers: { 'Cache-Control': 'max-age=60', 'Transfer-Encoding': 'chunked', Trailer: 'X-Sum' } })
    response.writeHead(200, headers as string[])
    response.write('a body')
    response.addTrailers({ 'X-Sum': '1' })
    response.end()
  })
  t.match(await watch(`${house.url}/page`, { TE: 'trailers' }), {
    body: 'a body',
    cacheStatus: /^fwd=uri-miss; stored/,
    trailer: '1',
  })
  await settled()
  t.match(await watch(`${house.url}/page`, { TE: 'trailers' }), { body: 'a body', cacheStatus: /^hit/, trailer: undefined })
})

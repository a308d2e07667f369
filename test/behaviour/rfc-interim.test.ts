/** What comes before and behind an answer: interim responses are passed on and never stored; trailers reach whoever they came for. */
import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { onEachStore, openScene } from '../fixtures/scene.ts'

interface Seen {
  readonly interim: readonly { readonly status: number; readonly link: string | undefined }[]
  readonly status: number
  readonly body: string
  readonly cacheStatus: string
  readonly trailer: string | undefined
}

function watch(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const interim: Seen['interim'][number][] = []
    const request = httpRequest(`${url}/page`, { headers, agent: false })
    request.on('information', (information) => {
      interim.push({ status: information.statusCode, link: information.headers['link'] as string | undefined })
    })
    request.once('error', reject)
    request.once('response', async (response) => {
      const body = await text(response)
      const cacheStatus = String(response.headers['cache-status']).replace(/^springhouse; /, '')
      resolve({ interim, status: response.statusCode as number, body, cacheStatus, trailer: response.trailers['x-sum'] })
    })
    request.end()
  })
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
  const first = await watch(house.url)
  t.match(first.interim.at(-1), { status: 103, link })
  t.match([first.status, first.body, first.cacheStatus], [200, '#1', /^fwd=uri-miss; stored/])
  await settled()
  t.match(await watch(house.url), { interim: [], status: 200, body: '#1', cacheStatus: /^hit/ })
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
  t.match(await watch(house.url, { TE: 'trailers' }), { body: 'a body', cacheStatus: /^fwd=uri-miss; stored/, trailer: '1' })
  await settled()
  t.match(await watch(house.url, { TE: 'trailers' }), { body: 'a body', cacheStatus: /^hit/, trailer: undefined })
})

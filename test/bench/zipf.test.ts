import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { judge, playMix } from '../../bench/zipf.ts'

t.test('judge: the member nearest to the client decides', async (t) => {
  t.equal(judge('springhouse; hit; ttl=30'), 'hit')
  t.equal(judge('springhouse;hit'), 'hit')
  t.equal(judge('springhouse; fwd=uri-miss; collapsed; detail=collapsed'), 'follower')
  t.equal(judge('springhouse; fwd=uri-miss; stored'), 'forwarded')
  t.equal(judge('cdn; hit, springhouse; fwd=stale'), 'forwarded')
  t.equal(judge('hit; fwd=miss'), 'forwarded', 'a cache may be called "hit"')
  t.equal(judge(undefined), 'forwarded')
})

t.test('playMix: counts reads, hits, followers and what the proxy says it forwarded', async (t) => {
  let forwarded = 40
  let answered = 0
  const server = createServer((request, response) => {
    if (request.url === '/metrics') return response.end(`origin_request_duration_seconds_count{service="s"} ${forwarded}\n`)
    answered++
    const isWrite = request.method !== 'GET'
    if (isWrite) forwarded++
    const isDetail = /^\/api\/experiences\/\d+$/.test(request.url ?? '')
    const parameters = isWrite ? 'fwd=method' : isDetail ? 'hit' : 'fwd=uri-miss; collapsed'
    response.writeHead(isWrite ? 201 : 200, { 'cache-status': `springhouse; ${parameters}` }).end('{}')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const common = { url, admin: url, seconds: 0.5, clients: 4, seed: 1, tokens: [], pids: [process.pid], progress: () => {} }
  const result = await playMix(common)
  t.equal(result.requests, answered)
  t.equal(result.failures, 0)
  t.equal(result.requests - result.reads, result.originRequests, 'each write was forwarded, nothing else')
  t.equal(result.hits + result.followers, result.reads)
  t.equal(result.hitRates['detail'], 1)
  t.equal(result.hitRates['free'], 0)
  t.ok(result.p50 > 0 && result.p99 >= result.p50)
  t.ok((result.cpuPerRequest ?? 0) > 0)
})

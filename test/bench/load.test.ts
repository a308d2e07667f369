import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { load } from '../../bench/load.ts'
import { startBare } from '../../bench/peers.ts'

t.test('load: measures a bare server, its CPU time included', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'springhouse-test-'))
  const bare = await startBare(folder, Buffer.from('{"a":1}'))
  t.teardown(async () => {
    await bare.stop()
    rmSync(folder, { recursive: true })
  })
  t.equal(await (await fetch(bare.url)).text(), '{"a":1}')
  const { url, pid } = bare
  const result = await load({ url, pids: [pid], seconds: 1, connections: 4, isDistinct: false })
  t.ok(result.requests > 10)
  t.ok(result.p50 > 0 && result.p50 < result.p99 + 1)
  t.ok((result.cpuPerRequest ?? 0) > 1, 'an answer costs more than a microsecond')
})

t.test('load: distinct requests never repeat', async (t) => {
  const seen: string[] = []
  const url = await serve(t, (target) => {
    seen.push(target)
    return 200
  })
  await load({ url: `${url}/page?a=b`, pids: [], seconds: 1, connections: 2, isDistinct: true })
  t.ok(seen.length > 1)
  t.equal(new Set(seen).size, seen.length)
  t.ok(seen.every((target) => target.startsWith('/page?a=b&distinct=')))
})

t.test('load: answers that are no success make it fail', async (t) => {
  const url = await serve(t, () => 503)
  await t.rejects(load({ url, pids: [], seconds: 1, connections: 1, isDistinct: false }), { message: /failures/ })
})

async function serve(t: Test, answer: (target: string) => number): Promise<string> {
  const server = createServer((request, response) => response.writeHead(answer(request.url ?? '')).end()).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An origin that is not there when the proxy starts: the proxy is, and says which of the two is missing. */
import { createServer } from 'node:net'
import t from 'tap'
import { makeClock } from '../fixtures/clock.ts'
import { openHouse } from '../fixtures/house.ts'
import { startOrigin } from '../fixtures/scripted-origin.ts'
import { until } from '../fixtures/until.ts'

t.test('it starts, says so, is not ready, and becomes ready when the origin does', async (t) => {
  const clock = makeClock(Math.floor(Date.now() / 1000) * 1000)
  const origin = await startOrigin()
  await origin.close()
  const house = await openHouse(t, { rules: 'unmatched: rfc\nrules: []', origin: origin.url, clock })
  const ready = async (): Promise<{ status: number; reasons: string[] }> => {
    const response = await fetch(`${house.admin}/health/ready`)
    return { status: response.status, reasons: ((await response.json()) as { reasons: string[] }).reasons }
  }
  t.match(await ready(), { status: 503, reasons: ['The origin cannot be reached'] })
  t.equal((await fetch(`${house.admin}/health/live`)).status, 200, 'which is no reason to be restarted')
  t.match(await house.ask('/a'), { status: 502, cacheStatus: /detail=origin-unreachable$/ })
  const states = (): unknown[] => house.lines.filter(({ what }) => what === 'origin').map(({ state }) => state)
  t.same(states(), ['unreachable'])

  const late = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere'))
  })
  t.teardown(() => void late.close())
  await new Promise<void>((listening) => late.listen(origin.port, '127.0.0.1', listening))
  await until('the probe', () => {
    clock.advance(1_000)
    return states().includes('reachable')
  })
  t.match(await ready(), { status: 200, reasons: [] })
  t.match(await house.ask('/a'), { status: 200, text: 'here' })
})

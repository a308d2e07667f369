/** The process behind `load.ts`: one autocannon, one report. Its own histogram, since autocannon's latencies are whole milliseconds. */
import { createHistogram } from 'node:perf_hooks'
import autocannon from 'autocannon'
import type { LoadOptions, LoadReport } from './load.ts'

process.once('message', (options: LoadOptions) => {
  const { url, seconds, connections, isDistinct } = options
  const latencies = createHistogram()
  let requests = 0
  let failures = 0
  let serial = 0
  // So that no run asks for what another one has left in the store.
  const run = process.pid
  const { pathname, search } = new URL(url)
  const separator = search === '' ? '?' : '&'
  const requestsOf = (path: string): autocannon.Request[] => [
    { setupRequest: (request) => ({ ...request, path: `${path}${separator}distinct=${run}-${serial++}` }) },
  ]
  const plan = { url, connections, duration: seconds, ...(isDistinct && { requests: requestsOf(pathname + search) }) }
  const cannon = autocannon(plan, (error, result) => {
    const [p50, p99] = [latencies.percentile(50) / 1000, latencies.percentile(99) / 1000]
    const broken = error ? 1 : result.errors + result.timeouts
    const report: LoadReport = { requests, seconds: result.duration, p50, p99, failures: failures + broken }
    process.send?.(report, () => process.exit())
  })
  cannon.on('response', (_client, status, _bytes, milliseconds) => {
    requests++
    if (status < 200 || status > 299) failures++
    latencies.record(Math.max(1, Math.round(milliseconds * 1000)))
  })
})
process.send?.('ready')

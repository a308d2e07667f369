/**
 * `npm run bench`: every scenario and every peer in one go, then the mix, then the table, the chart and what was promised. Scenarios are
 * measured in rounds, one after the other each time, and the median counts: a neighbour's busy minute then hits all of them alike.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { demoSecret, signDemoToken } from '../src/example/token.ts'
import { drawChart } from './chart.ts'
import { type Counters, difference, readCounters } from './counters.ts'
import { type LoadResult, load } from './load.ts'
import { userCount } from './mix.ts'
import { openField, prove, type Scenario } from './scenarios.ts'
import { formatTable, type Row } from './table.ts'
import { judgeResults } from './verdict.ts'
import { playMix, type ZipfResult } from './zipf.ts'

interface Measured extends LoadResult {
  readonly counted: Counters | undefined
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    'mix-seconds': { type: 'string', default: '60' },
    latency: { type: 'string', default: '150' },
    seed: { type: 'string', default: '1' },
  },
})
const seconds = Number(values.seconds)
const rounds = Number(values.rounds)
const connections = Number(values.connections)

const folder = mkdtempSync(join(tmpdir(), 'springhouse-bench-'))
const field = await openField({ folder, secret: demoSecret, latency: Number(values.latency), progress })
try {
  for (const name of field.missing) progress(`${name} is not on the PATH: left out`)
  const rows = await measureAll(field.scenarios)
  const mix = await measureMix()
  rows.push(mixRow(mix))
  publish(rows, mix)
} finally {
  await field.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function measureAll(scenarios: readonly Scenario[]): Promise<Row[]> {
  const results = new Map<Scenario, Measured[]>(scenarios.map((scenario) => [scenario, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const scenario of scenarios) {
      progress(round === 0 ? `warm-up: ${scenario.name}` : `round ${round} of ${rounds}: ${scenario.name}`)
      const measured = await measure(scenario, seconds)
      // The first round is for the compiler's sake and does not count.
      if (round > 0) results.get(scenario)?.push(measured)
    }
  }
  return [...results].map(([scenario, measured]) => scenarioRow(scenario, measured))
}

async function measure(scenario: Scenario, seconds: number): Promise<Measured> {
  const { url, pids, isDistinct, admin } = scenario
  await prove(scenario)
  const before = admin === undefined ? undefined : await readCounters(admin)
  const result = await load({ url, pids, isDistinct, connections, seconds })
  const counted = before === undefined || admin === undefined ? undefined : difference(before, await readCounters(admin))
  await prove(scenario)
  return { ...result, counted }
}

function measureMix(): Promise<ZipfResult> {
  const { url, admin, pid } = field.proxy
  const tokens = Array.from({ length: userCount }, (_, i) => signDemoToken({ sub: `visitor-${i + 1}` }))
  const mixSeconds = Number(values['mix-seconds'])
  progress(`mix: ${mixSeconds} s`)
  const tell = (text: string): void => progress(`mix: ${text}`)
  return playMix({ url, admin, seconds: mixSeconds, clients: 32, seed: Number(values.seed), tokens, pids: [pid], progress: tell })
}

function scenarioRow({ name, pids }: Scenario, measured: readonly Measured[]): Row {
  const of = (figure: (result: Measured) => number): number => median(measured.map(figure))
  const isCounted = measured.every(({ counted }) => counted !== undefined)
  return {
    name,
    requestsPerSecond: of(({ requests, seconds }) => requests / seconds),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
    cpuPerRequest: pids.length === 0 ? undefined : of(({ cpuPerRequest }) => cpuPerRequest ?? 0),
    originSaved: isCounted ? of(({ counted, requests }) => 1 - (counted?.originRequests ?? 0) / requests) : undefined,
    hitRate: isCounted ? of(({ counted }) => (counted?.hits ?? 0) / ((counted?.hits ?? 0) + (counted?.misses ?? 0))) : undefined,
  }
}

function mixRow(mix: ZipfResult): Row {
  const { requests, reads, hits, originRequests, p50, p99, cpuPerRequest } = mix
  const rates = { originSaved: 1 - originRequests / requests, hitRate: hits / reads }
  return { name: 'Zipf mix, 5 % writes', requestsPerSecond: requests / mix.seconds, p50, p99, cpuPerRequest, ...rates }
}

function publish(rows: readonly Row[], mix: ZipfResult): void {
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'CPU'}`
  const note = `${connections} connections, origin ${values.latency} ms. ${machine}. ${new Date().toISOString().slice(0, 10)}`
  const byKind = Object.entries(mix.hitRates).map(([kind, rate]) => `${kind} ${(rate * 100).toFixed(0)} %`)
  const followers = `${((mix.followers / mix.reads) * 100).toFixed(1)} % shared another's fetch`
  const verdicts = judgeResults(rows, mix)
  process.stdout.write(`\n${formatTable(rows)}\n\n${note}\nmix: hits of ${byKind.join(', ')}; ${followers}\n\n`)
  for (const { text } of verdicts) process.stdout.write(`${text}\n`)
  const results = join(import.meta.dirname, 'results')
  mkdirSync(results, { recursive: true })
  writeFileSync(join(results, 'latest.svg'), drawChart(rows, note))
  process.stdout.write('\nbench/results/latest.svg is drawn\n')
  if (verdicts.some(({ isKept }) => !isKept)) process.exitCode = 1
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`)
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0
}

/**
 * `npm run conformance`: the public suite for HTTP caches against a proxy that has no rules, on the memory store and, where redis-server is
 * on the PATH, on Redis. Exits 1 when the cases that do not pass are others than `expected.yaml` lists, or when one of them does not pass
 * with the setting that is named there.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { start } from '../../src/app.ts'
import { createLog } from '../../src/observe/log.ts'
import { parseRules } from '../../src/rules/parse.ts'
import { loadSettings } from '../../src/settings/load.ts'
import { startRedis } from '../fixtures/redis.ts'
import { compare, type Difference, type Named, parseDifferences } from './expected.ts'
import { loadCases, type Results, runClient, type SuiteOrigin, startSuiteOrigin } from './suite.ts'
import { formatScores } from './table.ts'

/**
 * The suite's origin hangs up on purpose, time and again: that must not open the circuit under the other cases. Nor must a Redis that is slow
 * for a moment, with half of the suite at its door, be passed by: what is looked at here is what is stored.
 */
const patient = { breaker: { consecutive_failures: 10000, minimum_exchanges: 1000000 } }

const { values: flags } = parseArgs({ options: { store: { type: 'string' }, case: { type: 'string', multiple: true } } })
const differences = parseDifferences(readFileSync(new URL('expected.yaml', import.meta.url), 'utf8'))
const all = await loadCases()
const cases = flags.case === undefined ? all : all.filter(({ id }) => flags.case?.includes(id))

const origin = await startSuiteOrigin()
const wrongs: string[] = []
try {
  if (flags.store !== 'redis') await runOn('memory', undefined)
  if (flags.store === 'memory') say('')
  else if (spawnSync('redis-server', ['--version']).error !== undefined) say('redis-server is not on the PATH: left out\n')
  else {
    const redis = await startRedis()
    await runOn('redis', redis.url).finally(() => redis.stop())
  }
} finally {
  await origin.close()
}
for (const wrong of wrongs) say(wrong)
say(
  wrongs.length === 0 ? 'As expected' : `${wrongs.length} unexpected: mend it, or say in test/conformance/expected.yaml why not`,
)
process.exitCode = wrongs.length === 0 ? 0 : 1

async function runOn(store: 'memory' | 'redis', redis: string | undefined): Promise<void> {
  const results = await runWith({ origin, redis, named: {} }, flags.case ?? [])
  say([`On ${store}:`, '', ...formatScores(cases, results), ''].join('\n'))
  const concerned = flags.case === undefined ? differences : differences.map(onlyAsked).filter(({ cases }) => cases.length > 0)
  wrongs.push(...compare(cases, results, concerned).map((wrong) => `${store}: ${wrong}`))
  for (const { cases: ids, passes_with: named } of concerned) {
    if (named === undefined) continue
    const retried = await runWith({ origin, redis, named }, ids)
    const still = ids.filter((id) => retried[id] !== true)
    wrongs.push(...still.map((id) => `${store}: ${id}: does not pass with ${JSON.stringify(named)} either: ${retried[id]}`))
  }
}

function onlyAsked(difference: Difference): Difference {
  return { ...difference, cases: difference.cases.filter((id) => flags.case?.includes(id)) }
}

interface Setting {
  readonly origin: SuiteOrigin
  readonly redis: string | undefined
  readonly named: Named
}

async function runWith({ origin, redis, named }: Setting, ids: readonly string[]): Promise<Results> {
  const env = {
    PORT: '0',
    ADMIN_PORT: '0',
    HOST: '127.0.0.1',
    ORIGIN_URL: origin.url,
    ...(redis === undefined ? {} : { REDIS_URL: redis }),
  }
  // JSON is YAML.
  const config = JSON.stringify({ origin: { ...patient, ...named.origin }, redis: { command_timeout: '10s' } })
  const loaded = loadSettings({ env, flags: {}, readFile: () => config, cwd: '/', environmentName: 'test' })
  if (loaded.kind === 'problems') throw new Error(loaded.problems.map(({ problem }) => problem).join('\n'))
  const text = `version: 1\nprefix: conformance\nunmatched: rfc\nrfc: ${JSON.stringify(named.rfc ?? {})}\nrules: []\n`
  const parsed = parseRules(text, 'rules.yaml')
  if (parsed.kind !== 'rules') throw new Error(`Refused: ${text}`)
  const log = createLog({ level: 'error', sampleHits: 0 })
  const app = await start({ settings: loaded.settings, rules: parsed.rules, env, log })
  try {
    return await runClient(app.address, ids)
  } finally {
    await app.close()
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
